"""Taking back: the sender recalls an envelope; the asker withdraws its ask and with it what is still under
way.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    entries = await _recall_all(connection, [row], verified, taken.reason)
    entries = [Entry(record=entries[0].record, acted=verified.id)]
    # The recipient hears nothing: that something had been meant for it may itself be what must not be told.
    hints = [Hint(kind="changed", to={row["sender"]: [row["jti"]]})]
    return Effect(entries=entries, state=State.RECALLED, hints=hints)


async def withdraw(connection: Connection, verified: Verified, taken: acts.Withdraw) -> Effect:
    """Withdraw one's ask: what of its exchange is still under way is recalled, and later items are refused.

    Raises:
        Problem: `not-found` when the exchange is not the asker's.
    """
    # The ask before its exchange, as a handover and a lift lock them, or each could wait for the other. Its
    # items come after: a declared item locks the exchange first.
    await connection.fetchrow(_SQL["lock_one"], taken.iss, taken.exchange)
    exchange = await connection.fetchrow(_SQL["lock_exchange"], taken.exchange, taken.iss)
    if exchange is None or exchange["asker"] != taken.iss:
        raise Problem.not_found()
    await connection.execute(_SQL["withdraw_exchange"], taken.exchange)
    rows = await connection.fetch(_SQL["undelivered_of"], taken.exchange)
    entries = [acted(verified), *await _recall_all(connection, rows, verified, RecallReason.ASK_WITHDRAWN)]
    return Effect(
        entries=entries,
        hints=[Hint(kind="changed", to=by_sender((row["sender"], row["jti"]) for row in rows))],
    )


async def _recall_all(
    connection: Connection, rows: "Sequence[asyncpg.Record]", verified: Verified, reason: RecallReason
) -> list[Entry]:
    states = [step(State(row["state"]), Event.RECALL) for row in rows]
    ids = [row["sender"] for row in rows], [row["jti"] for row in rows]
    await connection.execute(_ENVELOPE["move"], *ids, [state.value for state in states])
    await connection.execute(_ENVELOPE["delete_bodies"], *ids)
    await connection.execute(_ENVELOPE["free_answers"], [row["exchange"] for row in rows], ids[1])
    return [
        Entry(
            record=record.Recalled(
                at=verified.acting.at,
                sender=row["sender"],
                envelope=row["jti"],
                recipient=row["recipient"],
                reason=reason,
                may_have_been_received=row["handovers"] > 0,
                act=verified.acting.request.act,
            )
        )
        for row in rows
    ]
