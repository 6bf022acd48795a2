"""Keeping the embedded database up: started with the hub, started again if it dies, stopped with its last
user."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg

from broker.logging import log
from broker.store import postgres
from broker.store.postgres import DatabaseUnavailable, Embedded

_LOOK: Final = 5.0
"""Seconds between looks. Meanwhile the hub answers 503, and nothing acknowledged is at stake."""


@contextlib.asynccontextmanager
async def kept(state: Path) -> AsyncIterator[str]:
    """The URL of the embedded database of `state`, which is looked after inside the block.

    Raises:
        DatabaseUnavailable: it cannot be started.
    """
    shares = [await postgres.start(state)]
    url = shares[0].url
    looking = asyncio.create_task(_look_after(state, url, shares), name="keeper")
    try:
        yield url
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        for share in shares:
            await share.stop()


async def _look_after(state: Path, url: str, shares: list[Embedded]) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        if await _gone(url):
            log.error("database-gone")
            try:
                shares.append(await postgres.start(state))
            except DatabaseUnavailable as error:
                log.error("database-not-restarted", code=error.code)
            else:
                log.warning("database-restarted")


async def _gone(url: str) -> bool:
    """Whether nothing listens there: a server that is busy, full or recovering is not gone."""
    try:
        connection = await asyncpg.connect(url, timeout=_LOOK)
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    await connection.close()
    return False
