"""What a look at FHIR resources holds of one person, category by category, made ready to leave.

Promises: every reading has passed `release.redact` with the values of whoever in the look is restricted and
is this person, is linked to them or lives with them; a resource that is labelled or unreadable is counted,
not given.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final, Protocol

from adapters import release
from adapters.connectors import fhir_clinical, fhir_person
from adapters.connectors.connector import ENTRY_LIMIT, LeftForPerson, LeftReason, Reading, SourceEntry
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject
from adapters.connectors.fhir_label import is_restricted, is_sensitive
from adapters.connectors.fhir_seen import Seen
from adapters.connectors.fhir_source import Located
from adapters.connectors.fhir_valid import is_valid
from broker.protocol.body import Redaction, Searched
from policies.vocabulary import Category

Left = Mapping[tuple[Category, LeftReason], int]


class Compose(Protocol):
    """What makes the entries of one category."""

    def __call__(self, person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
        """Give entries in any order."""
        ...


CATEGORIES: Final[dict[Category, tuple[str, Compose]]] = {
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


def reading_of(
    record: Person,
    seen: Seen,
    categories: frozenset[Category],
    searched: Searched,
    *,
    left: Left | None = None,
) -> Reading:
    """Read those of `categories` that are made of FHIR. `left` is what the look itself already left out.

    Raises:
        ConnectorFailed: `restricted-value-left`.
    """
    restricted, protected = seen.protection(record)
    counted: Counter[tuple[Category, LeftReason]] = Counter(left or {})
    entries: dict[Category, tuple[SourceEntry, ...]] = {}
    redactions: dict[Category, tuple[Redaction, ...]] = {}
    for category in sorted(categories & CATEGORIES.keys()):
        kind, compose = CATEGORIES[category]
        usable = _usable(record, kind, restricted, counted, category)
        # Copies of one record say the same things twice.
        made = sorted(dict.fromkeys(compose(usable, seen.index, restricted=restricted)), key=_newest_first)
        if len(made) > ENTRY_LIMIT:
            counted[category, LeftReason.TOO_MANY] += len(made) - ENTRY_LIMIT
        entries[category] = tuple(made[:ENTRY_LIMIT])
        withheld = _WITHHELD.get(category, _CLINICAL_WITHHELD) if restricted else ()
        redactions[category] = tuple(Redaction(place=place, reason=release.REASON) for place in withheld)
    if Category.DEMOGRAPHICS in entries and (former := fhir_person.former(record)):
        counted[Category.DEMOGRAPHICS, LeftReason.FORMER] += former
    reading = Reading(
        entries=entries,
        restricted=restricted,
        searched=searched,
        redactions=redactions,
        left=tuple(
            LeftForPerson(category=category, reason=reason, count=count)
            for (category, reason), count in sorted(counted.items())
        ),
    )
    return release.redact(reading, protected)


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
