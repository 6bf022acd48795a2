"""The one live connection per agency: its generation, and refusing what comes from an older one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from broker.enrolment.access import not_accepted
from broker.exchange.caller import Caller
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection, committed

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("connection")
_FACTS = queries("facts")
_ENVELOPE = queries("envelope")


async def refuse_replaced(connection: Connection, callers: Iterable[Caller]) -> dict[str, Problem]:
    """Read which of these callers' connections have been replaced; the refusal by agency."""
    claimed = {caller.agency: caller.generation for caller in callers if caller.generation is not None}
    if not claimed:
        return {}
    rows = await connection.fetch(_FACTS["read_generations"], list(claimed))
    newest = {row["agency"]: row["generation"] for row in rows}
    return {
        agency: Problem("conflict", "A newer connection of your agency has taken over.", reason="replaced")
        for agency, generation in claimed.items()
        if newest.get(agency) != generation
    }


async def connect(hub: "Hub", agency: str, *, kid: str, at: int) -> int:
    """Open the agency's live connection; the older one is told to close. Gives the new generation.

    Whoever calls this listens already for what ends the connection: a revocation or a stop that was not yet
    there for this transaction is heard.

    What the older one had leased is given back, whether it lives, its process died or its machine: nobody
    else can say that it will be received. If it is after all, it was handed over twice and takes effect once.

    Args:
        kid: the signing key that the access token was asked for with.

    Raises:
        Problem: `unauthenticated` when that key was revoked, or the agency stopped, since the token was read.
    """

    async def work(connection: Connection) -> int:
        # The row's lock first: a handover to the older connection has committed, or finds itself replaced.
        generation = await connection.fetchval(_SQL["open"], agency, at, kid)
        if generation is None:
            raise not_accepted()
        await connection.execute(_ENVELOPE["give_back"], agency, at)
        await hub.wake.tell(connection, "replaced", {agency: ()}, generation=generation)
        return int(generation)

    return await committed(hub.pool, work)


async def disconnect(hub: "Hub", agency: str, generation: int, *, at: int) -> None:
    """Close a connection if it is still the newest, and give its leases back so that the next is served at
    once.
    """

    async def work(connection: Connection) -> None:
        if await connection.fetchval(_SQL["close"], agency, generation) is not None:
            await connection.execute(_ENVELOPE["give_back"], agency, at)

    await committed(hub.pool, work)
