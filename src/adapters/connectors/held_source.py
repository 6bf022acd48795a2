"""A record system that is a file, or a few, read whole into memory: a census, an extract.

Promises: read-only; read again only when a file changed; a bad row is counted and stops nothing, a bad file
says so; people are found by `matching`. Does not promise a snapshot of files that change while they are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from threading import Lock

from adapters.connectors.connector import ConnectorFailed, Match, PersonRef, Reading, SubjectSought, Unread
from adapters.connectors.row import Row, reading
from adapters.matching.person import Described
from adapters.matching.settle import settle, ways
from broker.protocol.body import Searched
from policies.vocabulary import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All that the files hold. `system` says what was searched, its date included; `complete` are the
    identifiers which every record bears.
    """

    system: str
    as_of: datetime | date | None
    people: tuple[Described, ...] = field(repr=False)
    rows: Mapping[str, tuple[Row, ...]] = field(repr=False)
    complete: frozenset[str] = frozenset()
    unread: tuple[Unread, ...] = ()


class HeldSource:
    """Files as one record system. Safe to call from several threads.

    `stamp` changes whenever the files do; `load` reads them. Both raise ConnectorFailed.
    """

    def __init__(
        self,
        name: str,
        *,
        serves: frozenset[Category],
        stamp: Callable[[], object],
        load: Callable[[], Held],
    ) -> None:
        self._name = name
        self._serves = serves
        self._stamp = stamp
        self._load = load
        self._lock = Lock()
        self._seen: tuple[object, Held] | None = None

    @property
    def name(self) -> str:
        """Name the system in words an asker understands."""
        return self._name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer."""
        return self._serves

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person.

        Raises:
            ConnectorFailed: the files cannot be read.
        """
        held = self._look()
        return settle(
            sought,
            held.people,
            connector=self._name,
            searched=_searched(held, []),
            complete=held.complete,
        )

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: the files cannot be read; `person-not-here`, `person-gone`.
        """
        if person.connector != self._name:
            raise ConnectorFailed(
                "person-not-here", "That person was found in another record system; read it there."
            )
        held = self._look()
        record = next((each for each in held.people if each.key == person.key), None)
        if record is None:
            raise ConnectorFailed(
                "person-gone", "That record is no longer in the file; look for the person again."
            )
        return reading(
            held.rows.get(person.key, ()),
            categories & self._serves,
            restricted=record.restricted,
            searched=_searched(held, ways(person)),
        )

    def freshness(self) -> datetime | None:
        """Say to what day the files go; None where they do not say.

        Raises:
            ConnectorFailed: the files cannot be read.
        """
        as_of = self._look().as_of
        if as_of is None or isinstance(as_of, datetime):
            return as_of
        return datetime.combine(as_of, time.min, UTC)

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at."""
        return () if self._seen is None else self._seen[1].unread

    def _look(self) -> Held:
        with self._lock:
            stamp = self._stamp()
            if self._seen is None or self._seen[0] != stamp:
                self._seen = (stamp, self._load())
            return self._seen[1]


def _searched(held: Held, by: list[str]) -> Searched:
    bad = sum(each.count for each in held.unread)
    not_read = f", {bad} things in it could not be used" if bad else ""
    return Searched(systems=[f"{held.system}{not_read}"], by=by, as_of=held.as_of)
