"""SQLite, opened so that it cannot be written: `mode=ro`, `query_only`, and only reading authorised.

Promises: as `sql_database`; a running SELECT ends soon after its time is up. A database in WAL mode needs its
`-shm` file beside it; SQLite makes none in a read-only folder.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from adapters.connectors.sql_database import Question, Refused, Values, refused, too_slow, unreachable
from adapters.connectors.sql_statement import Statement

_STEPS: Final = 20_000
"""Instructions between two looks at the time: well under a millisecond."""
_LARGEST: Final = 4 << 20
"""Bytes of one value or row; a document has no place in an entry."""
_READING: Final = frozenset({
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
})  # fmt: skip


class Sqlite:
    """One SQLite file. Every call opens it anew, so calls of several threads do not meet."""

    def __init__(self, path: Path, *, seconds: int) -> None:
        self._path = path
        self._seconds = seconds

    def ask(self, questions: Sequence[Question]) -> list[list[Values]]:
        """As `Database.ask`."""
        with self._open() as (connection, late):
            try:
                connection.execute("BEGIN")
                return [_ask(connection, question) for question in questions]
            except sqlite3.Error as error:
                if late.is_set():
                    raise too_slow(self._seconds) from None
                raise refused(_code(error)) from None

    def columns(self, select: Statement) -> list[str]:
        """As `Database.columns`."""
        empty = dict.fromkeys(select.parameters)
        with self._open() as (connection, late):
            try:
                connection.execute(f"EXPLAIN {select.named()}", empty).close()
                cursor = connection.execute(f"SELECT * FROM ({select.named()}) LIMIT 0", empty)
                # A second column of one name is given a number here.
                return [re.sub(r":\d+$", "", column[0]) for column in cursor.description]
            except sqlite3.Error as error:
                if late.is_set():
                    raise too_slow(self._seconds) from None
                raise Refused(str(error)) from None

    @contextmanager
    def _open(self) -> Iterator[tuple[sqlite3.Connection, threading.Event]]:
        late = threading.Event()
        clock = threading.Timer(self._seconds, late.set)
        clock.daemon = True
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=ro",
                uri=True,
                timeout=self._seconds,
                isolation_level=None,
            )
        except sqlite3.Error as error:
            raise unreachable(_code(error)) from None
        try:
            clock.start()
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
            connection.set_progress_handler(lambda: int(late.is_set()), _STEPS)
            try:
                connection.execute("PRAGMA query_only = ON")
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            except sqlite3.Error as error:
                raise unreachable(_code(error)) from None
            connection.set_authorizer(_authorize)
            yield connection, late
        finally:
            clock.cancel()
            connection.close()


def _ask(connection: sqlite3.Connection, question: Question) -> list[Values]:
    values = {name: _value(question.values.get(name)) for name in question.select.parameters}
    cursor = connection.execute(question.select.named(), values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(question.rows)]


def _value(value: object) -> object:
    # SQLite has no dates; they are kept as ISO text.
    return value.isoformat() if isinstance(value, date) else value


def _authorize(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _code(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "SQLITE_ERROR")
