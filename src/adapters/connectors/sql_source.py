"""The connector to a database of PostgreSQL or SQLite, by a mapping of whole SELECTs.

Promises: read-only; whoever is found is found by `matching`; a sensitive row or person is counted and never
given; all categories of a reading are one moment's. Does not promise that the mapping says what the database
means: that is the agency's to check, `sql_check` helps.
"""

from datetime import UTC, date, datetime, time
from pathlib import Path

from adapters.connectors.connector import (
    ConnectorFailed,
    LeftReason,
    Match,
    PersonRef,
    Reading,
    SubjectSought,
    Unread,
)
from adapters.connectors.row import Row, reading
from adapters.connectors.sql_check import Finding, check
from adapters.connectors.sql_database import Database, Question, Values, open_database
from adapters.connectors.sql_mapping import IDENTIFIER, SqlMapping, load_mapping
from adapters.connectors.sql_rows import people, statements
from adapters.connectors.written_date import read_date
from adapters.errors import WrongOrder
from adapters.matching import identifier
from adapters.matching.person import Described
from adapters.matching.settle import settle, ways
from broker.protocol.body import Searched
from policies.vocabulary import Category


def open_sql(named: Path | str) -> "SqlSource":
    """Open the database that a mapping names.

    Raises:
        Unusable: `sql-mapping`.
        WrongOrder: `unknown-connector`, there is no such mapping, or it names no database known here.
    """
    place = Path(named)
    if not place.is_file():
        raise WrongOrder("unknown-connector", "That mapping is not there, or is no file.")
    mapping = load_mapping(place)
    return SqlSource(mapping, open_database(mapping, place.parent))


class SqlSource:
    """A database as one record system. Safe to call from several threads, not from an event loop's own."""

    def __init__(self, mapping: SqlMapping, database: Database) -> None:
        self._mapping = mapping
        self._database = database

    @property
    def name(self) -> str:
        """Name the system as the mapping does."""
        return self._mapping.name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories the mapping has a SELECT for."""
        return frozenset(self._mapping.categories)

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person.

        Raises:
            ConnectorFailed: `database-…`, `mapping-column`, or `mapping-too-many` where `find` gives more
                people than its limit.
        """
        rows, fresh = self._ask([self._whom(_parameters(sought))])
        return settle(
            sought,
            self._people(rows[0]),
            connector=self.name,
            searched=self._searched(fresh, []),
            complete=self._mapping.complete,
        )

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: `database-…`, `mapping-…`, `person-not-here`, `person-gone`.
        """
        if person.connector != self.name:
            raise ConnectorFailed(
                "person-not-here", "That person was found in another record system; read it there."
            )
        served = sorted(categories & self.serves)
        limit = self._mapping.limits.rows
        questions = [self._whom({"key": person.key})] + [
            Question(
                select=self._mapping.categories[category].select,
                values={"key": person.key},
                rows=limit + 1,
            )
            for category in served
        ]
        (whom, *answers), fresh = self._ask(questions)
        record = next((each for each in self._people(whom) if each.key == person.key), None)
        if record is None:
            raise ConnectorFailed(
                "person-gone", "That record is no longer in the database; look for the person again."
            )
        rows: list[Row] = []
        for category, answer in zip(served, answers, strict=True):
            rows += statements(answer[:limit], category, self._mapping.categories[category].detail)
            if len(answer) > limit:
                rows.append(Row(category=category, entry=None, left=LeftReason.TOO_MANY))
        return reading(
            rows,
            frozenset(served),
            restricted=record.restricted,
            searched=self._searched(fresh, ways(person)),
        )

    def freshness(self) -> datetime | None:
        """Say what the mapping's `as_of` gives; None without it.

        Raises:
            ConnectorFailed: `database-…`.
        """
        _, fresh = self._ask([])
        if fresh is None or isinstance(fresh, datetime):
            return fresh
        return datetime.combine(fresh, time.min, UTC)

    def unread(self) -> tuple[Unread, ...]:
        """Nothing: a SELECT gives its rows or fails."""
        return ()

    def check(self) -> tuple[Finding, ...]:
        """Compare the mapping with the live schema, for `doctor`; empty where all is well.

        Raises:
            ConnectorFailed: `database-…`.
        """
        return check(self._mapping, self._database)

    def _ask(self, questions: list[Question]) -> tuple[list[list[Values]], datetime | date | None]:
        as_of = self._mapping.as_of
        asked = questions if as_of is None else [*questions, Question(select=as_of, rows=1)]
        answers = self._database.ask(asked) if asked else []
        if as_of is None:
            return answers, None
        value = next(iter(answers[-1][0].values()), None) if answers[-1] else None
        aware = isinstance(value, datetime) and value.tzinfo is not None
        return answers[:-1], value if aware else read_date(value)  # type: ignore[return-value]

    def _whom(self, values: Values) -> Question:
        return Question(select=self._mapping.find, values=values, rows=self._mapping.limits.people + 1)

    def _people(self, rows: list[Values]) -> tuple[Described, ...]:
        limit = self._mapping.limits.people
        if len(rows) > limit:
            raise ConnectorFailed(
                "mapping-too-many",
                f"find gives more than {limit} rows; narrow its WHERE, or raise limits.people.",
            )
        return people(rows, self._mapping.identifiers)

    def _searched(self, fresh: datetime | date | None, by: list[str]) -> Searched:
        return Searched(systems=[self.name], by=by, as_of=fresh)


def _parameters(sought: SubjectSought) -> dict[str, object]:
    """What `find` may name; of several identifiers of a kind the first."""
    values: dict[str, object] = {"name": sought.name, "born": sought.born}
    for each in reversed(sought.identifiers):
        values[IDENTIFIER + each.system.replace("-", "_")] = identifier.written(each).value
    return values
