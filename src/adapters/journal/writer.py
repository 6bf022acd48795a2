"""Group commit: what is queued while one transaction syncs goes into the next together.

Promises: a write returns only once its commit is durable; work that raises is rolled back alone and does not
spoil its neighbours. Does not order work of other processes: SQLite's own lock does, and they wait for each
other.

The statements run on the event loop's thread, only BEGIN (where another process holds the lock) and COMMIT on
a thread of the writer's own: each statement is some microseconds, and handing the interpreter to and fro for
each of them costs more than all of them together. A piece of work may be run twice (a neighbour failed), so
it does nothing but speak to the database.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
_Waiting = tuple[Work[Any], "asyncio.Future[Any]"]
_Settled = tuple["asyncio.Future[Any]", Any, Exception | None]

_BATCH: Final = 256
"""Most pieces of work under one sync; what comes later waits for the next."""


class Writer:
    """Owns the writing connection; closed by `close`."""

    def __init__(self, db: sqlite3.Connection, *, patience_ms: int) -> None:
        self._db = db
        self._patient = True
        self._patience_ms = patience_ms
        self._queue: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._working: asyncio.Task[None] | None = None
        self._away: Future[Any] | None = None

    async def run(self, work: Work[T]) -> T:
        """Run work in the next transaction; its result once that is durable, or what it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append((work, future))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._drain(), name="journal-writer")
        return await future

    def close(self) -> None:
        """Let what is being committed finish, and close the connection."""
        self._thread.shutdown(wait=True)
        self._db.close()

    async def _drain(self) -> None:
        if self._away is not None:
            # A loop that ended in the middle of a commit left it to its thread.
            await asyncio.wrap_future(self._away)
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            # Whoever was cancelled meanwhile is not waiting for it any more.
            await self._commit([each for each in batch if not each[1].done()])

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            settled = await self._attempt(batch)
        except sqlite3.Error as error:
            # Disk full, or another process held the lock too long: nothing of the batch is durable.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            settled = [(future, None, error) for _, future in batch]
        for future, result, fault in settled:
            if future.done():
                continue
            if fault is None:
                future.set_result(result)
            else:
                future.set_exception(fault)

    async def _attempt(self, batch: list[_Waiting]) -> list[_Settled]:
        await self._begin()
        try:
            settled: list[_Settled] = [(future, work(self._db), None) for work, future in batch]
        except Exception:  # one of them: each gets a savepoint of its own, and the one its own fault
            self._db.execute("ROLLBACK")
            await self._begin()
            settled = [self._alone(work, future) for work, future in batch]
        await self._in_thread("COMMIT")
        return settled

    async def _begin(self) -> None:
        if self._patient:
            self._db.execute("PRAGMA busy_timeout = 0")
            self._patient = False
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._db.execute(f"PRAGMA busy_timeout = {self._patience_ms}")
            self._patient = True
            await self._in_thread("BEGIN IMMEDIATE")

    async def _in_thread(self, statement: str) -> None:
        self._away = self._thread.submit(self._db.execute, statement)
        await asyncio.wrap_future(self._away)
        self._away = None

    def _alone(self, work: Work[Any], future: "asyncio.Future[Any]") -> _Settled:
        self._db.execute("SAVEPOINT one")
        try:
            result = work(self._db)
        except Exception as fault:  # whatever it is belongs to the caller
            self._db.execute("ROLLBACK TO one")
            self._db.execute("RELEASE one")
            return future, None, fault
        self._db.execute("RELEASE one")
        return future, result, None
