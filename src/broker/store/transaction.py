"""Transactions whose commit is either known or said to be unknown.

A commit runs in a task of its own, shielded and without asyncpg's time-out: a cancelled wait for a
synchronous standby commits locally all the same, so a commit cut short may have happened. `CommitUnknown`
says so; whoever gets it makes `barrier()` and runs the same work again, which finds what was written and
gives the first outcome (every use case is idempotent by issuer and id).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
    Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
else:
    Connection = Any
    Pool = Any

T = TypeVar("T")

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,
)
"""What a broken or refused connection raises."""


class CommitUnknown(Exception):
    """The connection broke between COMMIT and its answer."""


async def committed(
    pool: Pool, work: Callable[[Connection], Awaitable[T]], *, before_commit: Callable[[], None] | None = None
) -> T:
    """Run `work` in one READ COMMITTED transaction and return only after a commit that is known.

    Raises:
        CommitUnknown: the commit may or may not have happened.
        Whatever `work` raises; then nothing was written.
    """
    async with pool.acquire() as connection:
        transaction = connection.transaction(isolation="read_committed")
        try:
            await _whole(transaction.start())
            result = await work(connection)
            if before_commit is not None:
                before_commit()
        except BaseException:
            # A connection already gone cannot roll back; the server does it.
            if not connection.is_closed() and connection.is_in_transaction():
                await asyncio.shield(transaction.rollback())
            raise
        try:
            await _whole(transaction.commit())
        except LOST as error:
            raise CommitUnknown from error
    return result


async def _whole(step: Coroutine[Any, Any, None]) -> None:
    """Begin or commit to the end, cancelled meanwhile or not, so that what a connection is left in is
    known.
    """
    running = asyncio.ensure_future(step)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


async def barrier(pool: Pool) -> None:
    """Make a new synchronous write on the primary: what was read before is then as durable."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_logical_emit_message(true, 'gatehouse', '')")
