"""FHIR's data types in plain words, cut to what a body takes.

Promises: from a restricted record (`coded_only`) come only what published terminologies call a code, statuses
of the standard's closed sets and units that are one short token; never free text, nor a local system's
display. Does not translate: a display is what the record's own system wrote.
"""

import re
from typing import Final

from adapters.connectors.connector import SourceEntry
from adapters.connectors.fhir_index import Index
from adapters.connectors.fhir_json import JsonObject, objects, text, texts, when
from adapters.connectors.fhir_source import Located
from broker.protocol.body import Nature

_LINE: Final = 500
_WORDS: Final = 20_000
_DETAILS: Final = 32
"""What a body's entry takes."""
_CUT: Final = " … (cut)"
# SNOMED CT ends a fully specified name with its semantic tag, which is no plain word.
_TAG: Final = re.compile(
    r" \((?:disorder|finding|procedure|situation|event|regime/therapy|observable entity|environment|person|"
    r"qualifier value|morphologic abnormality|body structure|record artifact)\)$"
)
_PUBLISHED: Final = (
    "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/", "http://terminology.hl7.org/",
    "https://fhir.hl7.org.uk/", "https://fhir.nhs.uk/", "http://read.info/",
)  # fmt: skip
"""Code systems whose words are not a desk's own: SNOMED CT, LOINC, ICD-10 and others by HL7, UK Core, NHS,
Read.
"""
_STATUS: Final = frozenset({
    "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "unknown",
    "registered", "preliminary", "final", "amended", "corrected", "active", "inactive", "recurrence",
    "relapse", "remission", "resolved",
})  # fmt: skip
"""Codes of Encounter.status, Observation.status, Flag.status and condition-clinical; the standard closes
these sets, records do not always.
"""
_UNIT: Final = re.compile(r"[A-Za-z0-9µ%°/.*^\[\]]{1,12}")
_COMPARATORS: Final = frozenset({"", "<", "<=", ">=", ">"})
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def line(written: str) -> str:
    """Give the text in one line of at most 500 characters, and say where it was cut."""
    single = " ".join(written.split())
    return single if len(single) <= _LINE else single[: _LINE - len(_CUT)] + _CUT


def concept(value: object, *path: str, coded_only: bool) -> str | None:
    """Give a CodeableConcept's words: its text, or what its codes mean; the bare code where nobody said."""
    for found in objects(value, *path):
        if coded_only:
            published = [coding for coding in objects(found, "coding") if _is_published(coding)]
            chosen = next(iter(texts(published, "display")), None)
        else:
            codings = (*texts(found, "coding", "display"), *texts(found, "coding", "code"))
            chosen = text(found, "text") or next(iter(codings), None)
        if chosen is not None:
            return _TAG.sub("", chosen)
    return None


def status(value: object, *path: str, coded_only: bool) -> str | None:
    """Give a status code; of a restricted record only one the standard knows."""
    code = text(value, *path)
    return None if coded_only and code not in _STATUS else code


def after_colon(words: str) -> str:
    """Give words with a small first letter, unless the first word is written in capitals or mixed."""
    first = words.split(" ", 1)[0]
    return words[0].lower() + words[1:] if first[1:] == first[1:].lower() and len(first) > 1 else words


def who(at: Located, value: object, *path: str, index: Index) -> str | None:
    """Give the name a reference shows or leads to."""
    for reference in objects(value, *path):
        shown = text(reference, "display")
        if shown is not None:
            return line(shown)
        found = index.resolve(at, reference)
        if found is not None and (name := name_of(found)) is not None:
            return line(name)
        if (code := text(reference, "identifier", "value")) is not None:
            return line(code)
    return None


def name_of(resource: JsonObject) -> str | None:
    """Give the name of an organisation, a place or a person."""
    if isinstance(resource.get("name"), str):
        return text(resource, "name")
    return human_name(next(iter(objects(resource, "name")), {}), coded_only=False)


def human_name(name: JsonObject, *, coded_only: bool) -> str | None:
    """Give a HumanName as spoken: prefix, given names, family name, suffix; its text only where there is no
    more.
    """
    parts = [*texts(name, "given"), *texts(name, "family")]
    if parts:
        parts = [*texts(name, "prefix"), *parts, *texts(name, "suffix")]
    return " ".join(parts) or (None if coded_only else text(name, "text"))


def address(value: JsonObject) -> str | None:
    """Give an Address as one line."""
    lines = texts(value, "line") or texts(value, "text")
    places = (
        *texts(value, "city"),
        *texts(value, "district"),
        *texts(value, "state"),
        *texts(value, "postalCode"),
    )
    return ", ".join(dict.fromkeys((*lines, *places))) or None


def quantity(value: object, name: str, *, coded_only: bool) -> str | None:
    """Give a Quantity as number and unit."""
    for found in objects(value, name):
        number = found.get("value")
        if isinstance(number, int | float) and not isinstance(number, bool):
            unit = text(found, "unit") or text(found, "code")
            comparator = text(found, "comparator") or ""
            if coded_only and (unit is None or not _UNIT.fullmatch(unit) or comparator not in _COMPARATORS):
                # A number whose unit or comparison is not certain would mislead.
                return None
            return f"{comparator}{number} {unit}" if unit else f"{comparator}{number}"
    return None


def reference_to(resource: Located, *, coded_only: bool) -> str | None:
    """Give type and id; of a restricted record only an id that is a UUID, which says nothing."""
    given = text(resource.raw, "id")
    if given is None or (coded_only and not _UUID.fullmatch(given)):
        return None
    return line(f"{resource.kind}/{given}")


def entry(
    *,
    on: str | None,
    what: str,
    nature: Nature = Nature.FACT,
    recorded_by: str | None = None,
    reference: str | None = None,
    detail: tuple[tuple[str, str | None], ...] = (),
) -> SourceEntry:
    """Make an entry within a body's bounds; `on` as FHIR writes it, a detail without a value left out."""
    whole, part = when(on)
    details = [
        (name, line(value))
        for name, value in (("when", part), *detail)
        if value is not None and value.strip()
    ]
    if len(what) > _WORDS:
        what = what[: _WORDS - len(_CUT)] + _CUT
    return SourceEntry(
        on=whole,
        what=what,
        nature=nature,
        recorded_by=recorded_by,
        reference=reference,
        detail=tuple(details[:_DETAILS]),
    )


def _is_published(coding: JsonObject) -> bool:
    return (text(coding, "system") or "").startswith(_PUBLISHED)
