"""One thread that writes: it takes what is queued, runs it in one transaction and syncs once (group commit).

Promises: a future resolves with its work's result only once the commit is durable, in the order of
submission; work that raises is rolled back alone and does not spoil its neighbours. Does not order work of
other processes: SQLite's own lock does, and they wait for each other.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_BATCH: Final = 256
"""Most pieces of work under one sync; what comes later waits for the next."""


class Writer:
    """Owns the writing connection; made with a function that opens it, closed by `close`."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._queue: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[T]:
        """Queue work; its future resolves once it is durable."""
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def close(self) -> None:
        """Finish what is queued and close the connection."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        db = self._connect()
        try:
            ending = False
            while not ending:
                batch, ending = self._take()
                if batch:
                    self._commit(db, batch)
        finally:
            db.close()

    def _take(self) -> tuple[list[tuple[Work[Any], Future[Any]]], bool]:
        item = self._queue.get()
        batch: list[tuple[Work[Any], Future[Any]]] = []
        while item is not None:
            if item[1].set_running_or_notify_cancel():
                batch.append(item)
            if len(batch) >= _BATCH:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, db: sqlite3.Connection, batch: list[tuple[Work[Any], Future[Any]]]) -> None:
        settled: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            db.execute("BEGIN IMMEDIATE")
            for work, future in batch:
                settled.append((future, *self._attempt(db, work)))
            db.execute("COMMIT")
        except sqlite3.Error as error:
            # Disk full, or another process held the lock too long: nothing of the batch is durable.
            if db.in_transaction:
                db.execute("ROLLBACK")
            for _, future in batch:
                future.set_exception(error)
            return
        for future, result, fault in settled:
            if fault is None:
                future.set_result(result)
            else:
                future.set_exception(fault)

    def _attempt(self, db: sqlite3.Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
        db.execute("SAVEPOINT one")
        try:
            result = work(db)
        except Exception as fault:  # whatever it is belongs to the caller, who gets it from the future
            db.execute("ROLLBACK TO one")
            db.execute("RELEASE one")
            return None, fault
        db.execute("RELEASE one")
        return result, None
