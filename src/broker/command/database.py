"""Commands that read the hub's database themselves: the embedded one by its state folder, or one named by
URL.

The embedded database is found running or started for the moment, and left as it was found.
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from broker.command.failed import CommandFailed
from broker.command.state import default_state

if TYPE_CHECKING:
    from broker.store.transaction import Pool

VARIABLE: Final = "GATEHOUSE_DATABASE"


def database_url(options: argparse.Namespace) -> str | None:
    """The database named by option or environment; None for the embedded one."""
    return options.database or os.environ.get(VARIABLE) or None


@contextlib.asynccontextmanager
async def reading(options: argparse.Namespace) -> "AsyncIterator[Pool]":
    """A pool of one connection to the hub's database.

    Raises:
        CommandFailed: no such database.
    """
    import asyncpg

    from broker.store import postgres

    async with contextlib.AsyncExitStack() as stack:
        url = database_url(options)
        if url is None:
            state: Path = options.state or default_state()
            if not (state / "postgres" / "data").exists():
                raise CommandFailed(
                    f"{state} has no database: name the hub's with --state DIR or --database URL."
                )
            embedded = await postgres.start(state)
            stack.push_async_callback(embedded.stop)
            url = embedded.url
        try:
            pool = await asyncpg.create_pool(url, min_size=1, max_size=1, timeout=10)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TimeoutError) as error:
            raise CommandFailed(
                f"Cannot reach the database ({type(error).__name__}): check its address and password."
            ) from error
        stack.push_async_callback(pool.close)
        yield pool


def read_rows(options: argparse.Namespace, query: str) -> list[Any]:
    """The rows of a named query of `queries/overview.sql`."""
    from broker.store.query import queries

    async def read() -> list[Any]:
        async with reading(options) as pool:
            return list(await pool.fetch(queries("overview")[query]))

    return asyncio.run(read())
