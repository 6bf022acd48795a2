"""Receiving one envelope, from the hub to the journal. Each number is a step of "Open" in docs/protocol.md.

1. Read the declaration strictly; it is the one the handover names, for us, for this hub.
2. A repeat of the same bytes: nothing happens again, the receipt signed then is sent again. Other bytes:
   refused.
3. Find the sender's signing key in its pinned, chained key sets.
4. Verify signature, permit, inclusion and checkpoint (evidence steps 1 to 5), and that the body is the one
   declared.
5. Show that the checkpoint is of the one history seen here.
6. Open the body with the sealing key its `kid` names. Up to here a failure means no receipt: the hub has
   shown nothing that binds the sender, and hands over again or sets aside.
7. Verify that the body belongs to the declaration, that each traced subject is the one committed to, and that
   it is something we asked for. From here a failure is said in a signed receipt. A number kept from the hub
   by a sender that could have traced it is noted.
8. Seal the plaintext to our own key; sign the receipt; journal both, with tasks and checkpoint, in one
   commit. From here the envelope has had its one effect, and the receipt is the same for ever.
9. Tell the hub that we have it; send the receipt until it is acknowledged.
"""

import asyncio
import sqlite3
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from adapters.belonging import NotOurs, verify_belonging
from adapters.desk.exchange import BODY, body_id
from adapters.desk.writing import join
from adapters.epoch import key_of
from adapters.errors import AdapterError, Untrusted
from adapters.fetch import refresh
from adapters.follow import end_if_settled
from adapters.identify import verify_people
from adapters.journal.journal import execute
from adapters.logs import log
from adapters.noted import note_notice
from adapters.pinned import Pinned
from adapters.step import Step
from adapters.untraced import doubt_of
from adapters.work import ADAPTER, Work
from broker.protocol import evidence
from broker.protocol.act import Receipt, ReceiptOutcome, typ_of
from broker.protocol.binding import verify_binding
from broker.protocol.body import parse_body
from broker.protocol.declaration import TYP, Ask, Declaration, Item, Notice, categories_of, parse_declaration
from broker.protocol.evidence import VerifiedPermit
from broker.protocol.frame import Handover, HandoverTaken
from broker.protocol.problem import Problem
from keys import commitment, jws
from keys.errors import CannotOpen, Rejected
from keys.sealing import Binding

_RECEIPT_LASTS: Final = 60 * 86_400
"""Seconds in which the hub may take a receipt: an adapter may be away for weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What became of a body: `why` is a code that stays here; of one opened, what our officer should see."""

    outcome: ReceiptOutcome
    why: str | None = None
    plaintext: bytes | None = None


