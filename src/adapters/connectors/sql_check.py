"""Whether a mapping fits a live database: each SELECT prepared, its columns compared. Nothing is run.

Promises: every finding says where, what is wrong and what to do; none holds a person's data, because no row
is read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapters.connectors.sql_database import Database, Refused
from adapters.connectors.sql_mapping import IDENTIFIER, SqlMapping
from adapters.connectors.sql_rows import ENTRY_COLUMNS, FORMER, PERSON_COLUMNS
from adapters.connectors.sql_statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a mapping: `at` which SELECT, `words` what and what to do."""

    at: str
    words: str


def check(mapping: SqlMapping, database: Database) -> tuple[Finding, ...]:
    """Compare a mapping with the live schema; empty where all is well.

    Raises:
        ConnectorFailed: `database-unreachable`, `database-too-slow`.
    """
    return tuple(_findings(mapping, database))


def _findings(mapping: SqlMapping, database: Database) -> Iterator[Finding]:
    identifiers = {
        prefix + system.replace("-", "_") for system in mapping.identifiers for prefix in (IDENTIFIER, FORMER)
    }
    borne = {column for column in identifiers if column.startswith(IDENTIFIER)}
    yield from _compared("find", mapping.find, database, PERSON_COLUMNS | identifiers, {"key"} | borne)
    if mapping.as_of is not None:
        yield from _compared("as_of", mapping.as_of, database, None, set())
    for category, kept in mapping.categories.items():
        at = f"category.{category.value}"
        known = ENTRY_COLUMNS | kept.detail.keys()
        yield from _compared(at, kept.select, database, known, {"on", "what"} | kept.detail.keys())


def _compared(
    at: str, select: Statement, database: Database, known: Iterable[str] | None, needed: set[str]
) -> Iterator[Finding]:
    try:
        columns = database.columns(select)
    except Refused as refused:
        yield Finding(
            at=at,
            words=f"The database refuses the SELECT: {refused}. Compare its tables and columns with the"
            " schema; parameters are text (but :born, a date), so a number is compared as id::text = :key.",
        )
        return
    if known is None:
        if len(columns) != 1:
            yield Finding(at=at, words=f"It gives {len(columns)} columns; give one, a date or a time.")
        return
    for column in sorted(set(columns) - set(known)):
        yield Finding(
            at=at,
            words=f"Nothing explains the column {column!r}; name it under detail, rename it by AS, or leave"
            " it out.",
        )
    for column in sorted({column for column in columns if columns.count(column) > 1}):
        yield Finding(at=at, words=f"The column {column!r} comes twice; rename one by AS.")
    for column in sorted(needed - set(columns)):
        yield Finding(at=at, words=f'The column {column!r} is missing; add … AS "{column}".')
