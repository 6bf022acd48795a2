"""What may be said within an exchange besides its items: messages, outcomes, corrections.

What is not the caller's and what does not exist are refused by one path, in the same bytes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from broker.exchange.asks import Answered, Key, answered_by
from broker.exchange.checks import Found
from broker.exchange.prepare import Prepared
from broker.protocol.declaration import Message, Notice, NoticeKind
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from policies.vocabulary import Purpose

if TYPE_CHECKING:
    import asyncpg

_SQL = queries("envelope")


async def refuse_within(
    connection: Connection,
    asks: Mapping[Key, Answered],
    batch: Sequence[Prepared],
    *,
    messages: int,
) -> Found:
    """Refuse messages, and notices that regard an exchange, that do not belong to it.

    What opened the exchange was handed over between the same two agencies; before, it is not there.

    Args:
        messages: how many one party may send in one exchange.
    """
    found: Found = {}
    written = [p for p in batch if isinstance(p.declaration, Message)]
    rows = await _message_room(connection, written) if written else {}
    beside: Counter[tuple[str, str]] = Counter()
    corrections = [(p, p.declaration) for p in batch if _corrects(p)]
    given = await _given(connection, [p for p, _ in corrections]) if corrections else {}
    for p in batch:
        claims, answered = p.declaration, answered_by(asks, p.declaration)
        try:
            if isinstance(claims, Message):
                # What passes beside it in this batch is not in the store yet.
                line = claims.iss, claims.exchange
                _check_message(p, claims, answered, rows.get(p.id), messages - beside[line])
                beside[line] += 1
            elif isinstance(claims, Notice) and claims.regards is not None:
                _check_regarding(p, claims, answered, given.get(p.id))
        except Problem as problem:
            found[p.id] = problem
    return found


def _corrects(p: Prepared) -> bool:
    return isinstance(p.declaration, Notice) and p.declaration.corrects is not None


async def _message_room(
    connection: Connection, batch: Sequence[Prepared]
) -> "dict[tuple[str, str], asyncpg.Record]":
    rows = await connection.fetch(
        _SQL["message_room"], [p.id[0] for p in batch], [p.declaration.exchange for p in batch]
    )
    found = {(row["sender"], row["exchange"]): row for row in rows}
    return {p.id: found[p.id[0], p.declaration.exchange] for p in batch}


async def _given(connection: Connection, batch: Sequence[Prepared]) -> dict[tuple[str, str], str]:
    corrects = [p.declaration.corrects for p in batch if isinstance(p.declaration, Notice)]
    rows = await connection.fetch(
        _SQL["given"],
        [p.id[0] for p in batch],
        corrects,
        [p.declaration.recipient for p in batch],
        [p.declaration.exchange for p in batch],
    )
    categories = {(row["sender"], row["jti"]): row["categories"] for row in rows}
    found = {}
    for p, named in zip(batch, corrects, strict=True):
        if named is not None and (p.id[0], named) in categories:
            found[p.id] = ",".join(categories[p.id[0], named])
    return found


def _check_message(
    p: Prepared, claims: Message, answered: Answered | None, room: "asyncpg.Record | None", limit: int
) -> None:
    if answered is None or room is None:
        raise Problem.not_found()
    # Of a told exchange that bears the id of somebody's ask, that ask is not.
    if answered.ask is not None and room["withdrawn"]:
        raise Problem("gone", "The ask was withdrawn; nothing more is said in it.", reason="ask-withdrawn")
    opening = answered.opening
    if opening.needed_until < p.asked.at:
        raise Problem("gone", "The exchange was needed only until an earlier time; begin another.")
    told = answered.ask is None and opening.recipient == claims.iss
    purpose = Purpose.OUTCOME_FEEDBACK if told else opening.purpose
    if claims.purpose is not purpose:
        raise Problem(
            "unprocessable",
            "A message has its exchange's purpose; whoever was told answers for outcome_feedback.",
            reason="other-purpose",
        )
    _check_people(p, answered)
    if room["written"] >= limit:
        raise Problem(
            "too-many", "This exchange has had all the messages it may have from you: telephone instead."
        )


def _check_regarding(p: Prepared, claims: Notice, answered: Answered | None, given: str | None) -> None:
    if answered is None:
        raise Problem.not_found()
    if claims.notice is NoticeKind.CORRECTION:
        if given is None:
            raise Problem.not_found()
        if given != claims.category.value:
            raise Problem("unprocessable", "A correction has the category of what it corrects.")
    else:
        opening = answered.opening
        if claims.iss != (opening.iss if answered.ask is not None else opening.recipient):
            raise Problem(
                "unprocessable", "An outcome is told by who asked, or by who was told, to the other."
            )
    _check_people(p, answered)


def _check_people(p: Prepared, answered: Answered) -> None:
    if not set(p.tokens) <= set(answered.tokens):
        raise Problem(
            "unprocessable", "This is about somebody its exchange does not name.", reason="other-subject"
        )