class Receiver:
    """Takes handovers; one at a time of the same envelope, any number of different ones."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._busy: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def take(self, handover: Handover) -> HandoverTaken:
        """Do steps 1 to 9.

        Raises:
            Problem, AdapterError, keys.errors.Rejected: it is not taken; nothing of it is kept.
        """
        key = (handover.sender, handover.envelope)
        while key in self._busy:
            await asyncio.wait([self._busy[key]])
        done = self._busy[key] = asyncio.get_running_loop().create_future()
        try:
            await _receive(self._work, handover)
        except (Problem, AdapterError, Rejected) as error:
            log.warning("not-taken", envelope=handover.envelope, sender=handover.sender, code=error.code)
            raise
        finally:
            del self._busy[key]
            done.set_result(None)
        self._work.observe(Step.TAKEN)
        self._work.receipt(*key)
        return HandoverTaken(envelope=handover.envelope)


async def _receive(work: Work, handover: Handover) -> None:
    work.observe(Step.HANDED)
    parsed, claims = parse_declaration(handover.declaration)
    _verify_addressed(work, handover, claims)
    if _repeated(work, handover):
        return
    sender = await _sender(work, claims.iss, parsed.kid)
    verified = _verify(work, handover, parsed, claims, sender)
    checkpoint = await work.seen.verify(handover.proof, verified.checkpoint, work.hub, at=work.now())
    work.observe(Step.VERIFIED)
    result = _open(work, handover, claims)
    work.observe(Step.OPENED)
    await _journal(work, handover, verified, result, checkpoint)
    work.observe(Step.JOURNALLED)
    log.info(
        "received",
        envelope=claims.jti,
        sender=claims.iss,
        kind=claims.kind.value,
        outcome=result.outcome.value,
        reason=result.why,
    )
    if isinstance(claims, Ask) and result.outcome is ReceiptOutcome.OPENED:
        work.asked(claims.exchange)


def _verify_addressed(work: Work, handover: Handover, claims: Declaration) -> None:
    if (claims.iss, claims.jti, claims.kind) != (handover.sender, handover.envelope, handover.kind):
        raise Problem("unprocessable", "The handover names another envelope than its declaration.")
    if claims.recipient != work.folder.me or claims.hub != work.folder.hub.hub:
        raise Problem("unprocessable", "The declaration is not for this agency at this hub.")
    if commitment.digest(handover.body.encode()) != claims.body.digest:
        raise Problem("unprocessable", "The body is not the one that was declared.")


def _repeated(work: Work, handover: Handover) -> bool:
    row = work.folder.journal.row("get_received", sender=handover.sender, jti=handover.envelope)
    if row is None:
        return False
    if row["declaration"] != handover.declaration:
        raise Problem("replayed-differently", "This envelope was received before under another declaration.")
    return True


async def _sender(work: Work, agency: str, kid: str) -> Pinned:
    pinned = work.folder.directory.find(agency)
    if pinned is None or all(keys.signing.kid != kid for _, keys in pinned.sets):
        await refresh(work, agency)
        pinned = work.folder.directory.find(agency)
    if pinned is None:
        raise Untrusted("unknown-signer", f"{agency} is not in the hub's directory.")
    return pinned


def _verify(
    work: Work, handover: Handover, parsed: jws.Jws, claims: Declaration, sender: Pinned
) -> VerifiedPermit:
    signing_key, _ = sender.signing_key(parsed.kid)
    jws.verify(parsed, signing_key, typ=TYP[claims.kind])
    return evidence.verify_permit_of(
        hub=work.folder.hub,
        claims=claims,
        declaration=handover.declaration,
        proof=handover.proof,
        opened=work.seen.opened(handover.proof),
    )


def _open(work: Work, handover: Handover, claims: Declaration) -> _Result:
    folder = work.folder
    binding = Binding(
        hub_id=folder.hub.hub,
        exchange=claims.exchange,
        jti=claims.jti,
        kind=claims.kind.value,
        sender=claims.iss,
        recipient=folder.me,
    )
    sealed = handover.body.encode()
    try:
        plaintext = folder.keyring.open(sealed, binding)
    except CannotOpen as error:
        return _Result(outcome=ReceiptOutcome.CANNOT_OPEN, why=error.code)
    try:
        body = parse_body(claims.kind, plaintext)
        verify_binding(claims, body, plaintext)
        verify_belonging(folder, claims)
    except (Rejected, Problem, NotOurs) as error:
        return _Result(outcome=ReceiptOutcome.SET_ASIDE, why=error.code)
    try:
        verify_people(body.subjects, claims.subjects, key_of=partial(key_of, folder), hub_id=folder.hub.hub)
    except Rejected as error:
        return _Result(outcome=ReceiptOutcome.SUBJECT_MISMATCH, why=error.code)
    return _Result(outcome=ReceiptOutcome.OPENED, plaintext=plaintext, why=doubt_of(folder, claims, body))


async def _journal(
    work: Work,
    handover: Handover,
    verified: VerifiedPermit,
    result: _Result,
    checkpoint: dict[str, Any] | None,
) -> None:
    folder, claims, at = work.folder, verified.declaration, work.now()
    receipt = Receipt(
        jti=folder.clock.new_id(),
        iat=at,
        exp=at + _RECEIPT_LASTS,
        hub=folder.hub.hub,
        iss=folder.me,
        sub=ADAPTER,
        sender=claims.iss,
        envelope=claims.jti,
        digest=claims.body.digest,
        outcome=result.outcome,
    )
    values = {
        "sender": claims.iss,
        "jti": claims.jti,
        "exchange": claims.exchange,
        "kind": claims.kind.value,
        "categories": join(categories_of(claims)),
        "generation": handover.generation,
        "digest": claims.body.digest,
        "declaration": handover.declaration,
        "proof": handover.proof.dump().decode(),
        "sealed_body": None
        if result.plaintext is None
        else folder.journal.seal(result.plaintext, BODY, body_id(claims.iss, claims.jti)),
        "outcome": result.outcome.value,
        "why": result.why,
        "receipt": jws.sign(receipt.dump(), folder.keyring.signing, typ_of(Receipt)),
        "received_at": at,
    }
    opened = result.outcome is ReceiptOutcome.OPENED

    def received(db: sqlite3.Connection) -> None:
        if checkpoint is not None:
            execute(db, "put_checkpoint", **checkpoint)
        execute(db, "put_received", **values)
        if opened and isinstance(claims, Ask):
            _put_tasks(db, claims, verified, at)
        if opened and isinstance(claims, Item):
            end_if_settled(db, claims.exchange)
        if opened and isinstance(claims, Notice):
            note_notice(db, claims, folder.settings, at=at)

    await folder.journal.write(received, touches=(claims.exchange, claims.jti))


def _put_tasks(db: sqlite3.Connection, ask: Ask, verified: VerifiedPermit, at: int) -> None:
    confirmable = set(verified.permit.decided.confirmable)
    for category in ask.categories:
        execute(
            db,
            "put_task",
            exchange=ask.exchange,
            category=category.value,
            asker=ask.iss,
            rating=ask.rating.value,
            due_at=at + ask.due_within,
            confirmable=category in confirmable,
        )
