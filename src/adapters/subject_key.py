"""K_A, the agencies' own key for subject tokens: made by the first, passed sealed from adapter to confirmed
adapter.

Promises: the hub never has it; it goes only to agencies a person here has confirmed, and is taken only from
such. Until it has come, subjects get random t1 and nothing waits for it. Where the hub says that another
epoch is open, because the key of the one before was lost, that one's key is made or taken; keys of epochs
before stay, for what was written under them.
"""

import sqlite3

from adapters.desk.act import make, put_act, queue
from adapters.desk.writing import QUEUED
from adapters.epoch import TABLE, key_of, move_to, open_epoch
from adapters.errors import AdapterError, Untrusted
from adapters.journal.journal import execute
from adapters.logs import log
from adapters.work import ADAPTER, Work
from broker.protocol import act as acts
from broker.protocol.frame import SubjectKey, SubjectKeyAnswer, Verb
from broker.protocol.problem import Problem
from keys import commitment, jws, sealing, subject
from keys.errors import BadProof, Rejected
from keys.sealing import Binding

_CLAIM = "subject-key-claim"
_WORD = "subject-key"


class SubjectKeys:
    """Looks at how K_A stands, and does what is next."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._passed: set[tuple[int, str, str]] = set()

    async def settle(self) -> None:
        """Claim, take or pass on what there is. Raises HubProblem or Unreachable: look again later."""
        folder = self._work.folder
        epoch = open_epoch(folder)
        answer = await self._ask(epoch)
        if answer.open > epoch:
            # Only ever forward: what was written under an epoch that is closed is not written under it again.
            epoch = answer.open
            await move_to(folder, epoch)
            log.info("subject-key-epoch-opened", count=epoch)
            answer = await self._ask(epoch)
        row = folder.journal.row("get_subject_key", epoch=epoch)
        if row is not None and not row["held"] and answer.holder == folder.me:
            await folder.journal.run("hold_subject_key", epoch=epoch, source=folder.me)
            log.info("subject-key-held")
        key = key_of(folder, epoch)
        if key is not None:
            await self._pass_on(epoch, key, answer)
        elif answer.holder is None:
            await self._claim(epoch, offered=row is not None)
        elif answer.act is not None and answer.sealed is not None:
            await _take(self._work, epoch, answer.act, answer.sealed)

    async def _ask(self, epoch: int) -> SubjectKeyAnswer:
        return await self._work.hub.ask(Verb.SUBJECT_KEY, SubjectKey(epoch=epoch), SubjectKeyAnswer)

    async def _claim(self, epoch: int, *, offered: bool) -> None:
        """Offer to be the maker: the key is journalled before it is claimed, so that a kill cannot lose the
        only copy.
        """
        folder = self._work.folder
        if folder.journal.row("open_act", act=_CLAIM) is not None:
            return  # it is queued already, and the hub's hint brings us back here
        claim = put_act(folder, make(folder, acts.SubjectKeyClaim, ADAPTER, epoch=epoch))
        sealed = folder.journal.seal(folder.clock.draw(subject.SIZE), TABLE, str(epoch))

        def offer(db: sqlite3.Connection) -> None:
            if not offered:
                execute(db, "put_subject_key", epoch=epoch, sealed_key=sealed, source=folder.me, held=0)
            execute(db, "put_act", **claim)

        await folder.journal.write(offer, touches=(QUEUED,))

    async def _pass_on(self, epoch: int, key: bytes, answer: SubjectKeyAnswer) -> None:
        folder = self._work.folder
        for agency in answer.waiting:
            pinned = folder.directory.find(agency)
            if pinned is None or pinned.confirmed_at is None:
                continue
            try:
                to = pinned.sealing_key(self._work.now())
            except AdapterError as error:
                log.warning("subject-key-not-passed", agency=agency, code=error.code)
                continue
            # By key: an agency that has enrolled again has nothing to open the earlier frame with.
            if (epoch, agency, to.kid) in self._passed:
                continue
            jti = folder.clock.new_id()
            sealed = sealing.seal(key, to, _binding(folder.hub.hub, jti, folder.me, agency))
            act = make(
                folder,
                acts.SubjectKeyPass,
                ADAPTER,
                jti=jti,
                epoch=epoch,
                recipient=agency,
                sealed_digest=commitment.digest(sealed),
            )
            await queue(folder, act, passed=sealed.decode("ascii"))
            self._passed.add((epoch, agency, to.kid))
            log.info("subject-key-passed", agency=agency)


async def _take(work: Work, epoch: int, token: str, sealed: str) -> None:
    """Take K_A from a confirmed agency; anything amiss is logged, and we go on without it."""
    try:
        source, key = _open(work, epoch, token, sealed)
    except (Rejected, Problem, AdapterError) as error:
        log.warning("subject-key-refused", code=error.code)
        return
    folder = work.folder
    stored = folder.journal.seal(key, TABLE, str(epoch))
    await folder.journal.run("put_subject_key", epoch=epoch, sealed_key=stored, source=source, held=1)
    log.info("subject-key-taken", agency=source)


def _open(work: Work, epoch: int, token: str, sealed: str) -> tuple[str, bytes]:
    folder = work.folder
    parsed, act = acts.parse_agency_act(token)
    if not isinstance(act, acts.SubjectKeyPass) or (act.recipient, act.epoch, act.hub) != (
        folder.me,
        epoch,
        folder.hub.hub,
    ):
        raise BadProof("another-pass", "The hub shows a key frame that is not for this agency.")
    passer = folder.directory.get(act.iss)
    if passer.confirmed_at is None:
        raise Untrusted(
            "unconfirmed-agency", f"{act.iss} passed the subject key; confirm its fingerprint first."
        )
    signing_key, _ = passer.signing_key(parsed.kid)
    jws.verify(parsed, signing_key, typ=acts.typ_of(acts.SubjectKeyPass))
    data = sealed.encode()
    if commitment.digest(data) != act.sealed_digest:
        raise BadProof("another-pass", "The key frame is not the one that was signed.")
    opened = folder.keyring.open(data, _binding(folder.hub.hub, act.jti, act.iss, folder.me))
    if len(opened) != subject.SIZE:
        raise BadProof("another-pass", "The key frame holds no subject key.")
    return act.iss, opened


def _binding(hub: str, jti: str, sender: str, recipient: str) -> Binding:
    return Binding(hub_id=hub, exchange=_WORD, jti=jti, kind=_WORD, sender=sender, recipient=recipient)
