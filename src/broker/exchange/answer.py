"""Answers without a body: nil, decline, "no answer yet"; and the later tracing of a subject."""

from typing import TYPE_CHECKING

from broker.exchange.acting import Effect, Verified, check_openings
from broker.log.append import Entry
from broker.protocol import act as acts
from broker.protocol import record
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection

if TYPE_CHECKING:
    import asyncpg

_SQL = queries("act")
_ENVELOPE = queries("envelope")


async def answer(
    connection: Connection, verified: Verified, taken: acts.Nil | acts.Decline | acts.Waiting
) -> Effect:
    """Take the source's answer to one category; the asker hears nothing of it before the due time, and then
    no more than of silence.

    Raises:
        Problem: `not-found` for an exchange that is not the source's, `already-answered`, `gone` after a
        withdrawal.
    """
    row = await _exchange(connection, verified, taken.exchange)
    if (
        row["source"] != taken.iss
        or row["delivered_at"] is None
        or taken.category.value not in row["categories"]
    ):
        raise Problem.not_found()
    if row["withdrawn"]:
        raise Problem(
            "gone", "The asker has withdrawn this ask; nothing more is wanted.", reason="ask-withdrawn"
        )
    took = await connection.fetch(
        _ENVELOPE["take_answers"], [taken.exchange], [taken.category.value], [taken.act], [taken.jti]
    )
    if not took:
        raise Problem("already-answered", "This category has its final answer.")
    return Effect(entries=[acted(verified)])


async def link(connection: Connection, verified: Verified, taken: acts.SubjectLink) -> Effect:
    """Record that two of the exchange's subjects are one person.

    Raises:
        Problem: `not-found` for an exchange the caller is not party to; `unprocessable` if a commitment does
        not open.
    """
    row = await _exchange(connection, verified, taken.exchange)
    # The source has heard of nothing before the ask was handed over to it.
    if row["asker"] != taken.iss and row["delivered_at"] is None:
        raise Problem.not_found()
    check_openings([taken.earlier, taken.later], verified.acting.request.openings)
    return Effect(entries=[acted(verified)])


def acted(verified: Verified) -> Entry:
    """The record of an agency's act, its signature inside."""
    return Entry(
        record=record.AgencyActed(
            at=verified.acting.at, agency=verified.act.iss, act=verified.acting.request.act
        ),
        acted=verified.id,
    )


async def _exchange(connection: Connection, verified: Verified, exchange: str) -> "asyncpg.Record":
    row = await connection.fetchrow(_SQL["lock_exchange"], exchange, verified.act.iss)
    if row is None:
        raise Problem.not_found()
    return row
