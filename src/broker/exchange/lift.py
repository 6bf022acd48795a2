"""Lift: the person a hold named does without the missing fact, this once; the hub decides again at once."""

from typing import TYPE_CHECKING

from broker.exchange.acting import Effect, Hint, Verified
from broker.exchange.outcome import kept_from_row
from broker.exchange.redecide import facts_of, redecide
from broker.log.append import Entry
from broker.protocol import act as acts
from broker.protocol.declaration import parse_declaration
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from policies.finding import Need

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("act")


async def lift(hub: "Hub", connection: Connection, verified: Verified, taken: acts.Lift) -> Effect:
    """Lift a hold in the role, and at the agency, that the hold named.

    Raises:
        Problem: `not-found` for an envelope whose hold does not name the caller; `forbidden` in another role;
            `wrong-state` when it is no longer held.
    """
    peek = await connection.fetchrow(_SQL["read_one"], taken.sender, taken.envelope)
    if peek is None or not _concerned(peek, taken):
        raise Problem.not_found()
    _, declaration = parse_declaration(peek["declaration"])
    facts, answered = await facts_of(hub, connection, declaration)
    row = await connection.fetchrow(_SQL["lock_one"], taken.sender, taken.envelope)
    if row is None or not _concerned(row, taken):
        raise Problem.not_found()
    needs = _needs(row, taken)
    if State(row["state"]) is not State.HELD:
        raise Problem("wrong-state", "The envelope is not held any more; nothing to lift.")
    if not needs:
        raise Problem.not_found()
    if all(need.who is not taken.sub.role for need in needs):
        raise Problem(
            "forbidden",
            f"This hold is lifted by: {needs[0].who.value.replace('_', ' ')}.",
            reason="other-role",
        )
    state, entry = await redecide(
        hub,
        connection,
        row,
        facts,
        answered,
        lifted={*row["lifted"], taken.fact},
        lift=verified.acting.request.act,
        at=verified.acting.at,
    )
    hints = [Hint(kind="changed", to={row["sender"]: [row["jti"]]})]
    return Effect(
        entries=[Entry(record=entry.record, decides=entry.decides, acted=verified.id)],
        state=state,
        hints=hints,
    )


def _needs(row: "asyncpg.Record", taken: acts.Lift) -> list[Need]:
    return [
        need
        for need in kept_from_row(row).needs
        if need.fact.value == taken.fact and need.agency == taken.iss
    ]


def _concerned(row: "asyncpg.Record", taken: acts.Lift) -> bool:
    # Its sender; and its recipient where the hold names it, or once it has been handed over. To a recipient
    # that has heard of nothing yet it is not there.
    if row["sender"] == taken.iss:
        return True
    named = bool(_needs(row, taken)) or taken.fact in row["lifted"] or row["handovers"] > 0
    return bool(row["recipient"] == taken.iss) and named
