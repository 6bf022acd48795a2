"""The log as this adapter has seen it: every checkpoint it relied on is shown to extend the one before.

Promises: nothing rests on a checkpoint that was not shown to be of one history with the newest seen. Where
two that the hub signed cannot both be true, and what it showed proves that, both are journalled for the
officer and from then on nothing is sent or taken in until a person has ended the alarm. A hub that only does
not show it now is asked again: a refusal, or a proof that leads nowhere, proves nothing. At first sight there
is nothing to compare.
"""

from collections import OrderedDict
from typing import Any, Final, Protocol, TypeVar

from adapters.contradiction import NOT_SHOWN, SPLIT_VIEW, Contradiction
from adapters.errors import Unreachable, Untrusted
from adapters.journal.journal import Journal
from adapters.problem import HubProblem
from broker.protocol.frame import Consistency, ConsistencyAnswer, Proof, Verb
from broker.protocol.wire import Wire
from keys import base64url, merkle
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
        self._notes: dict[int, str] = {}
        self._opened: OrderedDict[str, Checkpoint] = OrderedDict()
        self._raising = False
        self.size: int | None = None
        self.alarmed = False
        """Whether proof against the hub lies in the journal: then nothing is sent or taken in."""
        self._load()

    def _load(self) -> None:
        self._roots.clear()
        self._notes.clear()
        self.size = None
        for row in reversed(self._journal.rows("checkpoints", limit=KEPT)):
            self._keep(row["size"], bytes(row["root"]), row["note"])
        codes = [row["code"] for row in self._journal.rows("open_alarms")]
        self.alarmed = SPLIT_VIEW in codes
        self._unshown = NOT_SHOWN in codes

    def look(self) -> bool:
        """See what a person has decided, in another process; whether sending goes on from now."""
        if not self.alarmed or self._raising or self._journal.rows("alarms"):
            return False
        self._load()
        return True

    async def verify(
        self, proof: Proof, checkpoint: Checkpoint, hub: Asker, *, at: int
    ) -> dict[str, Any] | None:
        """Show that a checkpoint (already opened and signed) and those seen before are of one history.

        Returns:
            The row to journal with what rests on it (query `put_checkpoint`), or None when it was seen
            before.

        Raises:
            Untrusted: `split-view`.
            Unreachable: `history-not-shown`: not now; ask again later.
            HubProblem: the hub was too busy.
        """
        if self.alarmed:
            raise _stopped()
        self._opened[proof.checkpoint] = checkpoint
        while len(self._opened) > _OPENED:
            self._opened.popitem(last=False)
        compared = None
        while True:
            known = self._roots.get(checkpoint.size)
            if known is not None:
                if known != checkpoint.root:
                    evidence = Contradiction(seen=self._note(checkpoint.size), shown=proof.checkpoint)
                    await self._alarm(evidence, at)
                return None
            if self.size == compared or self._shown(proof, checkpoint):
                break
            # While the hub is asked another checkpoint may be taken: then this is compared with that too.
            compared = self.size
            await self._ask(proof, checkpoint, hub, at)
            if self.alarmed:
                raise _stopped()
        self._keep(checkpoint.size, checkpoint.root, proof.checkpoint)
        if self._unshown:
            self._unshown = False
            await self._journal.run("end_not_shown", at=at)
        return {"size": checkpoint.size, "root": checkpoint.root, "note": proof.checkpoint}

    def opened(self, proof: Proof) -> Checkpoint | None:
        """The checkpoint in these very bytes, where its signature was verified here before."""
        return self._opened.get(proof.checkpoint)

    def _shown(self, proof: Proof, checkpoint: Checkpoint) -> bool:
        """Whether the consistency proof that came along does it.

        It must start from the newest seen: one from an earlier would let the hub show two histories in turn,
        each an extension of what they have in common.
        """
        old = proof.consistency_from
        if old is None or old != self.size or old > checkpoint.size:
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
        evidence = Contradiction(seen=self._note(seen), shown=proof.checkpoint)
        try:
            answer = await hub.ask(Verb.CONSISTENCY, Consistency(old=old, new=new), ConsistencyAnswer)
        except HubProblem as problem:
            if problem.retry:
                raise
            # It may not have heard yet of a checkpoint that another of its processes signed.
            await self._not_shown(evidence, at)
            return
        old_root, new_root = (root, checkpoint.root) if seen < checkpoint.size else (checkpoint.root, root)
        try:
            self._verify(old, old_root, new, new_root, answer.path)
        except Rejected:
            evidence = await self._witness(evidence, hub, old, new, answer.path)
            if _proved(old, old_root, new, new_root, evidence.path):
                await self._alarm(evidence, at)
            await self._not_shown(evidence, at)

    async def _witness(
        self, evidence: Contradiction, hub: Asker, old: int, new: int, path: list[str]
    ) -> Contradiction:
        """The evidence with the consistency proof that would prove the contradiction if there is one."""
        start = merkle.witness_size(old)
        if start is not None and start != old:
            try:
                asked = Consistency(old=start, new=new)
                path = (await hub.ask(Verb.CONSISTENCY, asked, ConsistencyAnswer)).path
            except HubProblem as problem:
                if problem.retry:
                    raise
                start = old
        return evidence.model_copy(update={"old": start or old, "new": new, "path": list(path)})

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

    async def _alarm(self, evidence: Contradiction, at: int) -> None:
        self.alarmed = self._raising = True
        try:
            await self._journal.run("put_alarm", code=SPLIT_VIEW, detail=evidence.dump().decode(), at=at)
        finally:
            self._raising = False
        raise _stopped()

    async def _not_shown(self, evidence: Contradiction, at: int) -> None:
        if not self._unshown:
            self._unshown = True
            await self._journal.run("put_alarm", code=NOT_SHOWN, detail=evidence.dump().decode(), at=at)
        raise Unreachable(
            NOT_SHOWN,
            "The hub has not shown that its log goes on from what was seen here; nothing rests on it, and it "
            "is asked again later.",
        )

    def _note(self, size: int) -> str | None:
        return self._notes.get(size) or None

    def _keep(self, size: int, root: bytes, note: str) -> None:
        self._roots[size], self._notes[size] = root, note
        self.size = size if self.size is None else max(self.size, size)
        if self.size == size:
            self._roots.move_to_end(size)
        while len(self._roots) > KEPT:
            dropped, _ = self._roots.popitem(last=False)
            del self._notes[dropped]


def _proved(old: int, old_root: bytes, new: int, new_root: bytes, path: list[str]) -> bool:
    """Whether the hub's own answer proves that the two checkpoints cannot both be true."""
    try:
        return merkle.contradicts(
            old_size=old,
            old_root=old_root,
            new_size=new,
            new_root=new_root,
            proof=[base64url.decode(step) for step in path],
        )
    except Rejected:
        return False


def _stopped() -> Untrusted:
    return Untrusted(
        SPLIT_VIEW,
        "The hub has shown two histories of its log. Nothing is sent or taken in any more: give your officer "
        "what gatehouse-adapter alarm shows.",
    )
