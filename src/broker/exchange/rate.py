"""Rate: the asker says how urgent its ask is now, which moves the due time, counted from the handover."""

from broker.exchange.acting import Effect, Hint, Verified
from broker.exchange.answer import acted
from broker.protocol import act as acts
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from policies.vocabulary import Rating

_SQL = queries("act")


async def rate(connection: Connection, verified: Verified, taken: acts.Rate) -> Effect:
    """Rate one's ask anew. Its source, once the ask was handed over to it, is told.

    Raises:
        Problem: `not-found` when the exchange is not the asker's; `gone` once it was withdrawn; `wrong-state`
            once a category was closed: what the asker was told at the due time stays told.
    """
    # The ask before its exchange, as a handover, a lift and a withdrawal lock them.
    await connection.fetchrow(_SQL["lock_one"], taken.iss, taken.exchange)
    row = await connection.fetchrow(_SQL["lock_exchange"], taken.exchange, taken.iss)
    if row is None or row["asker"] != taken.iss:
        raise Problem.not_found()
    if row["withdrawn"]:
        raise Problem("gone", "This ask was withdrawn; there is nothing to rate.", reason="ask-withdrawn")
    if row["closed_at"] is not None or await connection.fetchval(_SQL["any_closure"], taken.exchange):
        raise Problem("wrong-state", "The due time of this ask has passed; ask again instead.")
    urgent = taken.rating is Rating.RED
    await connection.execute(
        _SQL["rate"], taken.exchange, taken.iss, taken.rating.value, taken.due_within, urgent
    )
    hints = [Hint(kind="changed", to={taken.iss: [taken.exchange]})]
    if row["delivered_at"] is not None:
        hints.append(Hint(kind="changed", to={row["source"]: [taken.exchange]}))
    return Effect(entries=[acted(verified)], hints=hints)
