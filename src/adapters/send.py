"""Sending one envelope, from the journal to the hub. The same lines run at first and after any kill.

1. It is journalled: declaration, openings, sealed body, archive copy. From here on nothing is sealed again
   for it.
2. Declare. A repeat of the same bytes gets the same outcome, so a lost answer is asked for again.
3. Refused: ended, an item's task waits for a person again. Held: kept, and followed until something changes.
4. Permitted: verify the permit's proof (evidence steps 1 to 5) and that its checkpoint is of the history
   seen; journal proof and checkpoint. At this point the permit is provable from our own disk.
5. Deposit: the body leaves. A repeat has the same effect.
6. Journal that the hub has it; the body goes from here, the archive copy stays.
"""

import asyncio
import sqlite3
from typing import Final

from adapters import again
from adapters.desk.act import make, queue
from adapters.desk.writing import OPENINGS, openings_from, split
from adapters.errors import Unreachable, Untrusted
from adapters.journal.journal import execute
from adapters.logs import log
from adapters.problem import Failure, HubProblem
from adapters.step import Step
from adapters.view import Progress
from adapters.work import Work
from broker.protocol import act as acts
from broker.protocol import evidence
from broker.protocol.declaration import Kind, parse_declaration
from broker.protocol.frame import Declare, Declared, Deposit, Deposited, EnvelopeStatus, Proof, Prove, Verb
from broker.protocol.life import ENDINGS, State
from broker.protocol.problem import Problem
from keys.errors import Rejected
from policies.vocabulary import Outcome, RecallReason

_PROVES: Final = 10
_PAUSE: Final = 0.2
"""How often, and after how many seconds each, a proof is asked for that is not there yet."""


async def send(work: Work, jti: str) -> None:
    """Take one envelope as far as it goes now.

    Raises:
        HubProblem: the hub cannot take it now; the row stays as it is and is sent again later.
        Unreachable: as above.
    """
    row = work.folder.journal.row("get_sent", jti=jti)
    if row is None or work.seen.alarmed:
        return
    try:
        if row["progress"] == Progress.READY:
            await _declare(work, row)
        elif row["progress"] == Progress.PROVED:
            await _deposit(work, row)
    except (Rejected, Problem, Untrusted) as error:
        if isinstance(error, Untrusted) and error.code == "split-view":
            log.error("sending-stopped", envelope=jti, code=error.code)
            return
        # The hub's answer does not hold. Its permit lapses there; the person reads why here.
        message = error.detail if isinstance(error, Problem) else error.message
        log.error("envelope-failed", envelope=jti, code=error.code)
        await fail(work, row, Failure(code=error.code, message=message))


async def _declare(work: Work, row: sqlite3.Row) -> None:
    folder, jti = work.folder, row["jti"]
    openings = openings_from(folder, row["sealed_openings"], OPENINGS, jti)
    try:
        declared = await work.hub.ask(
            Verb.DECLARE, Declare(declaration=row["declaration"], openings=openings), Declared
        )
    except HubProblem as problem:
        if problem.retry:
            raise
        await _turned_down(work, row, problem)
        return
    work.observe(Step.DECLARED)
    _same(declared.envelope, jti)
    status = _status(declared)
    if declared.state is State.REFUSED:
        await end(work, row, status)
    elif declared.state is State.HELD:
        log.info("held", envelope=jti, recipient=row["recipient"])
        await folder.journal.run("set_held", jti=jti, outcome=_text(status), touches=(jti,))
    elif declared.outcome is not Outcome.ALLOW:
        await end(work, row, status)
    else:
        await _prove(work, row, declared, status)
        if declared.state in ENDINGS:
            work.follow(jti)
        else:
            await _deposit(work, row)


async def _prove(work: Work, row: sqlite3.Row, declared: Declared, status: EnvelopeStatus) -> None:
    folder, jti = work.folder, row["jti"]
    proof = declared.proof or await _ask_for_proof(work, jti)
    _, claims = parse_declaration(row["declaration"])
    verified = evidence.verify_permit_of(
        hub=folder.hub,
        claims=claims,
        declaration=row["declaration"],
        proof=proof,
        opened=work.seen.opened(proof),
    )
    checkpoint = await work.seen.verify(proof, verified.checkpoint, work.hub, at=work.now())

    def proved(db: sqlite3.Connection) -> None:
        if checkpoint is not None:
            execute(db, "put_checkpoint", **checkpoint)
        execute(db, "set_proved", jti=jti, outcome=_text(status), proof=proof.dump().decode())

    await folder.journal.write(proved, touches=(jti,))
    work.observe(Step.PROVED)


