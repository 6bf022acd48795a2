"""Following our envelopes at the hub: what changed there since, and what is to be done about it here."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Final

from adapters import again
from adapters.desk.writing import split
from adapters.journal.journal import execute, fetch, fetch_all
from adapters.logs import log
from adapters.send import end
from adapters.view import Progress
from adapters.work import Work
from broker.protocol.declaration import Kind
from broker.protocol.frame import AskedStatus, EnvelopeStatus, Status, Statuses, Verb
from broker.protocol.life import State
from policies.vocabulary import Outcome

_AT_ONCE: Final = 256
"""Envelopes in one `status`: the protocol's limit."""
_OPEN: Final = (Progress.READY, Progress.HELD, Progress.PROVED, Progress.DEPOSITED)


async def look(work: Work, jtis: Collection[str]) -> None:
    """Ask how these envelopes of ours stand, and act on it. Raises HubProblem or Unreachable: look again
    later.
    """
    wanted = list(jtis)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        answer = await work.hub.ask(Verb.STATUS, Status(envelopes=some), Statuses)
        for status in answer.envelopes:
            row = work.folder.journal.row("get_standing", jti=status.envelope)
            if row is not None and Progress(row["progress"]) in _OPEN:
                await _apply(work, row, status)
        for asked in answer.asked:
            await _rated(work, asked)


async def _rated(work: Work, asked: AskedStatus) -> None:
    changed = await work.folder.journal.run(
        "rate_tasks",
        exchange=asked.exchange,
        rating=asked.rating.value,
        due_at=asked.due_at,
        touches=(asked.exchange,),
    )
    if changed:
        log.info("rated-anew", exchange=asked.exchange, rating=asked.rating.value)


async def _apply(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> None:
    jti, state = row["jti"], status.state
    match state:
        case State.DECLARED | State.HELD:
            await _note(work, row, status)
        case State.PERMITTED | State.PROVED:
            if row["progress"] == Progress.HELD:
                log.info("decided-anew", envelope=jti, outcome=status.outcome.value)
                await work.folder.journal.run("set_ready", jti=jti, touches=(jti,))
            work.send(jti)
        case State.DEPOSITED | State.HANDED_OVER:
            if row["progress"] == Progress.DEPOSITED:
                await _note(work, row, status)
            else:
                work.send(jti)
        case State.OPENED:
            await _opened(work, row, status)
        case State.CANNOT_OPEN | State.RECALLED | State.LAPSED:
            if not (_again(work, row, status) and await _write_again(work, jti, state)):
                await end(work, row, status)
        case State.REFUSED | State.EXPIRED | State.SET_ASIDE:
            await end(work, row, status)


def _again(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> bool:
    """Whether an ending is only about keys or time, so that the same words may go out again."""
    match status.state:
        case State.CANNOT_OPEN:
            return True
        case State.LAPSED:
            return status.outcome is Outcome.ALLOW
        case State.RECALLED:
            recipient = work.folder.directory.find(row["recipient"])
            return recipient is None or not recipient.holds(row["sealed_to"])
        case _:
            return False


async def _write_again(work: Work, jti: str, state: State) -> bool:
    row = work.folder.journal.row("get_sent", jti=jti)
    return row is not None and await again.write_again(work, row, state)


async def _opened(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> None:
    await _note(work, row, status)
    if row["kind"] != Kind.ASK or status.undelivered or ask_settled(row, _told(work, row, status)):
        await end(work, row, status)


async def _note(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> None:
    """Journal what the hub says now, closures too; nothing is written where nothing is new."""
    text = status.dump().decode()
    if row["outcome"] == text and row["state"] == status.state.value:
        return

    def note(db: sqlite3.Connection) -> None:
        for closure in status.closures:
            execute(
                db, "put_closure", exchange=row["exchange"], category=closure.category.value, at=closure.at
            )
        execute(
            db, "set_outcome", jti=row["jti"], outcome=text, state=status.state.value, due_at=status.due_at
        )

    await work.folder.journal.write(note, touches=(row["jti"],))


def _told(work: Work, row: sqlite3.Row, status: EnvelopeStatus) -> Sequence[str]:
    opened = [
        each["categories"] for each in work.folder.journal.rows("opened_categories", exchange=row["exchange"])
    ]
    return [*opened, *(closure.category.value for closure in status.closures)]


def ask_settled(row: sqlite3.Row, told: Collection[str]) -> bool:
    """Whether every category of an ask of ours has its item or its closure."""
    return {category.value for category in split(row["categories"])} <= set(told)


def end_if_settled(db: sqlite3.Connection, exchange: str) -> bool:
    """Inside a piece of work that has journalled an item: end the ask if that was the last one missing."""
    row = fetch(db, "get_standing", jti=exchange)
    if row is None or row["kind"] != Kind.ASK or row["progress"] != Progress.DEPOSITED:
        return False
    opened = [each["categories"] for each in fetch_all(db, "opened_categories", exchange=exchange)]
    closed = [each["category"] for each in fetch_all(db, "closures", exchange=exchange)]
    if not ask_settled(row, [*opened, *closed]):
        return False
    # An item can only answer an ask that was opened; the hub need not be asked.
    execute(db, "set_ended", jti=exchange, state=State.OPENED.value, outcome=None)
    return True
