"""The hub's SQL statements as they happen, by the names they bear in the `.sql` files.

A test takes part by a `Watcher` in its own task: the connection asks it before each statement that this
task, or one it started, sends. Tasks without a watcher are left alone. The hub's code is not touched:
asyncpg is told to make its connections of another class.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
import pytest

from broker.store.query import queries

if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection


class Watcher(Protocol):
    """Is asked before each statement, and told after it."""

    async def before(self, name: str, pid: int) -> None: ...

    async def after(self, name: str) -> None: ...


WATCHER: ContextVar[Watcher | None] = ContextVar("WATCHER", default=None)


@functools.cache
def _names() -> dict[str, str]:
    folder = files("broker.store").joinpath("queries")
    found: dict[str, str] = {}
    for file in sorted(each.name.removesuffix(".sql") for each in folder.iterdir()):
        for name, sql in queries(file).items():
            found.setdefault(sql, name)
    return found


def name_of(sql: str) -> str | None:
    """The statement's name, or COMMIT or ROLLBACK. None for what reads and changes nothing: BEGIN takes no
    snapshot, and asyncpg clears what a connection leaves behind.
    """
    known = _names().get(sql)
    word = sql.split(maxsplit=1)[0].rstrip(";").upper()
    return known or (word if word in {"COMMIT", "ROLLBACK"} else None)


class WatchedConnection(_Connection):
    """A connection that asks the task's watcher before each statement."""

    async def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        return await self._watched(query, functools.partial(super().execute, query, *args, **kwargs))

    async def fetch(self, query: str, *args: Any, **kwargs: Any) -> Any:
        return await self._watched(query, functools.partial(super().fetch, query, *args, **kwargs))

    async def fetchrow(self, query: str, *args: Any, **kwargs: Any) -> Any:
        return await self._watched(query, functools.partial(super().fetchrow, query, *args, **kwargs))

    async def fetchval(self, query: str, *args: Any, **kwargs: Any) -> Any:
        return await self._watched(query, functools.partial(super().fetchval, query, *args, **kwargs))

    async def _watched(self, query: str, run: Callable[[], Awaitable[Any]]) -> Any:
        watcher, name = WATCHER.get(), name_of(query)
        if watcher is None or name is None:
            return await run()
        await watcher.before(name, self.get_server_pid())
        try:
            return await run()
        finally:
            await watcher.after(name)


class Listed:
    """A watcher that only writes the names down."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def before(self, name: str, pid: int) -> None:
        self.names.append(name)

    async def after(self, name: str) -> None:
        pass


class HeldBefore:
    """A watcher that holds its task before one statement."""

    def __init__(self, statement: str) -> None:
        self._statement = statement
        self.there = asyncio.Event()
        self.go = asyncio.Event()

    async def before(self, name: str, pid: int) -> None:
        if name == self._statement:
            self.there.set()
            await self.go.wait()

    async def after(self, name: str) -> None:
        pass


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Watch what this task sends inside the block."""
    token = WATCHER.set(watcher)
    try:
        yield
    finally:
        WATCHER.reset(token)


def watch_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hubs opened from here on have watched connections."""
    make = functools.partial(asyncpg.create_pool, connection_class=WatchedConnection)
    monkeypatch.setattr(asyncpg, "create_pool", make)
