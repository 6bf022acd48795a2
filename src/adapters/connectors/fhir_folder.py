"""The connector to a folder of FHIR R4 JSON: single resources or Bundles, one person's or many's, in any
number of files.

Promises: read-only; a file is parsed again only when it changed; a bad file or resource is counted and stops
nothing; a person is restricted if any copy of their record, readable or not, says so, or if they live with or
are linked to one who is; every reading has passed `release.redact`. Does not promise a snapshot of a folder
that changes while it is read.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from adapters import release
from adapters.connectors import fhir_clinical, fhir_match, fhir_person
from adapters.connectors.connector import (
    ENTRY_LIMIT,
    ConnectorFailed,
    LeftForPerson,
    LeftReason,
    Match,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SourceEntry,
    SubjectSought,
    Unread,
)
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject
from adapters.connectors.fhir_label import is_restricted, is_sensitive
from adapters.connectors.fhir_seen import Seen
from adapters.connectors.fhir_source import Content, File, FolderLimits, Located, list_files, read_file
from adapters.connectors.fhir_valid import is_valid
from adapters.connectors.registry import existing
from broker.protocol.body import Redaction, Searched
from policies.vocabulary import Category


class Compose(Protocol):
    """What makes the entries of one category."""

    def __call__(self, person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
        """Give entries in any order."""
        ...


_CATEGORIES: Final[dict[Category, tuple[str, Compose]]] = {
    Category.DEMOGRAPHICS: ("Patient", fhir_person.demographics),
    Category.HOUSEHOLD: ("RelatedPerson", fhir_person.household),
    Category.GP_REGISTRATION: ("Patient", fhir_person.gp_registration),
    Category.HEALTH_ATTENDANCES: ("Encounter", fhir_clinical.attendances),
    Category.HEALTH_CONDITIONS: ("Condition", fhir_clinical.conditions),
    Category.HEALTH_OBSERVATIONS: ("Observation", fhir_clinical.observations),
    Category.HEALTH_FLAGS: ("Flag", fhir_clinical.flags),
}
"""Each category, the resource type it is made of, and what makes its entries."""
_WITHHELD: Final[dict[Category, tuple[str, ...]]] = {
    Category.DEMOGRAPHICS: ("name", "birth date", "address", "telephone and e-mail"),
    Category.HOUSEHOLD: ("address", "telephone and e-mail", "emergency contacts"),
    Category.GP_REGISTRATION: ("GP",),
}
_CLINICAL_WITHHELD: Final = ("recorded by", "place", "free text")
"""Said of every restricted record alike, so that it does not tell what the record holds."""

_BY: Final = {
    MatchedBy.NHS_NUMBER: "exact match on a checked NHS number",
    MatchedBy.PERSON: "a record chosen by a person at the source",
}


class FhirFolder:
    """A folder of FHIR R4 files as one record system. Safe to call from several threads."""

    def __init__(
        self, root: Path, *, name: str = "Health records (FHIR)", limits: FolderLimits | None = None
    ) -> None:
        self._root = root
        self._name = name
        self._limits = limits or FolderLimits()
        self._lock = Lock()
        self._contents: dict[Path, tuple[File, Content]] = {}
        self._left_out: tuple[Unread, ...] = ()
        self._seen = Seen((), ())

    @property
    def name(self) -> str:
        """Name the system in words an asker understands."""
        return self._name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer."""
        return frozenset(_CATEGORIES)

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person.

        Raises:
            ConnectorFailed: `folder-unreadable`.
        """
        seen = self._look()
        found = fhir_match.match(self._name, seen.index, sought, seen.mentions)
        return NotFound(searched=self._searched(seen, MatchedBy.NHS_NUMBER)) if found is None else found

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: `folder-unreadable`, `person-not-here`, `person-gone` or `restricted-value-left`.
        """
        if person.connector != self._name:
            raise ConnectorFailed(
                "person-not-here", "That person was found in another record system; read it there."
            )
        seen = self._look()
        record = seen.index.people.get(person.key)
        if record is None:
            raise ConnectorFailed(
                "person-gone", "That record is no longer in the folder; look for the person again."
            )
        restricted, protected = seen.protection(record)
        left: Counter[tuple[Category, LeftReason]] = Counter()
        entries: dict[Category, tuple[SourceEntry, ...]] = {}
        redactions: dict[Category, tuple[Redaction, ...]] = {}
        for category in sorted(categories & self.serves):
            kind, compose = _CATEGORIES[category]
            usable = _usable(record, kind, restricted, left, category)
            # Copies of one record say the same things twice.
            made = sorted(
                dict.fromkeys(compose(usable, seen.index, restricted=restricted)), key=_newest_first
            )
            if len(made) > ENTRY_LIMIT:
                left[category, LeftReason.TOO_MANY] += len(made) - ENTRY_LIMIT
            entries[category] = tuple(made[:ENTRY_LIMIT])
            withheld = _WITHHELD.get(category, _CLINICAL_WITHHELD) if restricted else ()
            redactions[category] = tuple(Redaction(place=place, reason=release.REASON) for place in withheld)
        if Category.DEMOGRAPHICS in entries and (former := fhir_person.former(record)):
            left[Category.DEMOGRAPHICS, LeftReason.FORMER] += former
        reading = Reading(
            entries=entries,
            restricted=restricted,
            searched=self._searched(seen, person.matched),
            redactions=redactions,
            left=tuple(
                LeftForPerson(category=category, reason=reason, count=count)
                for (category, reason), count in sorted(left.items())
            ),
        )
        return release.redact(reading, protected)

    def freshness(self) -> datetime | None:
        """Say when the newest file was last changed; None for an empty folder.

        Raises:
            ConnectorFailed: `folder-unreadable`.
        """
        return self._look().freshness

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at."""
        return self._seen.unread

    def _look(self) -> Seen:
        """List the folder, parse what changed, and sort it anew if anything did."""
        with self._lock:
            files, left_out = list_files(self._root, self._limits)
            known = self._contents
            contents: dict[Path, tuple[File, Content]] = {}
            for file in files:
                before = known.get(file.path)
                # The number is in what was read, so a file that moved in the order is read again.
                same = before is not None and (before[0].stamp, before[0].number) == (file.stamp, file.number)
                contents[file.path] = (
                    before if before is not None and same else (file, read_file(file, self._limits))
                )
            unchanged = len(known) == len(contents) and all(known.get(p) is c for p, c in contents.items())
            if not unchanged or left_out != self._left_out:
                self._contents, self._left_out = contents, left_out
                self._seen = Seen(contents.values(), left_out)
            return self._seen

    def _searched(self, seen: Seen, matched: MatchedBy) -> Searched:
        not_read = f", {seen.files_unread} could not be read" if seen.files_unread else ""
        return Searched(
            systems=[f"{self._name}: {seen.files} files{not_read}"],
            by=[_BY[matched]],
            as_of=seen.freshness,
        )


def open_folder(place: str) -> FhirFolder:
    """Open a folder by its path. Raises WrongOrder, `unknown-connector`."""
    return FhirFolder(existing(place, folder=True, what="folder of FHIR records"))


def _usable(
    person: Person,
    kind: str,
    restricted: bool,
    left: Counter[tuple[Category, LeftReason]],
    category: Category,
) -> Person:
    """Give the person with only those resources of a kind that may be made into entries; count the others."""

    def usable(located: Located) -> bool:
        reason = _why_left(located.raw, restricted)
        if reason is not None:
            left[category, reason] += 1
        return reason is None

    if kind == "Patient":
        return replace(person, copies=tuple(filter(usable, person.current)))
    records = tuple(record for record in person.of_kind(kind) if usable(record))
    return replace(person, records=records)


def _why_left(resource: JsonObject, restricted: bool) -> LeftReason | None:
    if is_sensitive(resource) or (is_restricted(resource) and not restricted):
        return LeftReason.LABELLED
    return None if is_valid(resource) else LeftReason.UNREADABLE


def _newest_first(entry: SourceEntry) -> tuple[bool, float, str]:
    on = entry.on
    if on is None:
        return True, 0.0, entry.what
    instant = on if isinstance(on, datetime) else datetime.combine(on, time.min, UTC)
    return False, -instant.timestamp(), entry.what
