"""Entries about health: attendances, conditions, observations, flags (Encounter, Condition, Observation,
Flag).

Promises: what is marked as entered in error is not given; a diagnosis that is not confirmed is given as an
opinion; of a restricted record only coded words, values and dates are given: no place, no name of staff, no
note. Does not judge what is relevant.
"""

from collections.abc import Iterator
from typing import Final

from adapters.connectors.connector import SourceEntry
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject, objects, text, texts
from adapters.connectors.fhir_source import Located
from adapters.connectors.fhir_words import after_colon, concept, entry, quantity, reference_to, status, who
from broker.protocol.body import Nature

_ERROR: Final = "entered-in-error"
_ATTENDANCE: Final = {
    "EMER": "Emergency attendance", "AMB": "Outpatient or surgery attendance", "IMP": "Hospital stay",
    "ACUTE": "Acute hospital stay", "NONAC": "Hospital stay, not acute", "OBSENC": "Observation stay",
    "PRENC": "Visit before admission", "SS": "Short hospital stay", "HH": "Home visit",
    "FLD": "Visit in the field", "VR": "Remote contact",
}  # fmt: skip
"""v3-ActCode's kinds of encounter."""
_NOT_YET: Final = {"planned": "Planned", "cancelled": "Cancelled"}
_DOUBTFUL: Final = frozenset({"unconfirmed", "provisional", "differential"})
_DETAILS_WITHHELD: Final = "details not given"


def attendances(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give each Encounter as kind and reason."""
    for located in person.of_kind("Encounter"):
        raw = located.raw
        state = text(raw, "status")
        if state == _ERROR:
            continue
        kind = _ATTENDANCE.get(text(raw, "class", "code") or "", "Attendance")
        if state in _NOT_YET:
            kind = f"{_NOT_YET[state]}: {after_colon(kind)}"
        reason = concept(raw, "reasonCode", coded_only=restricted) or concept(
            raw, "type", coded_only=restricted
        )
        reason = reason or (_DETAILS_WITHHELD if restricted else "reason not recorded")
        place = None if restricted else who(located, raw, "serviceProvider", index=index)
        staff = None if restricted else who(located, raw, "participant", "individual", index=index)
        yield entry(
            on=text(raw, "period", "start"),
            what=f"{kind}: {after_colon(reason)}",
            recorded_by=staff or place,
            reference=reference_to(located, coded_only=restricted),
            detail=(
                ("until", text(raw, "period", "end")),
                ("status", None if state == "finished" else status(raw, "status", coded_only=restricted)),
                ("at", place),
                ("place", None if restricted else who(located, raw, "location", "location", index=index)),
            ),
        )


def conditions(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give each Condition with its clinical status, and what is doubtful about it."""
    for located in person.of_kind("Condition"):
        raw = located.raw
        verified = text(raw, "verificationStatus", "coding", "code")
        if verified == _ERROR:
            continue
        named = concept(raw, "code", coded_only=restricted) or _unnamed("condition", restricted)
        doubtful = verified in _DOUBTFUL
        if verified == "refuted":
            named = f"Ruled out: {after_colon(named)}"
        elif doubtful:
            named = f"{named} ({verified})"
        recorded = text(raw, "recordedDate")
        onset = text(raw, "onsetDateTime") or text(raw, "onsetPeriod", "start")
        yield entry(
            on=onset or recorded,
            what=named,
            nature=Nature.OPINION if doubtful else Nature.FACT,
            recorded_by=None if restricted else _first(located, index, "recorder", "asserter"),
            reference=reference_to(located, coded_only=restricted),
            detail=(
                ("clinical status", status(raw, "clinicalStatus", "coding", "code", coded_only=restricted)),
                ("ended", text(raw, "abatementDateTime") or text(raw, "abatementPeriod", "end")),
                ("recorded", recorded if onset is not None else None),
                ("severity", concept(raw, "severity", coded_only=restricted)),
                ("note", None if restricted else _note(raw)),
            ),
        )


def observations(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give each Observation as what was measured and what came of it."""
    for located in person.of_kind("Observation"):
        raw = located.raw
        state = text(raw, "status")
        if state in {_ERROR, "cancelled"}:
            continue
        measured = concept(raw, "code", coded_only=restricted) or _unnamed("measurement", restricted)
        parts = [_value(raw, restricted)]
        for component in objects(raw, "component"):
            part = concept(component, "code", coded_only=restricted)
            value = _value(component, restricted)
            if part is not None and value is not None:
                parts.append(f"{after_colon(part)} {value}")
        values = ", ".join(part for part in parts if part is not None)
        yield entry(
            on=text(raw, "effectiveDateTime") or text(raw, "effectivePeriod", "start") or text(raw, "issued"),
            what=f"{measured}: {values or _no_value(restricted)}",
            recorded_by=None if restricted else who(located, raw, "performer", index=index),
            reference=reference_to(located, coded_only=restricted),
            detail=(
                ("status", None if state == "final" else status(raw, "status", coded_only=restricted)),
                ("interpretation", concept(raw, "interpretation", coded_only=restricted)),
                ("note", None if restricted else _note(raw)),
            ),
        )


def flags(person: Person, index: Index, *, restricted: bool) -> Iterator[SourceEntry]:
    """Give each Flag."""
    for located in person.of_kind("Flag"):
        raw = located.raw
        if text(raw, "status") == _ERROR:
            continue
        yield entry(
            on=text(raw, "period", "start"),
            what=f"Alert: {concept(raw, 'code', coded_only=restricted) or _unnamed('alert', restricted)}",
            recorded_by=None if restricted else who(located, raw, "author", index=index),
            reference=reference_to(located, coded_only=restricted),
            detail=(
                ("status", status(raw, "status", coded_only=restricted)),
                ("kind", concept(raw, "category", coded_only=restricted)),
                ("until", text(raw, "period", "end")),
            ),
        )


def _no_value(restricted: bool) -> str:
    return "value not given" if restricted else "no value recorded"


def _unnamed(kind: str, restricted: bool) -> str:
    return _DETAILS_WITHHELD if restricted else f"{kind} without a name"


def _value(holder: JsonObject, restricted: bool) -> str | None:
    """Give what was found; of a restricted record no free text."""
    measured = quantity(holder, "valueQuantity", coded_only=restricted)
    if measured is not None:
        return measured
    coded = concept(holder, "valueCodeableConcept", coded_only=restricted)
    if coded is not None:
        return after_colon(coded)
    plain = holder.get("valueBoolean")
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    number = holder.get("valueInteger")
    if isinstance(number, int):
        return str(number)
    if restricted:
        return None
    return text(holder, "valueString") or text(holder, "valueDateTime") or text(holder, "valueTime")


def _first(located: Located, index: Index, *names: str) -> str | None:
    return next((found for name in names if (found := who(located, located.raw, name, index=index))), None)


def _note(raw: JsonObject) -> str | None:
    return " ".join(texts(raw, "note", "text")) or None
