"""Hand over: decide again, and only what is still allowed is leased to the recipient's live connection.

As a story, for one connection:

1. Find what waits, red first, then oldest, and whom and which consents it rests on. Nothing is locked yet.
2. Share-lock the guards; share-lock the connection row: a connection that has been replaced, or whose key has
   been revoked, gets nothing.
3. Lock the envelopes that still wait, skipping those another transaction has.
4. Decide each again from the facts as they are now. Allowed: a handover record and a lease. Anything else: a
   recalled record, and the body is deleted; if it had been handed over before, the record says that it may
   have been received.
5. After the commit, and only then, the envelopes leave with their permits' proofs. Where the commit's answer
   was lost, after a barrier, and only those that it leased.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broker.exchange.asks import answered_by
from broker.exchange.caller import Caller
from broker.exchange.facts import check_connection_key
from broker.exchange.question import consent_references, decided, question_of, recall_reason
from broker.exchange.standing import fallen
from broker.exchange.wake import by_sender
from broker.log.append import Entry, append
from broker.protocol import record
from broker.protocol.declaration import Declaration, Kind, Notice, parse_declaration
from broker.protocol.frame import Handover
from broker.protocol.life import Event, State, step
from broker.protocol.problem import Problem
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import CommitUnknown, Connection, barrier, committed
from policies.vocabulary import Outcome, RecallReason

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("envelope")
_CONNECTION = queries("connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One waiting envelope and what the decision made again says of it (None: it could not even be put)."""

    row: "asyncpg.Record"
    decision: record.Decided | None
    reason: RecallReason | None

    @property
    def id(self) -> tuple[str, str]:
        return self.row["sender"], self.row["jti"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leased:
    """What one transaction leased, with the sealed bodies, and the ids (sender, jti) of what it recalled."""

    leased: list[_Judged]
    recalled: list[tuple[str, str]]
    bodies: dict[tuple[str, str], str]


async def hand_over(hub: "Hub", caller: Caller, *, limit: int, at: int, seen: int | None) -> list[Handover]:
    """Lease up to `limit` envelopes to the caller's connection; what may no longer pass is recalled. Fewer
    than `limit` are all there were.

    Args:
        caller: with the generation of its live connection.
        seen: size of the newest checkpoint the recipient has verified.

    Raises:
        Problem: `conflict` when a newer connection has taken over; `forbidden` when the key it was opened
            with is revoked.
    """
    handovers: list[Handover] = []
    while len(handovers) < limit:
        some, more = await _lease_some(hub, caller, limit - len(handovers), at, seen)
        handovers += some
        if not more:
            break
    return handovers


async def _lease_some(
    hub: "Hub", caller: Caller, limit: int, at: int, seen: int | None
) -> tuple[list[Handover], bool]:
    """One transaction; whether what it recalled took the place of others that may wait."""
    candidates = await hub.pool.fetch(_SQL["candidates"], caller.agency, at, limit, hub.settings.handovers)
    if not candidates:
        return [], False
    found = _Leased(leased=[], recalled=[], bodies={})

    async def work(connection: Connection) -> None:
        nonlocal found
        judged = await _judge(hub, connection, caller, candidates, at)
        found = await _write(hub, connection, caller, judged, at)

    try:
        await committed(hub.pool, work, before_commit=lambda: hub.observe(Step.HANDOVER_WRITTEN))
    except CommitUnknown:
        # Nobody else leases to this connection: what is leased as we meant to was, by that commit. What is
        # not still waits.
        await barrier(hub.pool)
        found = await _still_leased(hub, found, at)
    hub.observe(Step.HANDOVER_COMMITTED)
    hub.head.recorded()
    hub.wake.tell_here("changed", by_sender(found.recalled))
    proofs = await hub.prover.prove([each.row["record_index"] for each in found.leased], seen=seen)
    declarations = {(row["sender"], row["jti"]): row["declaration"] for row in candidates}
    handovers = [
        Handover(
            envelope=each.row["jti"],
            kind=Kind(each.row["kind"]),
            sender=each.row["sender"],
            generation=each.row["handovers"] + 1,
            declaration=declarations[each.id],
            body=found.bodies[each.id],
            proof=proofs[each.row["record_index"]],
            lease_until=_lease_until(hub, each.row, at),
        )
        for each in sorted(found.leased, key=lambda one: (not one.row["urgent"], one.row["seq"]))
        if each.row["record_index"] in proofs and each.id in found.bodies
    ]
    return handovers, bool(found.recalled) and len(candidates) == limit


def _lease_until(hub: "Hub", row: "asyncpg.Record", at: int) -> int:
    # As the statement has it: each lease that ran out doubles the next.
    fruitless = row["fruitless"] + (row["lease_until"] is not None)
    return at + int(hub.settings.lease) * (1 << int(fruitless))


async def _still_leased(hub: "Hub", meant: _Leased, at: int) -> _Leased:
    rows = await hub.pool.fetch(_SQL["leased"], *_ids(meant.leased), at)
    found = {(row["sender"], row["jti"], row["handovers"]) for row in rows}
    leased = [each for each in meant.leased if (*each.id, each.row["handovers"] + 1) in found]
    return _Leased(leased=leased, recalled=[], bodies=meant.bodies)


async def _judge(
    hub: "Hub", connection: Connection, caller: Caller, candidates: Sequence["asyncpg.Record"], at: int
) -> list[_Judged]:
    declarations = {
        (row["sender"], row["jti"]): parse_declaration(row["declaration"])[1] for row in candidates
    }
    asks = await hub.asks.read(connection, list(declarations.values()))
    references = {key: consent_references(d, answered_by(asks, d)) for key, d in declarations.items()}
    facts = await hub.facts.read(
        connection,
        agencies={caller.agency, *(sender for sender, _ in declarations)},
        consents={reference for each in references.values() for reference in each},
    )
    check_connection_key(facts, agency=caller.agency, kid=caller.kid)
    if await connection.fetchval(_CONNECTION["share"], caller.agency) != caller.generation:
        raise Problem("conflict", "A newer connection of your agency has taken over.", reason="replaced")
    rows = await connection.fetch(
        _SQL["lease"], [s for s, _ in declarations], [j for _, j in declarations], at, hub.settings.handovers
    )
    idle = await _idle(connection, declarations)
    judged = []
    for row in rows:
        key = (row["sender"], row["jti"])
        declaration = declarations[key]
        gone = fallen(facts, row) or (RecallReason.ASK_WITHDRAWN if row["withdrawn"] else None)
        if gone is None and key in idle:
            gone = RecallReason.NO_LONGER_LAWFUL
        decision = None
        if gone is not RecallReason.AGENCY_STOPPED:
            question = question_of(
                declaration,
                answered=answered_by(asks, declaration),
                asked_as=row["asked_as"],
                facts=facts,
                lifted=row["lifted"],
                at=at,
            )
            decision = decided(question, facts, hub.catalogue, references[key])
            if gone is None and decision.outcome is not Outcome.ALLOW:
                gone = recall_reason(decision)
        judged.append(_Judged(row=row, decision=decision, reason=gone))
    return judged


async def _idle(
    connection: Connection, declarations: Mapping[tuple[str, str], Declaration]
) -> set[tuple[str, str]]:
    """Corrections of what the recipient never had and will not have: they would tell in its place."""
    of = {
        key: (d.iss, d.corrects)
        for key, d in declarations.items()
        if isinstance(d, Notice) and d.corrects is not None
    }
    if not of:
        return set()
    rows = await connection.fetch(
        _SQL["never_given"], [s for s, _ in of.values()], [j for _, j in of.values()]
    )
    never = {(row["sender"], row["jti"]) for row in rows}
    return {key for key, corrected in of.items() if corrected in never}


async def _write(
    hub: "Hub", connection: Connection, caller: Caller, judged: Sequence[_Judged], at: int
) -> _Leased:
    leased = [each for each in judged if each.reason is None]
    recalled = [each for each in judged if each.reason is not None]
    bodies: dict[tuple[str, str], str] = {}
    for each in leased:
        step(State(each.row["state"]), Event.HAND_OVER)
    if leased:
        asks = [each.row["jti"] for each in leased if each.row["kind"] == Kind.ASK.value]
        rows = await connection.fetch(_SQL["hand_over"], *_ids(leased), at, hub.settings.lease, asks)
        bodies = {(row["sender"], row["jti"]): bytes(row["sealed"]).decode() for row in rows}
    if recalled:
        await connection.execute(
            _SQL["move"],
            *_ids(recalled),
            [step(State(each.row["state"]), Event.RECALL).value for each in recalled],
        )
        await connection.execute(_SQL["delete_bodies"], *_ids(recalled))
        await connection.execute(
            _SQL["free_answers"],
            [each.row["exchange"] for each in recalled],
            *_ids(recalled),
        )
        told = by_sender(each.id for each in recalled)
        await hub.wake.tell(connection, "changed", told, here=True)
    if judged:
        await append(connection, hub.recorder, [_entry(each, caller.agency, at) for each in judged])
    return _Leased(leased=leased, recalled=[each.id for each in recalled], bodies=bodies)


def _entry(each: _Judged, recipient: str, at: int) -> Entry:
    sender, envelope = each.id
    if each.reason is not None:
        return Entry(
            record=record.Recalled(
                at=at,
                sender=sender,
                envelope=envelope,
                recipient=recipient,
                reason=each.reason,
                may_have_been_received=each.row["handovers"] > 0,
                decided=each.decision,
            )
        )
    if each.decision is None:
        raise AssertionError("an envelope is leased only on a decision")
    return Entry(
        record=record.Handover(
            at=at,
            sender=sender,
            envelope=envelope,
            recipient=recipient,
            generation=each.row["handovers"] + 1,
            decided=each.decision,
        )
    )


def _ids(judged: Sequence[_Judged]) -> tuple[list[str], list[str]]:
    return [each.row["sender"] for each in judged], [each.row["jti"] for each in judged]
