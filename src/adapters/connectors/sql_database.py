"""A database as the connector needs it: a few SELECTs in one read-only snapshot, within limits.

Promises of whatever implements it: nothing is written; every question has a time and a number of rows beyond
which it ends; an error carries a code, and of the database's own words none while values were in play.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from adapters.connectors.connector import ConnectorFailed
from adapters.connectors.sql_mapping import SqlMapping
from adapters.connectors.sql_statement import Statement
from adapters.errors import WrongOrder

URL_VARIABLE: Final = "GATEHOUSE_SQL_URL"
"""Names the database in place of the mapping, so that a password stands in no file of rules."""
_POSTGRES: Final = ("postgres://", "postgresql://")

Values = Mapping[str, object]
"""One row by column, in the SELECT's order; or parameters by name. Personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One SELECT with its parameters; at most `rows` rows are taken."""

    select: Statement
    values: Values = field(default_factory=dict, repr=False)
    rows: int


class Database(Protocol):
    """PostgreSQL or SQLite."""

    def ask(self, questions: Sequence[Question]) -> list[list[Values]]:
        """Ask all in one read-only transaction, and give each one's rows.

        Raises:
            ConnectorFailed: `database-unreachable`, `database-refused`, `database-too-slow`.
        """
        ...

    def columns(self, select: Statement) -> list[str]:
        """Prepare a SELECT without running it and name the columns it would give.

        Raises:
            Refused: what the database says is wrong with it.
            ConnectorFailed: `database-unreachable`.
        """
        ...


class Refused(Exception):
    """What a database says of a SELECT it was only to prepare: of the schema, never of a person."""


def open_database(mapping: SqlMapping, beside: Path) -> Database:
    """Open the database a mapping names; a path is taken from the folder `beside`.

    Raises:
        WrongOrder: `unknown-connector`, neither a URL of PostgreSQL nor a file.
    """
    from adapters.connectors.sql_postgres import Postgres
    from adapters.connectors.sql_sqlite import Sqlite

    where = os.environ.get(URL_VARIABLE) or mapping.database
    if where.startswith(_POSTGRES):
        return Postgres(where, seconds=mapping.limits.seconds)
    if "://" in where:
        raise WrongOrder(
            "unknown-connector",
            "The mapping's database is a URL postgresql://… or the path of a SQLite file.",
        )
    return Sqlite(beside / where, seconds=mapping.limits.seconds)


def refused(state: str) -> ConnectorFailed:
    """Give the error for a SELECT the database ended; `state` is a code, never its words."""
    return ConnectorFailed(
        "database-refused",
        f"The database refused a SELECT of the mapping ({state}); `connector test` or `doctor` say which.",
    )


def too_slow(seconds: int) -> ConnectorFailed:
    """Give the error for a question that took too long."""
    return ConnectorFailed(
        "database-too-slow",
        f"The database did not answer within {seconds} s; ask it less, index it, or raise limits.seconds.",
    )


def unreachable(why: str) -> ConnectorFailed:
    """Give the error for a database that cannot be opened."""
    return ConnectorFailed(
        "database-unreachable", f"The database cannot be opened ({why}); see its address, account and rights."
    )
