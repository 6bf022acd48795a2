"""PostgreSQL by asyncpg, behind the interface of calls that block.

Promises: as `sql_database`; every call opens a connection of its own, reads in one read-only repeatable-read
transaction with `statement_timeout`, and closes it; rows are fetched in batches and never more than asked
for. The password comes from the URL, PGPASSWORD or PGPASSFILE and goes nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import asyncpg

from adapters.connectors.sql_database import Question, Refused, Values, refused, too_slow, unreachable
from adapters.connectors.sql_statement import Statement

T = TypeVar("T")
Connection = asyncpg.Connection

_BATCH: Final = 500
_CLOSING: Final = 2.0
"""Seconds a server that no longer answers is given to say goodbye."""
_GONE: Final = ("08", "57P")
"""Classes of SQLSTATE: the connection was lost, or the server is stopping."""
_TYPES: Final = {"born": "date"}


class Postgres:
    """One PostgreSQL database, by its URL."""

    def __init__(self, url: str, *, seconds: int) -> None:
        self._url = url
        self._seconds = seconds

    def ask(self, questions: Sequence[Question]) -> list[list[Values]]:
        """As `Database.ask`; not to be called from a running event loop's thread."""

        async def work(connection: Connection) -> list[list[Values]]:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return [await _ask(connection, question) for question in questions]

        try:
            return self._run(work)
        except asyncpg.QueryCanceledError:
            raise too_slow(self._seconds) from None
        except asyncpg.PostgresError as error:
            state = error.sqlstate or "no state"
            if state.startswith(_GONE):
                raise unreachable(state) from None
            raise refused(state) from None
        except (asyncpg.InterfaceError, ValueError) as error:
            raise refused(type(error).__name__) from None
        except OSError as error:
            raise unreachable(type(error).__name__) from None

    def columns(self, select: Statement) -> list[str]:
        """As `Database.columns`."""

        async def work(connection: Connection) -> list[str]:
            prepared = await connection.prepare(select.numbered(_TYPES))
            return [attribute.name for attribute in prepared.get_attributes()]

        try:
            return self._run(work)
        except asyncpg.PostgresError as error:
            hint = f" Hint: {error.hint}" if getattr(error, "hint", None) else ""
            raise Refused(f"{error}{hint}") from None

    def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            try:
                return runner.run(self._within(work))
            except TimeoutError:
                raise too_slow(self._seconds) from None

    async def _within(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with asyncio.timeout(self._seconds):
            connection = await self._connect()
            try:
                return await work(connection)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                if connection.is_closed():
                    # Leaving the transaction then fails as well, with an error that says less.
                    raise unreachable("the connection was lost") from None
                raise
            finally:
                await _close(connection)

    async def _connect(self) -> Connection:
        milliseconds = str(self._seconds * 1000)
        try:
            return await asyncpg.connect(
                self._url,
                timeout=self._seconds,
                # A pooler between us may give each transaction another server.
                statement_cache_size=0,
                server_settings={
                    "application_name": "gatehouse-adapter",
                    "default_transaction_read_only": "on",
                    "statement_timeout": milliseconds,
                    "lock_timeout": milliseconds,
                    "idle_in_transaction_session_timeout": milliseconds,
                },
            )
        except asyncpg.PostgresError as error:
            raise unreachable(error.sqlstate or "refused") from None
        except TimeoutError:
            raise
        except (OSError, asyncpg.InterfaceError, ValueError) as error:
            raise unreachable(type(error).__name__) from None


async def _ask(connection: Connection, question: Question) -> list[Values]:
    parameters = [question.values.get(name) for name in question.select.parameters]
    cursor = await connection.cursor(question.select.numbered(_TYPES), *parameters)
    rows: list[Values] = []
    while len(rows) < question.rows:
        batch = await cursor.fetch(min(_BATCH, question.rows - len(rows)))
        rows += [dict(record) for record in batch]
        if not batch:
            break
    return rows


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=_CLOSING)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        connection.terminate()
