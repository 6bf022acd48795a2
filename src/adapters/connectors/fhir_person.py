"""Entries about who a person is: demographics, household, GP registration (Patient, RelatedPerson).

Promises: of a restricted record only that it is one, and who else is named as related, without where or how
to reach anybody. Former names and addresses are left for a person: they can reveal an adoption, a gender
recognition, a flight.
"""

from collections.abc import Iterator
from typing import Final

from adapters.connectors.connector import SourceEntry
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject, objects, text
from adapters.connectors.fhir_source import Located
from adapters.connectors.fhir_words import (
    address,
    after_colon,
    concept,
    entry,
    human_name,
    name_of,
    reference_to,
)

_NAMES: Final = ("usual", "official", None)
"""Uses of a name that are current, the best first."""
_FORMER: Final = frozenset({"old", "maiden", "anonymous", "temp", "nickname"})
_SYSTEMS: Final = {
    "phone": "Telephone",
    "email": "E-mail",
    "sms": "Text messages",
    "fax": "Fax",
    "pager": "Pager",
}


def demographics(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give name, birth date, sex as recorded, death, addresses and how to reach them."""
    if restricted:
        yield entry(
            on=None, what="A record is held. It is restricted: no name, date or address is given from it."
        )
        return
    for copy in person.current:
        reference = reference_to(copy, coded_only=False)
        patient = copy.raw
        yield entry(
            on=None,
            what=f"Name on record: {_name(patient) or 'none'}",
            reference=reference,
            detail=(("birth date", text(patient, "birthDate")), ("sex on record", text(patient, "gender"))),
        )
        if died := text(patient, "deceasedDateTime"):
            yield entry(on=died, what="Recorded as dead", reference=reference)
        elif patient.get("deceasedBoolean") is True:
            yield entry(on=None, what="Recorded as dead, without a date", reference=reference)
        for found in objects(patient, "address"):
            written = address(found)
            if written is not None and text(found, "use") != "old":
                yield entry(
                    on=text(found, "period", "start"),
                    what=f"Address: {written}",
                    reference=reference,
                    detail=(("use", text(found, "use")), ("until", text(found, "period", "end"))),
                )
        for found in objects(patient, "telecom"):
            written = text(found, "value")
            if written is not None and text(found, "use") != "old":
                yield entry(
                    on=text(found, "period", "start"),
                    what=f"{_SYSTEMS.get(text(found, 'system') or '', 'Contact')}: {written}",
                    reference=reference,
                    detail=(("use", text(found, "use")), ("until", text(found, "period", "end"))),
                )


def former(person: Person) -> int:
    """Count the former names and addresses that no reading gives."""
    return sum(
        text(found, "use") in _FORMER if part == "name" else text(found, "use") == "old"
        for copy in person.current
        for part in ("name", "address")
        for found in objects(copy.raw, part)
    )


def household(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give who the record names as related, and emergency contacts."""
    for related in person.of_kind("RelatedPerson"):
        yield _related(related, restricted=restricted)
    if restricted:
        return
    for copy in person.current:
        for contact in objects(copy.raw, "contact"):
            relation = concept(contact, "relationship", coded_only=False) or "Contact"
            name = human_name(next(iter(objects(contact, "name")), {}), coded_only=False)
            yield entry(
                on=text(contact, "period", "start"),
                what=f"{relation}: {name or 'name not recorded'}",
                reference=reference_to(copy, coded_only=False),
                detail=(*_reach(contact), ("until", text(contact, "period", "end"))),
            )


def gp_registration(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give the practice the record names."""
    if restricted:
        yield entry(on=None, what="Of a restricted record, whether and where there is a GP is not given.")
        return
    for copy in person.current:
        for reference in objects(copy.raw, "generalPractitioner"):
            target = index.resolve(copy, reference)
            code = text(reference, "identifier", "value")
            if code is None and target is not None:
                code = text(target, "identifier", "value")
            name = text(reference, "display") or (name_of(target) if target is not None else None)
            if name or code:
                yield entry(
                    on=text(reference, "identifier", "period", "start"),
                    what=f"Registered with GP: {name or code}",
                    reference=reference_to(copy, coded_only=False),
                    detail=(("ODS code", code), ("until", text(reference, "identifier", "period", "end"))),
                )


def _related(related: Located, *, restricted: bool) -> SourceEntry:
    raw = related.raw
    relation = concept(raw, "relationship", coded_only=restricted) or "Related person"
    name = human_name(next(iter(objects(raw, "name")), {}), coded_only=restricted)
    reach = () if restricted else _reach(raw)
    return entry(
        on=text(raw, "period", "start"),
        what=f"{relation}: {name or 'name not recorded'}",
        reference=reference_to(related, coded_only=restricted),
        detail=(
            *reach,
            ("until", text(raw, "period", "end")),
            ("in use", "no" if raw.get("active") is False else None),
        ),
    )


def _reach(holder: JsonObject) -> tuple[tuple[str, str | None], ...]:
    addresses = [written for found in objects(holder, "address") if (written := address(found))]
    contacts = [
        f"{after_colon(_SYSTEMS.get(text(found, 'system') or '', 'Contact'))} {written}"
        for found in objects(holder, "telecom")
        if (written := text(found, "value"))
    ]
    return (("address", "; ".join(addresses)), ("contact", "; ".join(contacts)))


def _name(patient: JsonObject) -> str | None:
    names = objects(patient, "name")
    for use in _NAMES:
        for name in names:
            if text(name, "use") == use:
                return human_name(name, coded_only=False)
    return None
