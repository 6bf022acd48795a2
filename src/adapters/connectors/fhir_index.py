"""Who is in a folder of FHIR resources, and which resources are whose.

Promises: two Patient resources are one person only if they are copies of one record (same id, same NHS
numbers); a resource is a person's only if its reference leads to that person and to nobody else. What leads
nowhere, or to two, is nobody's and is counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.connectors import nhs_number
from adapters.connectors.connector import Unread
from adapters.connectors.fhir_json import JsonObject, objects, text
from adapters.connectors.fhir_source import Located
from adapters.connectors.nhs_number import CheckedNhsNumber

_VERIFICATION: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)
_VERIFIED: Final = "01"
_SUBJECT: Final = {
    "RelatedPerson": "patient", "Encounter": "subject", "Condition": "subject", "Observation": "subject",
    "Flag": "subject",
}  # fmt: skip
"""The member that says whose a resource is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedNumber:
    """An NHS number in a Patient, check digit verified. `current`: neither old nor ended; `traced`: the
    record does not say that it was not.
    """

    number: CheckedNhsNumber = field(repr=False)
    current: bool
    traced: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """One person's record: its copies, newest version last, and everything that refers to it."""

    key: str = field(repr=False)
    numbers: tuple[RecordedNumber, ...] = field(repr=False)
    copies: tuple[Located, ...]
    records: tuple[Located, ...]

    def of_kind(self, kind: str) -> tuple[Located, ...]:
        """Give the person's records of one resource type, older versions of the same left out."""
        return newest(record for record in self.records if record.kind == kind)

    @property
    def current(self) -> tuple[Located, ...]:
        """Give the copies of the newest version."""
        return newest(self.copies)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """The people of a folder by key and by number, and what references lead to."""

    people: Mapping[str, Person]
    by_number: Mapping[CheckedNhsNumber, tuple[Person, ...]]
    targets: Mapping[tuple[int, str], Located]
    """By file and name."""
    alone: Mapping[str, Located]
    """By name, where one resource only bears it in the whole folder."""
    unread: tuple[Unread, ...]

    def resolve(self, at: Located, reference: JsonObject) -> JsonObject | None:
        """Give the resource a reference leads to: in the same resource, the same file, or the folder."""
        target = text(reference, "reference")
        if target is None:
            return None
        if target.startswith("#"):
            return next((c for c in objects(at.raw, "contained") if text(c, "id") == target[1:]), None)
        relative = _relative(target)
        found = (
            self.targets.get((at.file, target))
            or self.targets.get((at.file, relative))
            or self.alone.get(target)
            or self.alone.get(relative)
        )
        return found.raw if found is not None else None


def recorded_numbers(patient: JsonObject) -> tuple[tuple[RecordedNumber, ...], int]:
    """Give a Patient's NHS numbers, and how many were refused."""
    found: dict[CheckedNhsNumber, RecordedNumber] = {}
    refused = 0
    for identifier in objects(patient, "identifier"):
        if text(identifier, "system") != nhs_number.FHIR_SYSTEM:
            continue
        try:
            number = nhs_number.check(text(identifier, "value") or "")
        except nhs_number.NumberRefused:
            refused += 1
            continue
        statuses = {
            text(coding, "code")
            for extension in objects(identifier, "extension")
            if text(extension, "url") == _VERIFICATION
            for coding in objects(extension, "valueCodeableConcept", "coding")
        }
        found[number] = RecordedNumber(
            number=number,
            # An end, even a future one, is for a person to weigh: no clock is read here.
            current=text(identifier, "use") != "old" and text(identifier, "period", "end") is None,
            traced=statuses <= {_VERIFIED},
        )
    return tuple(found.values()), refused


def newest(copies: Iterable[Located]) -> tuple[Located, ...]:
    """Give of each resource id only the newest version, where all its copies bear a number as version; else
    all.
    """
    by_id: dict[str, list[Located]] = defaultdict(list)
    for copy in copies:
        by_id[text(copy.raw, "id") or f"{copy.file} {copy.url}"].append(copy)
    kept: list[Located] = []
    for same in by_id.values():
        versions = [_version(copy) for copy in same]
        known = [version for version in versions if version is not None]
        if len(known) < len(versions):
            kept.extend(same)
        else:
            kept.extend(copy for copy, version in zip(same, versions, strict=True) if version == max(known))
    return tuple(kept)


