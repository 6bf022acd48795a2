"""A connector to a register kept as JSON lines, written from the template and its page alone."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.connectors import connector as api
from adapters.matching.person import Described, Name
from adapters.matching.settle import settle
from broker.protocol.body import NHS_NUMBER, Identifier, Searched
from policies.vocabulary import Category

SERVED = {"visit": Category.HEALTH_ATTENDANCES, "alert": Category.HEALTH_FLAGS}


class JsonLines:
    """One person a line: id, nhs, given, family, born, address, events of kind, on, what, by."""

    name = "Walk-in register"
    serves = frozenset(SERVED.values())

    def __init__(self, place: str) -> None:
        self._path = Path(place)
        self._bad = 0
        self._read_all()

    def find(self, sought: api.SubjectSought) -> api.Match:
        """Describe everybody, and let it be settled."""
        people = []
        for row in self._read_all():
            numbers = (Identifier(system=NHS_NUMBER, value=row["nhs"]),) if row.get("nhs") else ()
            people.append(
                Described(
                    key=row["id"],
                    names=(Name(given=row["given"], family=row["family"]),),
                    born=date.fromisoformat(row["born"]),
                    identifiers=numbers,
                    addresses=tuple(filter(None, (row.get("address"),))),
                )
            )
        return settle(sought, people, connector=self.name, searched=self._searched())

    def read(self, person: api.PersonRef, categories: frozenset[Category]) -> api.Reading:
        """Give the events of what was asked."""
        rows = [row for row in self._read_all() if row["id"] == person.key]
        if person.connector != self.name or len(rows) != 1:
            raise api.ConnectorFailed("person-gone", "That line is not in the register any more.")
        entries = {
            category: tuple(
                api.SourceEntry(
                    on=date.fromisoformat(event["on"]), what=event["what"], recorded_by=event["by"]
                )
                for event in rows[0]["events"]
                if event["kind"] == kind
            )
            for kind, category in SERVED.items()
            if category in categories
        }
        return api.Reading(entries=entries, restricted=False, searched=self._searched(), redactions={})

    def freshness(self) -> datetime | None:
        """When the file was last written."""
        return datetime.fromtimestamp(int(self._path.stat().st_mtime), UTC)

    def unread(self) -> tuple[api.Unread, ...]:
        """How many lines are no JSON."""
        return (api.Unread(file=1, code="not-json", count=self._bad),) if self._bad else ()

    def _read_all(self) -> list[dict[str, Any]]:
        rows, self._bad = [], 0
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError:
            raise api.ConnectorFailed("register-unreadable", "See that the register is there.") from None
        for line in lines:
            try:
                rows.append(json.loads(line))
            except ValueError:
                self._bad += 1
        return rows

    def _searched(self) -> Searched:
        by = ["NHS number, or name and birth date with something more"]
        return Searched(systems=[self.name], by=by, as_of=self.freshness())


def open_connector(place: str) -> JsonLines:
    """Open the register at a path."""
    return JsonLines(place)
