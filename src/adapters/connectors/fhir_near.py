"""What a FHIR server holds of one person, and of whoever is linked to them or lives with them.

Promises: the people whom the person's record names as related, who name the person so, or who share a
postcode, telephone or e-mail address are fetched where the server can look for them, so that what is kept of
a restricted one among them is known; where a search was cut short, `unsure` says so. Whom the server cannot
look for is not known here: a server holds millions, and a folder does not.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from adapters.connectors import nhs_number
from adapters.connectors.connector import LeftReason
from adapters.connectors.fhir_http import Asking
from adapters.connectors.fhir_index import Index, Person, make_index
from adapters.connectors.fhir_json import JsonObject, objects, text, texts, walk
from adapters.connectors.fhir_label import is_restricted
from adapters.connectors.fhir_reading import CATEGORIES
from adapters.connectors.fhir_search import Results, resource, search
from adapters.connectors.fhir_source import Located
from policies.vocabulary import Category

_VALUES: Final = 4
"""Postcodes, and telephones and e-mails, by which neighbours are looked for."""
_PEOPLE: Final = 200
"""Relatives and neighbours looked at; more leave it unsure."""
_CARE: Final = 40
"""Practices, staff and places fetched of restricted people."""
_CARERS: Final = frozenset({"Organization", "Practitioner", "PractitionerRole", "Location"})


class Near:
    """Gathers resources in one call. `resources` grows; `left` counts what a search did not give."""

    def __init__(self, asking: Asking, patient: Located) -> None:
        self._asking = asking
        self._patient = patient
        self._size = str(asking.limits.page_size)
        self.resources: list[Located] = [patient]
        self.left: Counter[tuple[Category, LeftReason]] = Counter()
        self.unsupported: set[str] = set()
        self.unsure = 0
        self._loaded: set[str] = set()
        self._people: set[str] = {_id(patient)}

    def load(self, kinds: frozenset[str]) -> None:
        """Fetch the person's records of these resource types, each type once."""
        for kind in sorted(kinds - self._loaded - {"Patient"}):
            self._loaded.add(kind)
            found = records(self._asking, kind, _id(self._patient), self._size)
            if not found.supported:
                self.unsupported.add(kind)
            self.resources += found.resources
            if found.missing:
                for category, (made_of, _) in CATEGORIES.items():
                    if made_of == kind:
                        self.left[category, LeftReason.UNREADABLE] += found.missing

    def load_people(self) -> None:
        """Fetch whoever is linked to the person or may live with them."""
        for ask in self._looks():
            found = ask()
            self.unsure += found.missing
            for each in found.resources:
                if len(self._people) > _PEOPLE:
                    self.unsure += 1
                    return
                if each.kind == "Patient":
                    self._add(each)
                elif each.kind == "RelatedPerson":
                    self._add_named(each)

    def load_care(self, people: list[Person], *, needed: bool) -> None:
        """Fetch what the records of these people refer to as who cares for them, or where. `needed`: all of
        it, as it must not leave; else it only gives names to what leaves.
        """
        wanted: dict[tuple[str, str], None] = {}
        for person in people:
            for located in (*person.copies, *person.records):
                wanted.update(dict.fromkeys(_references(located.raw)))
        for kind, given in list(wanted)[:_CARE]:
            _, found = resource(self._asking, kind, given)
            if found is not None:
                self.resources.append(found)
        if needed:
            self.unsure += max(0, len(wanted) - _CARE)

    def index(self) -> Index:
        """Sort what there is so far."""
        return make_index(self.resources)

    def _add(self, patient: Located) -> None:
        if _id(patient) in self._people:
            return
        self._people.add(_id(patient))
        self.resources.append(patient)
        if is_restricted(patient.raw):
            # Where they can be reached also stands with their relatives.
            self.resources += records(self._asking, "RelatedPerson", _id(patient), self._size).resources

    def _add_named(self, related: Located) -> None:
        """Somebody's RelatedPerson who is this person: that somebody is linked to them."""
        self.resources.append(related)
        for whose in objects(related.raw, "patient"):
            kind, given = _target(text(whose, "reference") or "")
            if kind == "Patient" and given not in self._people:
                _, found = resource(self._asking, kind, given)
                if found is not None:
                    self._add(found)
            for number in _numbers({"identifier": whose.get("identifier")}):
                found_by = search(self._asking, "Patient", identifier=f"{nhs_number.FHIR_SYSTEM}|{number}")
                for each in found_by.resources:
                    if each.kind == "Patient":
                        self._add(each)

    def _looks(self) -> Iterator[Callable[[], Results]]:
        own = [each for each in self.resources if each.kind in ("Patient", "RelatedPerson")]
        for each in own:
            numbers = list(_numbers(each.raw))
            for number in numbers:
                value = f"{nhs_number.FHIR_SYSTEM}|{number}"
                kind = "RelatedPerson" if each.kind == "Patient" else "Patient"
                yield self._look(kind, identifier=value)
            family = next(iter(texts(each.raw, "name", "family")), None)
            born = text(each.raw, "birthDate")
            if each.kind == "RelatedPerson" and not numbers and family and born:
                yield self._look("Patient", family=family, birthdate=f"eq{born}")
        codes = {code.strip() for each in own for code in texts(each.raw, "address", "postalCode")}
        for code in self._some(codes):
            yield self._look("Patient", **{"address-postalcode": code})
        for contact in self._some({value for each in own for value in texts(each.raw, "telecom", "value")}):
            yield self._look("Patient", telecom=contact)

    def _some(self, values: set[str]) -> list[str]:
        self.unsure += max(0, len(values) - _VALUES)
        return sorted(values)[:_VALUES]

    def _look(self, kind: str, **parameters: str) -> Callable[[], Results]:
        return lambda: search(self._asking, kind, _count=self._size, **parameters)


def records(asking: Asking, kind: str, id: str, size: str) -> Results:
    """Search a patient's records of one type, as UK Core servers take it and as PDS does."""
    found = search(asking, kind, patient=id, _count=size)
    return found if found.supported else search(asking, f"Patient/{id}/{kind}")


def is_id(written: str) -> bool:
    """Whether it is written as a resource's id: letters, digits, hyphens and full stops, but no path."""
    return (
        0 < len(written) <= 64
        and all(c.isascii() and (c.isalnum() or c in "-.") for c in written)
        and written.strip(".") != ""
    )


def _id(located: Located) -> str:
    return text(located.raw, "id") or ""


def _numbers(raw: JsonObject) -> Iterator[str]:
    for identifier in objects(raw, "identifier"):
        if text(identifier, "system") == nhs_number.FHIR_SYSTEM:
            try:
                yield nhs_number.check(text(identifier, "value") or "")
            except nhs_number.NumberRefused:
                continue


def _references(raw: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in walk(raw):
        if name == "reference" and isinstance(value, str):
            kind, given = _target(value)
            if kind in _CARERS:
                yield kind, given


def _target(reference: str) -> tuple[str, str]:
    kind, _, given = "/".join(reference.partition("/_history/")[0].split("/")[-2:]).partition("/")
    return (kind, given) if is_id(given) else ("", "")
