"""PostgreSQL servers for tests: one per test process and kind, with a migrated template to copy."""

import asyncio
import itertools
import os
import secrets
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from broker.store.postgres import Embedded, start

T = TypeVar("T")


class Loop:
    """An event loop in a thread of its own: fixtures need not care whether a loop runs around them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-servers", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end and give its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread and its loop."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Server:
    """A running server to make databases on: `admin_url` may create them, `url`'s role owns them."""

    def __init__(self, loop: Loop, *, url: str, admin_url: str) -> None:
        self._loop = loop
        self._url = url
        self._admin: asyncpg.Connection = loop.run(asyncpg.connect(admin_url))
        self._names = (f"test_{os.getpid()}_{secrets.token_hex(4)}_{n}" for n in itertools.count())
        self._template: str | None = None

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._make("template0")

    def migrated(self) -> str:
        """The URL of a new database with the hub's schema, copied from a template made at first need."""
        if self._template is None:
            made = self.empty()
            self._loop.run(_migrate(made))
            self._template = database_of(made)
        return self._make(self._template)

    def drop(self, url: str) -> None:
        """Remove a database made here, whoever is still connected."""
        self._loop.run(self._admin.execute(f'DROP DATABASE IF EXISTS "{database_of(url)}" WITH (FORCE)'))

    def close(self) -> None:
        """Remove the template and disconnect."""
        if self._template is not None:
            self.drop(with_database(self._url, self._template))
        self._loop.run(self._admin.close())

    def _make(self, template: str) -> str:
        name = next(self._names)
        owner = urlsplit(self._url).username
        owned = f'OWNER "{owner}"' if owner else ""
        self._loop.run(self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {owned}'))
        return with_database(self._url, name)


class Servers:
    """The servers of one test process, started at first need: `embedded`, and `external` if named."""

    def __init__(self, folder: Path, external_url: str | None) -> None:
        self._folder = folder
        self._external_url = external_url
        self._loop = Loop()
        self._made: dict[str, Server] = {}
        self._embedded: Embedded | None = None

    def get(self, kind: str) -> Server:
        """The server of that kind."""
        if kind not in self._made:
            self._made[kind] = self._start(kind)
        return self._made[kind]

    def close(self) -> None:
        """Disconnect, and stop what was started here."""
        for server in self._made.values():
            server.close()
        if self._embedded is not None:
            self._loop.run(self._embedded.stop())
        self._loop.close()

    def _start(self, kind: str) -> Server:
        if kind == "external":
            assert self._external_url is not None
            return Server(self._loop, url=self._external_url, admin_url=self._external_url)
        # A test sees no loss of power, so it need not wait for the disk; all else is as a hub has it.
        self._embedded = self._loop.run(start(self._folder, settings={"fsync": "off"}))
        return Server(self._loop, url=self._embedded.url, admin_url=self._embedded.admin_url)


async def _migrate(url: str) -> None:
    from broker.store.migrate import migrate

    connection = await asyncpg.connect(url)
    try:
        await migrate(connection)
    finally:
        await connection.close()


def database_of(url: str) -> str:
    """The name of the database that `url` leads to."""
    return urlsplit(url).path.removeprefix("/")


def with_database(url: str, name: str) -> str:
    """`url`, leading to the database `name` on the same server."""
    parts = urlsplit(url)
    # `urlunsplit` would drop the empty host that a Unix socket's URL has.
    return urlunsplit(("x", parts.netloc or "@", f"/{name}", parts.query, "")).replace(
        "x:", f"{parts.scheme}:", 1
    )
