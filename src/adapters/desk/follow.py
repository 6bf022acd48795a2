"""What became of what we sent: one envelope, all of them, an act, and waiting for a milestone."""

import asyncio
import sqlite3
from enum import StrEnum
from typing import Final, assert_never

from adapters.desk.writing import ENQUIRY, split
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.problem import Failure
from adapters.view import ActSent, ClosureSeen, Progress, Sent
from broker.protocol.declaration import Kind
from broker.protocol.frame import Acted, EnvelopeStatus
from broker.protocol.life import State
from policies.vocabulary import Category

_LOOK: Final = 0.1
"""Seconds between two looks at a row another process may have changed."""


class Milestone(StrEnum):
    """How far to wait for an envelope."""

    DECIDED = "decided"
    """The hub has allowed, held or refused it, or it failed here."""
    DEPOSITED = "deposited"
    """The hub has the body, or it never will."""
    SETTLED = "settled"
    """The recipient's receipt is in the log, or it has come to another ending."""
    ENDED = "ended"
    """As settled; for an ask also every category has its item or its closure."""


def sent(folder: Folder, jti: str) -> Sent:
    """One envelope of ours. Raises WrongOrder, `unknown-envelope`."""
    return sent_from_row(folder, _row(folder, jti))


def _row(folder: Folder, jti: str) -> sqlite3.Row:
    row = folder.journal.row("get_sent", jti=jti)
    if row is None:
        raise WrongOrder(
            "unknown-envelope",
            "No such envelope was sent from here: gatehouse-adapter status lists those that were.",
        )
    return row


def all_sent(folder: Folder, *, limit: int = 1_000) -> tuple[Sent, ...]:
    """Our envelopes, newest first."""
    return tuple(sent_from_row(folder, row) for row in folder.journal.rows("all_sent", limit=limit))


def act_sent(folder: Folder, jti: str) -> ActSent:
    """One act of ours. Raises WrongOrder, `unknown-envelope`."""
    row = folder.journal.row("get_act", jti=jti)
    if row is None:
        raise WrongOrder("unknown-envelope", "No such act was signed here.")
    answer = None if row["answer"] is None else Acted.model_validate_json(row["answer"])
    failure = None if row["problem"] is None else Failure.model_validate_json(row["problem"])
    return ActSent(
        jti=jti,
        act=row["act"],
        done=bool(row["done"]),
        index=None if answer is None else answer.index,
        problem_code=None if failure is None else failure.code,
        problem=None if failure is None else failure.message,
    )


async def wait_for(folder: Folder, jti: str, milestone: Milestone, *, within: float) -> Sent:
    """Return the envelope once it has reached the milestone, or as it is after `within` seconds.

    An envelope that was sealed again is followed to the one that replaced it.
    """
    try:
        async with asyncio.timeout(within):
            while True:
                row = _row(folder, jti)
                if row["replaced_by"] is not None:
                    jti = row["replaced_by"]
                elif _at(row, milestone):
                    return sent_from_row(folder, row)
                else:
                    await folder.journal.changed(jti, at_most=_LOOK)
    except TimeoutError:
        return sent(folder, jti)


async def wait_for_act(folder: Folder, jti: str, *, within: float) -> ActSent:
    """Return the act once the hub has answered it, or as it is after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while not (seen := act_sent(folder, jti)).done:
                await folder.journal.changed(jti, at_most=_LOOK)
            return seen
    except TimeoutError:
        return act_sent(folder, jti)


def reached(seen: Sent, milestone: Milestone) -> bool:
    """Whether an envelope is at a milestone or past it."""
    return _reached(seen.progress, seen.state, seen.outcome is not None, milestone)


def _at(row: sqlite3.Row, milestone: Milestone) -> bool:
    # Read from the columns alone: this is asked again at every change of the row.
    state = None if row["state"] is None else State(row["state"])
    return _reached(Progress(row["progress"]), state, row["outcome"] is not None, milestone)


def _reached(progress: Progress, state: State | None, decided: bool, milestone: Milestone) -> bool:
    over = progress in (Progress.ENDED, Progress.FAILED)
    match milestone:
        case Milestone.DECIDED:
            return over or decided
        case Milestone.DEPOSITED:
            return over or progress is Progress.DEPOSITED
        case Milestone.SETTLED:
            return over or state is State.OPENED
        case Milestone.ENDED:
            return over
        case _:
            assert_never(milestone)


def sent_from_row(folder: Folder, row: sqlite3.Row) -> Sent:
    """Read a row of `sent`, with the closures and opened items of an ask."""
    jti, kind = row["jti"], Kind(row["kind"])
    status = None if row["outcome"] is None else EnvelopeStatus.model_validate_json(row["outcome"])
    failure = None if row["problem"] is None else Failure.model_validate_json(row["problem"])
    closures: tuple[ClosureSeen, ...] = ()
    answered: tuple[Category, ...] = ()
    if kind is Kind.ASK:
        closures = tuple(
            ClosureSeen(category=Category(each["category"]), at=each["at"])
            for each in folder.journal.rows("closures", exchange=jti)
        )
        answered = tuple(
            split(each["categories"])[0] for each in folder.journal.rows("opened_categories", exchange=jti)
        )
    sealed = row["sealed_enquiry"]
    return Sent(
        jti=jti,
        exchange=row["exchange"],
        kind=kind,
        recipient=row["recipient"],
        categories=split(row["categories"]),
        created_at=row["created_at"],
        progress=Progress(row["progress"]),
        state=None if row["state"] is None else State(row["state"]),
        outcome=None if status is None else status.outcome,
        findings=() if status is None else tuple(status.findings),
        needs=() if status is None else tuple(status.needs),
        index=None if status is None else status.index,
        due_at=row["due_at"],
        undelivered=status is not None and status.undelivered,
        opened_at=None if status is None else status.opened_at,
        closures=closures,
        answered=answered,
        problem_code=None if failure is None else failure.code,
        problem=None if failure is None else failure.message,
        replaces=row["replaces"],
        replaced_by=row["replaced_by"],
        enquiry=None if sealed is None else folder.journal.open(sealed, ENQUIRY, jti).decode(),
    )
