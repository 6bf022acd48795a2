"""The log as this adapter has seen it: every checkpoint it relied on is shown to extend the one before.

Promises: of one size there is one root. Two, or a checkpoint that cannot be shown to extend what was seen, is
a split view: both are journalled for the officer and from then on nothing is sent. At first sight there is
nothing to compare.
"""

from collections import OrderedDict
from typing import Any, Final, Protocol, TypeVar

from adapters.errors import Untrusted
from adapters.journal.journal import Journal
from adapters.problem import HubProblem
from broker.protocol.frame import Consistency, ConsistencyAnswer, Proof, Verb
from broker.protocol.wire import Wire
from keys import base64url, merkle, strict_json
from keys.errors import BadProof, Rejected
from keys.note import Checkpoint

M = TypeVar("M", bound=Wire)
KEPT: Final = 4_096
"""Checkpoints remembered: proofs older than these are asked for anew."""
_OPENED: Final = 64
"""Checkpoints kept open: the hub signs one for many records, and they arrive close together."""


class Asker(Protocol):
    """Whoever asks the hub: the connection."""

    async def ask(self, verb: Verb, body: Wire, answer: type[M]) -> M:
        """Ask and give the answer. Raises HubProblem or Unreachable."""
        ...


class Seen:
    """Verified sizes and their roots."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._roots: OrderedDict[int, bytes] = OrderedDict()
        self._opened: OrderedDict[str, Checkpoint] = OrderedDict()
        self.size: int | None = None
        self.alarmed = bool(journal.rows("alarms"))
        """Whether proof against the hub lies in the journal: then nothing is sent."""
        for row in reversed(journal.rows("checkpoints", limit=KEPT)):
            self._keep(row["size"], bytes(row["root"]))

    async def verify(
        self, proof: Proof, checkpoint: Checkpoint, hub: Asker, *, at: int
    ) -> dict[str, Any] | None:
        """Show that a checkpoint (already opened and signed) and those seen before are of one history.

        Returns:
            The row to journal with what rests on it (query `put_checkpoint`), or None when it was seen
            before.

        Raises:
            Untrusted: `split-view`.
            HubProblem, Unreachable: the hub did not say how the two agree.
        """
        self._opened[proof.checkpoint] = checkpoint
        while len(self._opened) > _OPENED:
            self._opened.popitem(last=False)
        known = self._roots.get(checkpoint.size)
        if known is not None:
            if known != checkpoint.root:
                await self._alarm(proof, at)
            return None
        if self.size is not None and not self._shown(proof, checkpoint):
            await self._ask(proof, checkpoint, hub, at)
        self._keep(checkpoint.size, checkpoint.root)
        return {"size": checkpoint.size, "root": checkpoint.root, "note": proof.checkpoint}

    def opened(self, proof: Proof) -> Checkpoint | None:
        """The checkpoint in these very bytes, where its signature was verified here before."""
        return self._opened.get(proof.checkpoint)

    def _shown(self, proof: Proof, checkpoint: Checkpoint) -> bool:
        """Whether the consistency proof that came along does it."""
        old = proof.consistency_from
        if old is None or old not in self._roots or old > checkpoint.size:
            return False
        try:
            self._verify(old, self._roots[old], checkpoint.size, checkpoint.root, proof.consistency)
        except Rejected:
            return False
        return True

    async def _ask(self, proof: Proof, checkpoint: Checkpoint, hub: Asker, at: int) -> None:
        assert self.size is not None
        seen, root = self.size, self._roots[self.size]
        old, new = min(seen, checkpoint.size), max(seen, checkpoint.size)
        try:
            answer = await hub.ask(Verb.CONSISTENCY, Consistency(old=old, new=new), ConsistencyAnswer)
        except HubProblem as problem:
            if not problem.retry:
                await self._alarm(proof, at)
            raise
        old_root, new_root = (root, checkpoint.root) if seen < checkpoint.size else (checkpoint.root, root)
        try:
            self._verify(old, old_root, new, new_root, answer.path)
        except Rejected:
            await self._alarm(proof, at)

    def _verify(self, old: int, old_root: bytes, new: int, new_root: bytes, path: list[str]) -> None:
        if old == 0:
            raise BadProof("consistency-malformed", "An empty log proves nothing.")
        merkle.verify_consistency(
            old_size=old,
            old_root=old_root,
            new_size=new,
            new_root=new_root,
            proof=[base64url.decode(step) for step in path],
        )

    async def _alarm(self, proof: Proof, at: int) -> None:
        self.alarmed = True
        before = self._journal.rows("checkpoints", limit=1)
        detail = strict_json.dump({"seen": before[0]["note"] if before else None, "shown": proof.checkpoint})
        await self._journal.run("put_alarm", code="split-view", detail=detail.decode(), at=at)
        raise Untrusted(
            "split-view",
            "The hub has shown two histories of its log. Nothing is sent any more: take this journal to your "
            "officer.",
        )

    def _keep(self, size: int, root: bytes) -> None:
        self._roots[size] = root
        self.size = size if self.size is None else max(self.size, size)
        if self.size == size:
            self._roots.move_to_end(size)
        while len(self._roots) > KEPT:
            self._roots.popitem(last=False)
