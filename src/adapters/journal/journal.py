"""The journal: an adapter's memory and its queue, one SQLite file (WAL, synchronous=FULL).

Promises: what `write` returned from is on disk; what is sealed here opens only with the agency's storage key
and only in its own row. Several processes may use it at once. Does not keep anything readable about a
subject.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from adapters.errors import Unusable
from adapters.journal.query import queries, schemas
from adapters.journal.writer import Work, Writer
from keys.storage import StorageKey

T = TypeVar("T")
VERSION: Final = len(schemas())
"""The version of journal that this program writes; an earlier one is brought forward when it is opened."""
_BUSY_MS: Final = 15_000
"""How long to wait for another process's commit before giving up."""


class Journal:
    """One open journal. Reads run at once on the calling thread; writes are grouped by the writer."""

    def __init__(self, path: Path, storage: StorageKey) -> None:
        self._path = path
        self._storage = storage
        self._waiting: dict[str, list[asyncio.Event]] = {}
        _prepare(path)
        self._reader = _connect(path, read_only=True)
        self._writer = Writer(_connect(path, read_only=False), patience_ms=_BUSY_MS)

    def close(self) -> None:
        """Let what is being committed finish, and let go of the file."""
        self._writer.close()
        self._reader.close()

    def rows(self, query: str, /, **values: Any) -> list[sqlite3.Row]:
        """The rows of a named query, as of the last commit."""
        return self._reader.execute(queries()[query], values).fetchall()

    def row(self, query: str, /, **values: Any) -> sqlite3.Row | None:
        """The one row of a named query, or None."""
        found: sqlite3.Row | None = self._reader.execute(queries()[query], values).fetchone()
        return found

    async def write(self, work: Work[T], *, touches: Iterable[str] = ()) -> T:
        """Run work in the writer's next transaction; return its result once durable.

        Args:
            touches: ids whose waiters in this process are to look again.
        """
        result = await self._writer.run(work)
        self.touch(touches)
        return result

    async def run(self, query: str, /, *, touches: Iterable[str] = (), **values: Any) -> int:
        """One named statement as a write of its own; how many rows it changed."""
        return await self.write(lambda db: execute(db, query, **values), touches=touches)

    def touch(self, ids: Iterable[str]) -> None:
        """Wake whoever waits for these ids."""
        for each in ids:
            for event in self._waiting.get(each, ()):
                event.set()

    async def changed(self, id: str, *, at_most: float) -> None:
        """Return when something of `id` was written by this process, or after `at_most` seconds: look again
        then.
        """
        event = asyncio.Event()
        self._waiting.setdefault(id, []).append(event)
        try:
            async with asyncio.timeout(at_most):
                await event.wait()
        except TimeoutError:
            pass  # another process may have written; the caller looks
        finally:
            events = self._waiting[id]
            events.remove(event)
            if not events:
                del self._waiting[id]

    def data_version(self) -> int:
        """A number that changes when another connection has committed (SQLite `PRAGMA data_version`)."""
        return int(self._reader.execute("PRAGMA data_version").fetchone()[0])

    def seal(self, plaintext: bytes, table: str, id: str) -> bytes:
        """Seal something to the agency's storage key for one row."""
        return self._storage.seal(plaintext, f"{table}:{id}".encode())

    def open(self, sealed: bytes, table: str, id: str) -> bytes:
        """Open what `seal` gave for the same row. Raises keys.errors.CannotOpen."""
        return self._storage.open(sealed, f"{table}:{id}".encode())


def execute(db: sqlite3.Connection, query: str, /, **values: Any) -> int:
    """Run one named statement inside a piece of work; how many rows it changed."""
    return db.execute(queries()[query], values).rowcount


def fetch(db: sqlite3.Connection, query: str, /, **values: Any) -> sqlite3.Row | None:
    """Read one row inside a piece of work, so that what is decided on it is not stale."""
    found: sqlite3.Row | None = db.execute(queries()[query], values).fetchone()
    return found


def fetch_all(db: sqlite3.Connection, query: str, /, **values: Any) -> list[sqlite3.Row]:
    """Read rows inside a piece of work."""
    return db.execute(queries()[query], values).fetchall()


def _prepare(path: Path) -> None:
    # Made by us so that nobody else may read it; SQLite gives its -wal and -shm the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = _connect(path, read_only=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise Unusable(
                "journal-too-new",
                f"The journal has version {version}, this adapter knows {VERSION}: upgrade it.",
            )
        for script in schemas()[version:]:
            for statement in _statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    finally:
        db.close()


def _statements(script: str) -> list[str]:
    # executescript would commit by itself. Comments go first, because a sentence may hold a ';'.
    bare = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [statement for statement in bare.split(";") if statement.strip()]


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = FULL")
    if read_only:
        db.execute("PRAGMA query_only = ON")
    return db