def make_index(resources: Iterable[Located]) -> Index:
    """Sort resources to people; never raises for what is in them."""
    patients: dict[str, list[Located]] = defaultdict(list)
    targets: dict[tuple[int, str], Located] = {}
    alone: dict[str, Located] = {}
    common: set[str] = set()
    rest: list[Located] = []
    problems: Counter[tuple[int, str]] = Counter()
    for resource in resources:
        for name in _names(resource):
            targets.setdefault((resource.file, name), resource)
            if alone.setdefault(name, resource).file != resource.file:
                common.add(name)
        if resource.kind == "Patient":
            found, refused = recorded_numbers(resource.raw)
            if refused:
                problems[resource.file, "nhs-number-refused"] += refused
            patients[_key(resource, found, len(patients))].append(resource)
        elif resource.kind in _SUBJECT:
            rest.append(resource)
    # What a superseded version says of its number no longer counts.
    numbers = {key: _merged(newest(copies)) for key, copies in patients.items()}
    owners = _Owners(patients, numbers)
    records: dict[str, list[Located]] = defaultdict(list)
    for resource in rest:
        owner = owners.of(resource)
        if owner is None:
            problems[resource.file, "subject-unclear"] += 1
        else:
            records[owner].append(resource)
    people = {
        key: Person(key=key, numbers=numbers[key], copies=tuple(copies), records=tuple(records[key]))
        for key, copies in patients.items()
    }
    by_number: dict[CheckedNhsNumber, list[Person]] = defaultdict(list)
    for person in people.values():
        for recorded in person.numbers:
            by_number[recorded.number].append(person)
    return Index(
        people=people,
        by_number={number: tuple(bearers) for number, bearers in by_number.items()},
        targets=targets,
        alone={name: resource for name, resource in alone.items() if name not in common},
        unread=tuple(
            Unread(file=file, code=code, count=count) for (file, code), count in sorted(problems.items())
        ),
    )


class _Owners:
    """Whose a resource is. Names lead to sets of keys, so that what leads to two leads to nobody."""

    def __init__(
        self, patients: Mapping[str, list[Located]], numbers: Mapping[str, tuple[RecordedNumber, ...]]
    ) -> None:
        self._in_file: dict[tuple[int, str], set[str]] = defaultdict(set)
        self._anywhere: dict[str, set[str]] = defaultdict(set)
        self._without_url: dict[str, set[str]] = defaultdict(set)
        self._by_number: dict[str, set[str]] = defaultdict(set)
        for key, copies in patients.items():
            for copy in copies:
                for name in _names(copy):
                    self._in_file[copy.file, name].add(key)
                    if not name.startswith("urn:"):
                        self._anywhere[name].add(key)
                        if copy.url is None:
                            self._without_url[name].add(key)
            for recorded in numbers[key]:
                self._by_number[recorded.number].add(key)

    def of(self, resource: Located) -> str | None:
        claims: list[set[str]] = []
        for reference in objects(resource.raw, _SUBJECT[resource.kind]):
            target = text(reference, "reference")
            if target is not None:
                claims.append(self._led_to(resource.file, target))
            if text(reference, "identifier", "system") == nhs_number.FHIR_SYSTEM:
                claims.append(self._numbered(text(reference, "identifier", "value") or ""))
        if not claims:
            return None
        agreed = set.intersection(*claims)
        return agreed.pop() if len(agreed) == 1 and all(len(claim) >= 1 for claim in claims) else None

    def _led_to(self, file: int, target: str) -> set[str]:
        target = target.partition("/_history/")[0]
        if found := self._in_file.get((file, target)):
            return set(found)
        if target.startswith("urn:"):
            return set()
        if found := self._anywhere.get(target):
            return set(found)
        # An absolute address leads to a Patient that was saved without its own.
        return set(self._without_url.get(_relative(target), ())) if "://" in target else set()

    def _numbered(self, value: str) -> set[str]:
        try:
            return set(self._by_number.get(nhs_number.check(value), ()))
        except nhs_number.NumberRefused:
            return set()


def _names(resource: Located) -> tuple[str, ...]:
    # What a reference may say: the fullUrl, or type and id (FHIR R4, Bundle, "Resolving references in
    # Bundles").
    given = text(resource.raw, "id")
    relative = f"{resource.kind}/{given}" if given is not None else None
    return tuple(name for name in (resource.url, relative) if name is not None)


def _relative(target: str) -> str:
    return "/".join(target.partition("/_history/")[0].split("/")[-2:])


def _key(patient: Located, numbers: tuple[RecordedNumber, ...], ordinal: int) -> str:
    # An id is unique on one server only, so without an NHS number two files' patients stay two. Without an id
    # nothing says that two are copies.
    name = text(patient.raw, "id") or patient.url or f"nameless {ordinal}"
    marks: list[str] = sorted(recorded.number for recorded in numbers)
    return "|".join((name, *(marks or [f"file {patient.file}"])))


def _merged(copies: Iterable[Located]) -> tuple[RecordedNumber, ...]:
    merged: dict[CheckedNhsNumber, RecordedNumber] = {}
    for copy in copies:
        for recorded in recorded_numbers(copy.raw)[0]:
            before = merged.get(recorded.number, recorded)
            merged[recorded.number] = RecordedNumber(
                number=recorded.number,
                current=recorded.current and before.current,
                traced=recorded.traced and before.traced,
            )
    return tuple(merged.values())


def _version(copy: Located) -> int | None:
    written = text(copy.raw, "meta", "versionId")
    return (
        int(written)
        if written is not None and written.isascii() and written.isdecimal() and len(written) < 19
        else None
    )
