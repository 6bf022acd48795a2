"""Taking back: the sender recalls an envelope; the asker withdraws its ask and with it what is still under
way.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from broker.batch import RunAgain
from broker.exchange.acting import Effect, Hint, Verified
from broker.exchange.answer import acted
from broker.exchange.wake import by_sender
from broker.log.append import Entry
from broker.protocol import act as acts
from broker.protocol import record
from broker.protocol.life import Event, State, step
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from policies.vocabulary import RecallReason

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("act")
_ENVELOPE = queries("envelope")


async def recall(connection: Connection, verified: Verified, taken: acts.Recall) -> Effect:
    """Recall one's own envelope that has not been opened.

    Raises:
        Problem: `not-found`; `wrong-state` once it was opened or has ended otherwise.
    """
    row = await connection.fetchrow(_SQL["lock_one"], taken.iss, taken.envelope)
    if row is None:
        raise Problem.not_found()
    entries = await recall_rows(
        connection, [row], taken.reason, at=verified.acting.at, act=verified.acting.request.act
    )
    entries = [Entry(record=entries[0].record, acted=verified.id)]
    # The recipient hears nothing: that something had been meant for it may itself be what must not be told.
    hints = [Hint(kind="changed", to={row["sender"]: [row["jti"]]})]
    return Effect(entries=entries, state=State.RECALLED, hints=hints)


async def leaves_some(hub: "Hub", connection: Connection, verified: Verified) -> bool:
    """Whether an act is a withdrawal with more to recall than goes into its transaction."""
    taken, limit = verified.act, hub.settings.sweep_limit
    if not isinstance(taken, acts.Withdraw):
        return False
    found = await connection.fetchval(_SQL["count_undelivered"], taken.exchange, taken.iss, limit + 1)
    return bool(found > limit)


async def withdraw(
    hub: "Hub", connection: Connection, verified: Verified, taken: acts.Withdraw, *, alone: bool
) -> Effect:
    """Withdraw one's ask: what of its exchange is still under way is recalled, and later items are refused.

    What is too much for one transaction is recalled by the sweep, or by whoever would hand it over. That none
    is handed over after the withdrawal in the log needs the guard table then: a handover that began before
    has ended, and one that begins later sees the exchange withdrawn.

    Args:
        alone: whether the guard table is locked.

    Raises:
        Problem: `not-found` when the exchange is not the asker's.
        RunAgain: there is too much after all, and the guard table is not locked.
    """
    # The ask before its exchange, as a handover and a lift lock them, or each could wait for the other. Its
    # items come after: a declared item locks the exchange first.
    await connection.fetchrow(_SQL["lock_one"], taken.iss, taken.exchange)
    exchange = await connection.fetchrow(_SQL["lock_exchange"], taken.exchange, taken.iss)
    if exchange is None or exchange["asker"] != taken.iss:
        raise Problem.not_found()
    if not alone and await leaves_some(hub, connection, verified):
        raise RunAgain
    at, act = verified.acting.at, verified.acting.request.act
    await connection.execute(_SQL["withdraw_exchange"], taken.exchange, at)
    rows = await connection.fetch(_SQL["undelivered_of"], [taken.exchange], hub.settings.sweep_limit)
    recalled = await recall_rows(connection, rows, RecallReason.ASK_WITHDRAWN, at=at, act=act)
    return Effect(
        entries=[acted(verified), *recalled],
        hints=[Hint(kind="changed", to=by_sender((row["sender"], row["jti"]) for row in rows))],
    )


async def recall_withdrawn(
    hub: "Hub", connection: Connection, exchanges: Sequence[str], *, at: int
) -> tuple[list[Entry], bool]:
    """Recall what withdrawn exchanges still have under way, up to a limit; whether that is all of it."""
    limit = hub.settings.sweep_limit
    rows = await connection.fetch(_SQL["undelivered_of"], exchanges, limit)
    entries = await recall_rows(connection, rows, RecallReason.ASK_WITHDRAWN, at=at, act=None)
    await hub.wake.tell(connection, "changed", by_sender((row["sender"], row["jti"]) for row in rows))
    return entries, len(rows) < limit


async def recall_rows(
    connection: Connection,
    rows: "Sequence[asyncpg.Record]",
    reason: RecallReason,
    *,
    at: int,
    act: str | None,
) -> list[Entry]:
    """Recall locked envelopes and delete their bodies; gives the records for the caller to append.

    Args:
        act: the signed act that takes them back; None where an earlier record has it.
    """
    states = [step(State(row["state"]), Event.RECALL) for row in rows]
    ids = [row["sender"] for row in rows], [row["jti"] for row in rows]
    await connection.execute(_ENVELOPE["move"], *ids, [state.value for state in states])
    await connection.execute(_ENVELOPE["delete_bodies"], *ids)
    await connection.execute(_ENVELOPE["free_answers"], [row["exchange"] for row in rows], *ids)
    return [
        Entry(
            record=record.Recalled(
                at=at,
                sender=row["sender"],
                envelope=row["jti"],
                recipient=row["recipient"],
                reason=reason,
                may_have_been_received=row["handovers"] > 0,
                act=act,
            )
        )
        for row in rows
    ]
