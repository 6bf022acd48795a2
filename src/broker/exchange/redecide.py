"""Deciding a held envelope again: when a fact it waits for has changed, or the person it names has signed a
lift. Where its sender, its recipient or its key no longer stands it is recalled instead.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from broker.exchange.asks import Answered, answered_by
from broker.exchange.facts import Facts
from broker.exchange.outcome import deciding_record, next_state, outcome_document
from broker.exchange.question import consent_references, decided, question_of
from broker.exchange.standing import fallen
from broker.log.append import Entry
from broker.protocol.declaration import Ask, Declaration, parse_declaration
from broker.protocol.life import Event, State, step
from broker.protocol.record import Recalled
from broker.store.query import queries
from broker.store.transaction import Connection
from policies.vocabulary import RecallReason

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("envelope")


async def facts_of(
    hub: "Hub", connection: Connection, declaration: Declaration
) -> tuple[Facts, Answered | None]:
    """Share-lock the guards of a declaration and read its facts, and the ask it answers."""
    answered = answered_by(await hub.asks.read(connection, [declaration]), declaration)
    facts = await hub.facts.read(
        connection,
        agencies={declaration.iss, declaration.recipient},
        consents=consent_references(declaration, answered),
    )
    return facts, answered


async def redecide(
    hub: "Hub",
    connection: Connection,
    row: "asyncpg.Record",
    facts: Facts,
    answered: Answered | None,
    *,
    lifted: Collection[str],
    lift: str | None,
    at: int,
) -> tuple[State, Entry]:
    """Decide a locked, held envelope again and write its row; the caller appends the record.

    Args:
        row: the envelope, locked FOR UPDATE after its guards.
        lifted: every fact lifted so far; `lift` the signed act that added the last.
    """
    _, declaration = parse_declaration(row["declaration"])
    reason = fallen(facts, row)
    if reason is not None:
        return await _recall(connection, row, reason, lift=lift, at=at)
    question = question_of(
        declaration, answered=answered, asked_as=row["asked_as"], facts=facts, lifted=lifted, at=at
    )
    decision = decided(question, facts, hub.catalogue, consent_references(declaration, answered))
    state = next_state(State(row["state"]), decision)
    deposit_by = min(at + hub.settings.deposit_within, declaration.needed_until)
    await connection.execute(
        _SQL["redecide"],
        row["sender"],
        row["jti"],
        state.value,
        outcome_document(decision),
        deposit_by,
        sorted(lifted),
    )
    if state is State.REFUSED:
        await connection.execute(_SQL["free_answers"], [row["exchange"]], [row["sender"]], [row["jti"]])
    if isinstance(declaration, Ask):
        await connection.execute(_SQL["confirmable"], row["jti"], [c.value for c in decision.confirmable])
    recorded = deciding_record(declaration, row["declaration_digest"], decision, at=at, lift=lift)
    return state, Entry(record=recorded, decides=(row["sender"], row["jti"]))


async def _recall(
    connection: Connection, row: "asyncpg.Record", reason: RecallReason, *, lift: str | None, at: int
) -> tuple[State, Entry]:
    state = step(State(row["state"]), Event.RECALL)
    await connection.execute(_SQL["move"], [row["sender"]], [row["jti"]], [state.value])
    await connection.execute(_SQL["free_answers"], [row["exchange"]], [row["sender"]], [row["jti"]])
    recalled = Recalled(
        at=at,
        sender=row["sender"],
        envelope=row["jti"],
        recipient=row["recipient"],
        reason=reason,
        may_have_been_received=False,
        act=lift,
    )
    return state, Entry(record=recalled)
