"""A connector to start from: copy it, put your system in place of ROWS, try it (docs/connectors.md)."""

from datetime import UTC, date, datetime

from adapters.connectors import connector as api
from adapters.matching.person import Described, Name
from adapters.matching.settle import settle
from broker.protocol.body import NHS_NUMBER, Identifier, Searched
from policies.vocabulary import Category

VISITS = Category.HEALTH_ATTENDANCES
ROWS = (("7", "9990000018", "Zebedee", "Quillfeather", "2016-05-04", "2026-01-02", "An invented ailment."),)


class Register:
    """Your system, read-only. Calls may block: a connector runs in a process of its own."""

    name = "Invented register"  # in words an asker understands
    serves = frozenset({VISITS})  # what it can always answer

    def __init__(self, place: str) -> None:
        self._place = place  # what stands after `python:FILE.py:`, such as a file of settings

    def find(self, sought: api.SubjectSought) -> api.Match:
        """Describe whoever might be sought; `settle` says who it is, nobody, or that a person must look."""
        people = []
        for key, number, given, family, born, _, _ in ROWS:
            name, nhs = Name(given=given, family=family), Identifier(system=NHS_NUMBER, value=number)
            day = date.fromisoformat(born)
            people.append(Described(key=key, names=(name,), born=day, identifiers=(nhs,)))
        return settle(sought, people, connector=self.name, searched=self._searched())

    def read(self, person: api.PersonRef, categories: frozenset[Category]) -> api.Reading:
        """Give what is asked and served, of this one person, dated and in plain words."""
        rows = [row for row in ROWS if row[0] == person.key]
        if person.connector != self.name or not rows:
            raise api.ConnectorFailed("person-gone", "That record is not here; look for the person again.")
        said = [api.SourceEntry(on=date.fromisoformat(row[5]), what=row[6]) for row in rows]
        entries = {VISITS: tuple(said)} if VISITS in categories else {}
        return api.Reading(entries=entries, restricted=False, searched=self._searched(), redactions={})

    def freshness(self) -> datetime | None:
        """When your system last changed; None where nothing is known."""
        return datetime(2026, 1, 2, tzinfo=UTC)

    def unread(self) -> tuple[api.Unread, ...]:
        """What could not be used: counted, never named."""
        return ()

    def _searched(self) -> Searched:
        return Searched(
            systems=[self.name], by=["NHS number, or name and birth date"], as_of=self.freshness()
        )


def open_connector(place: str) -> Register:
    """What `python:FILE.py:PLACE` calls."""
    return Register(place)