async def _ask_for_proof(work: Work, jti: str) -> Proof:
    for _ in range(_PROVES):
        answer = await work.hub.ask(Verb.PROVE, Prove(envelope=jti), Declared)
        _same(answer.envelope, jti)
        if answer.proof is not None:
            return answer.proof
        await asyncio.sleep(_PAUSE)
    raise Unreachable(
        "no-proof", "The hub's log has not taken the permit in yet; the proof is asked for again later."
    )


async def _deposit(work: Work, row: sqlite3.Row) -> None:
    folder, jti = work.folder, row["jti"]
    recipient = folder.directory.find(row["recipient"])
    if recipient is None or not recipient.holds(row["sealed_to"]):
        # Whoever stole that key, or passed it off as the recipient's, could read it: take the permit back,
        # and write it again to the key in force.
        _, claims = again.letter_of(folder, row)
        recall = make(folder, acts.Recall, claims.sub, envelope=jti, reason=RecallReason.KEY_REVOKED)
        await queue(folder, recall)
        return
    try:
        answer = await work.hub.ask(Verb.DEPOSIT, Deposit(envelope=jti, body=row["body"]), Deposited)
    except HubProblem as problem:
        if problem.retry:
            raise
        log.warning("deposit-refused", envelope=jti, code=problem.code, reason=problem.reason)
        work.follow(jti)
        return
    work.observe(Step.DEPOSITED)
    _same(answer.envelope, jti)
    await folder.journal.run("set_deposited", jti=jti, touches=(jti,))
    if answer.state is not State.DEPOSITED:
        work.follow(jti)


async def _turned_down(work: Work, row: sqlite3.Row, problem: HubProblem) -> None:
    """The hub has not taken the declaration at all."""
    if again.outlived(work.folder, row, problem) and await again.write_again(work, row, None):
        return
    log.warning("declaration-refused", envelope=row["jti"], code=problem.code, reason=problem.reason)
    await fail(work, row, problem.failure)


async def end(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> None:
    """Journal the end of an envelope's life; the task of an item that did not pass waits again."""
    log.info("ended", envelope=row["jti"], kind=row["kind"], state=status.state.value)

    def ended(db: sqlite3.Connection) -> None:
        execute(db, "set_ended", jti=row["jti"], state=status.state.value, outcome=_text(status))
        if status.state is not State.OPENED:
            reopen(db, row, status.state.value.replace("_", "-"))

    await work.folder.journal.write(ended, touches=(row["jti"], row["exchange"]))


async def fail(work: Work, row: sqlite3.Row, failure: Failure) -> None:
    """Journal that an envelope goes no further, and why."""

    def failed(db: sqlite3.Connection) -> None:
        execute(db, "set_failed", jti=row["jti"], problem=failure.dump().decode())
        reopen(db, row, failure.code)

    await work.folder.journal.write(failed, touches=(row["jti"], row["exchange"]))


def reopen(db: sqlite3.Connection, row: sqlite3.Row, why: str) -> None:
    """Let an item's task wait for a person again, inside a piece of work."""
    if row["kind"] == Kind.ITEM:
        (category,) = split(row["categories"])
        execute(db, "reopen_task", exchange=row["exchange"], category=category.value, why=why)


def _status(declared: Declared) -> EnvelopeStatus:
    return EnvelopeStatus(
        envelope=declared.envelope,
        state=declared.state,
        outcome=declared.outcome,
        findings=declared.findings,
        needs=declared.needs,
        index=declared.index,
        deposit_by=declared.deposit_by,
    )


def _text(status: EnvelopeStatus) -> str:
    return status.dump().decode()


def _same(answered: str, jti: str) -> None:
    if answered != jti:
        raise Untrusted("strange-answer", "The hub answered for another envelope.")
