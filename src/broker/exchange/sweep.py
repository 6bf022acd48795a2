"""The sweep: what time alone brings about. Lapses, expiries, due times, and held envelopes whose facts
changed.

Each step is one bounded transaction that skips what another process has locked, so any number of hub
processes sweep. At the due time every asked category in which nothing was handed over gets the same: one
`closed` record, preceded by a `silence` record where the source said nothing at all, so that each category
has two records however it came to nothing. A category whose item is leased then waits for what becomes of
it: opened is the answer, anything else closes it. So each has its answer or one `closed`, and only an item
that comes late, or whose receipt does, gives both.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from broker.exchange.recall import recall_withdrawn
from broker.exchange.redecide import facts_of, redecide
from broker.exchange.wake import by_sender
from broker.log.append import Entry, append
from broker.protocol import record
from broker.protocol.declaration import parse_declaration
from broker.protocol.life import Event, State, step
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import Connection, committed
from policies.vocabulary import Category

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("sweep")
_ENVELOPE = queries("envelope")
_ACT = queries("act")
_ENDED_HERE = frozenset({State.OPENED, State.REFUSED, State.LAPSED, State.RECALLED})
"""Ends of an ask that were the source's to know of, or the asker's own or the hub's doing: not undelivered.
"""


async def sweep(hub: "Hub", *, at: int) -> int:
    """Do all that is due; give how many envelopes and exchanges moved."""
    moved = await redecide_held(hub, at=at)
    for one in (_lapse, _expire, _close):
        while True:
            done = await committed(
                hub.pool,
                lambda connection, one=one: one(hub, connection, at),  # type: ignore[misc]  # bound per step
                before_commit=lambda: hub.observe(Step.SWEEP_WRITTEN),
            )
            hub.observe(Step.SWEEP_COMMITTED)
            moved += done
            if done < hub.settings.sweep_limit:
                break
    await hub.pool.execute(_SQL["forget_spent"], at)
    if moved:
        hub.head.pending.set()
    return moved


async def redecide_held(hub: "Hub", *, at: int) -> int:
    """Decide held envelopes again whose facts changed since they were held."""
    rows = await hub.pool.fetch(_SQL["held_and_changed"], hub.settings.sweep_limit)
    moved = 0
    for row in rows:
        moved += await committed(
            hub.pool,
            lambda connection, row=row: _redecide(hub, connection, row, at),  # type: ignore[misc]  # bound per row
        )
        hub.wake.tell_here("changed", {row["sender"]: [row["jti"]]})
        hub.head.pending.set()
    return moved


async def _redecide(hub: "Hub", connection: Connection, found: "asyncpg.Record", at: int) -> int:
    peek = await connection.fetchrow(_ACT["read_one"], found["sender"], found["jti"])
    if peek is None:
        return 0
    _, declaration = parse_declaration(peek["declaration"])
    facts, answered = await facts_of(hub, connection, declaration)
    row = await connection.fetchrow(_ACT["lock_one"], found["sender"], found["jti"])
    if row is None or State(row["state"]) is not State.HELD:
        return 0
    _, entry = await redecide(hub, connection, row, facts, answered, lifted=row["lifted"], lift=None, at=at)
    await hub.wake.tell(connection, "changed", {row["sender"]: [row["jti"]]})
    await append(connection, hub.recorder, [entry])
    return 1


async def _lapse(hub: "Hub", connection: Connection, at: int) -> int:
    rows = await connection.fetch(_SQL["lapsing"], at, hub.settings.sweep_limit)
    if rows:
        await _move(connection, rows, [step(State(row["state"]), Event.LAPSE) for row in rows])
        await _tell(hub, connection, rows)
        await append(
            connection,
            hub.recorder,
            [Entry(record=record.Lapsed(at=at, sender=row["sender"], envelope=row["jti"])) for row in rows],
        )
    return len(rows)


async def _expire(hub: "Hub", connection: Connection, at: int) -> int:
    rows = await connection.fetch(_SQL["expiring"], at, hub.settings.sweep_limit, hub.settings.handovers)
    if rows:
        events = [Event.EXPIRE if row["needed_until"] < at else Event.SET_ASIDE for row in rows]
        await _move(
            connection,
            rows,
            [step(State(row["state"]), event) for row, event in zip(rows, events, strict=True)],
        )
        await _tell(hub, connection, rows)
        await append(
            connection,
            hub.recorder,
            [_ended(row, event, at) for row, event in zip(rows, events, strict=True)],
        )
    return len(rows)


def _ended(row: "asyncpg.Record", event: Event, at: int) -> Entry:
    if event is Event.EXPIRE:
        return Entry(
            record=record.Expired(
                at=at,
                sender=row["sender"],
                envelope=row["jti"],
                recipient=row["recipient"],
                may_have_been_received=row["handovers"] > 0,
            )
        )
    return Entry(
        record=record.SetAside(
            at=at,
            sender=row["sender"],
            envelope=row["jti"],
            recipient=row["recipient"],
            handovers=row["handovers"],
        )
    )


async def _close(hub: "Hub", connection: Connection, at: int) -> int:
    rows = await connection.fetch(_SQL["due"], at, hub.settings.sweep_limit)
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    spoken = {(r["exchange"], r["category"]): r for r in await connection.fetch(_SQL["spoken"], ids)}
    asked = {r["jti"]: State(r["state"]) for r in await connection.fetch(_SQL["ask_states"], ids)}
    entries: list[Entry] = []
    closures: list[tuple[str, str]] = []
    undelivered = [not row["withdrawn"] and asked.get(row["id"]) not in _ENDED_HERE for row in rows]
    waiting: set[str] = set()
    withdrawn = [row["id"] for row in rows if row["withdrawn"]]
    if withdrawn:
        entries, all_recalled = await recall_withdrawn(hub, connection, withdrawn, at=at)
        waiting |= set() if all_recalled else set(withdrawn)
    recalled = len(entries)
    for row, never in zip(rows, undelivered, strict=True):
        if never:
            # Only who has opened an ask can be silent about it.
            entries.append(Entry(record=record.Undelivered(at=at, exchange=row["id"], source=row["source"])))
        if row["withdrawn"] or asked.get(row["id"]) is not State.OPENED:
            continue
        for category in row["categories"]:
            said = spoken.get((row["id"], category))
            if said is not None and (said["closed"] or said["opened"]):
                continue
            if said is not None and said["leased"]:
                waiting.add(row["id"])
                continue
            closures.append((row["id"], category))
            if said is None:
                entries.append(
                    Entry(
                        record=record.Silence(
                            at=at, exchange=row["id"], category=Category(category), source=row["source"]
                        )
                    )
                )
            entries.append(
                Entry(
                    record=record.Closed(
                        at=at,
                        exchange=row["id"],
                        category=Category(category),
                        asker=row["asker"],
                        source=row["source"],
                    )
                )
            )
    ended = [
        (exchange, never) for exchange, never in zip(ids, undelivered, strict=True) if exchange not in waiting
    ]
    await connection.execute(_SQL["close_exchanges"], [e for e, _ in ended], [n for _, n in ended], at)
    await connection.execute(_SQL["add_closures"], [e for e, _ in closures], [c for _, c in closures], at)
    await hub.wake.tell(connection, "changed", by_sender((row["asker"], row["id"]) for row in rows))
    if entries:
        await append(connection, hub.recorder, entries)
    return len(rows) + recalled


async def _move(connection: Connection, rows: "Sequence[asyncpg.Record]", states: Sequence[State]) -> None:
    ids = [row["sender"] for row in rows], [row["jti"] for row in rows]
    await connection.execute(_ENVELOPE["move"], *ids, [state.value for state in states])
    await connection.execute(_ENVELOPE["delete_bodies"], *ids)
    await connection.execute(_ENVELOPE["free_answers"], [row["exchange"] for row in rows], *ids)


async def _tell(hub: "Hub", connection: Connection, rows: "Sequence[asyncpg.Record]") -> None:
    await hub.wake.tell(connection, "changed", by_sender((row["sender"], row["jti"]) for row in rows))
