"""Take: an agency that cannot hold a connection asks for what waits. The same hand-over, lease and credit.

A poller has a generation as a connection has: the first take opens one, and the newest wins, whichever way it
came. What is out without a receipt is counted in the store, since no process remembers a poller.
"""

from typing import TYPE_CHECKING

from broker.exchange.caller import Caller
from broker.exchange.generation import refuse_replaced
from broker.exchange.hand_over import hand_over
from broker.protocol.frame import Handover
from broker.store.query import queries

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("envelope")


async def take(
    hub: "Hub", caller: Caller, *, credit: int, most: int, at: int, seen: int | None
) -> tuple[list[Handover], bool]:
    """Hand over what waits, at most `most` and within `credit`; and whether more may wait that would fit.

    Raises:
        Problem: `conflict`, reason `replaced`, where a newer connection or poller has taken over.
    """
    async with hub.pool.acquire() as connection:
        for refusal in (await refuse_replaced(connection, [caller])).values():
            raise refusal
        out = await connection.fetchval(_SQL["count_leased"], caller.agency, at)
    limit = min(credit - int(out), most)
    if limit <= 0:
        return [], False
    handovers = await hand_over(hub, caller, limit=limit, at=at, seen=seen)
    return handovers, len(handovers) == limit < credit - int(out)
