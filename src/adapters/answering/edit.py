"""What a person does to a draft before it leaves: take out an entry, a field or a passage, grade, mark, date.

Promises: whatever is taken out is gone from the order and its place and coded reason travel instead; an
answer never becomes "nothing found" by taking everything out. Pure: a draft in, another out. Entries count
from 1, as people see them.
"""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from adapters.errors import WrongOrder
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Grading, Nature, Redaction
from policies.vocabulary import HandlingCode

TAKEN: Final = "[…]"
"""What stands in place of a passage that was taken out."""


class RedactionReason(StrEnum):
    """Why something was left out: these words travel, so none tells what it was."""

    THIRD_PARTY = "third-party"
    """It is about somebody whom nobody asked about."""
    SANITISED = "sanitised"
    """Intelligence was made fit to leave."""
    SAFETY = "safety"
    """Telling would put somebody at risk."""
    NOT_NECESSARY = "not-necessary"
    """It does not bear on the purpose."""
    PRIVILEGED = "privileged"
    """Legal professional privilege."""
    COURT = "court-restriction"
    """A court order or rule restricts it."""


class Field(StrEnum):
    """The fields of an entry that may be taken out alone."""

    ON = "on"
    RECORDED_BY = "recorded_by"
    REFERENCE = "reference"
    DETAIL = "detail"


def remove(order: ItemOrder, number: int, reason: RedactionReason) -> ItemOrder:
    """Take a whole entry out. Raises WrongOrder: `no-such-entry`, `nothing-left`."""
    gone = _entry(order, number)
    if len(order.entries) == 1:
        raise WrongOrder(
            "nothing-left",
            "That is the only entry; an answer without any would read as nothing held. Decline instead.",
        )
    kept = [_shifted(one, number - 1) for one in order.redactions if one.entry != number - 1]
    kept.append(Redaction(place=_dated(gone), reason=reason.value))
    entries = order.entries[: number - 1] + order.entries[number:]
    return replace(order, entries=entries, redactions=tuple(kept))


def redact_field(order: ItemOrder, number: int, field: Field, reason: RedactionReason) -> ItemOrder:
    """Take one field of an entry out. Raises WrongOrder: `no-such-entry`, `nothing-there`."""
    entry = _entry(order, number)
    if not getattr(entry, field.value):
        raise WrongOrder("nothing-there", f"Entry {number} has no {field.value.replace('_', ' ')}.")
    clean = entry.model_copy(update={field.value: {} if field is Field.DETAIL else None})
    return _redacted(order, number, clean, field.value.replace("_", " "), reason)


def redact_passage(order: ItemOrder, number: int, passage: str, reason: RedactionReason) -> ItemOrder:
    """Take a passage out of an entry's words and details, wherever it stands there.

    Raises:
        WrongOrder: `no-such-entry`, `nothing-there`.
    """
    entry = _entry(order, number)
    if not passage.strip():
        raise WrongOrder("nothing-there", "A passage has at least one letter.")
    detail = {
        name.replace(passage, TAKEN): value.replace(passage, TAKEN) for name, value in entry.detail.items()
    }
    clean = entry.model_copy(update={"what": entry.what.replace(passage, TAKEN), "detail": detail})
    if clean == entry:
        raise WrongOrder(
            "nothing-there", f"Entry {number} does not have that passage; write it exactly as it stands."
        )
    return _redacted(order, number, clean, "a passage", reason)


def grade(order: ItemOrder, number: int, grading: Grading) -> ItemOrder:
    """Grade an entry 3x5x2. Raises WrongOrder: `no-such-entry`."""
    return _with(order, number, _entry(order, number).model_copy(update={"grading": grading}))


def mark(order: ItemOrder, number: int, nature: Nature) -> ItemOrder:
    """Mark an entry as fact, opinion or allegation. Raises WrongOrder: `no-such-entry`."""
    return _with(order, number, _entry(order, number).model_copy(update={"nature": nature}))


def fresh_as_of(order: ItemOrder, as_of: date | datetime) -> ItemOrder:
    """Say to what date the systems were searched."""
    return replace(order, searched=order.searched.model_copy(update={"as_of": as_of}))


def handled(order: ItemOrder, code: HandlingCode, conditions: str | None) -> ItemOrder:
    """Set the handling code and the conditions that go with it."""
    return replace(order, handling=code, conditions=conditions or order.conditions)


def under_conditions(order: ItemOrder) -> bool:
    """Whether the answer, or an entry of it, may be shared only under conditions: never without a person."""
    graded = any(entry.grading is not None and entry.grading.handling == "C" for entry in order.entries)
    return graded or order.handling is HandlingCode.C


def verify_conditions(order: ItemOrder) -> None:
    """Return only if what needs conditions has them. Raises WrongOrder, `no-conditions`."""
    if under_conditions(order) and not order.conditions:
        raise WrongOrder(
            "no-conditions", "Handling C is permitted only under conditions; write them, and they travel."
        )


def _entry(order: ItemOrder, number: int) -> Entry:
    if not 1 <= number <= len(order.entries):
        raise WrongOrder("no-such-entry", f"There is no entry {number}; there are {len(order.entries)}.")
    return order.entries[number - 1]


def _with(order: ItemOrder, number: int, entry: Entry) -> ItemOrder:
    entries = (*order.entries[: number - 1], entry, *order.entries[number:])
    return replace(order, entries=entries)


def _redacted(order: ItemOrder, number: int, clean: Entry, what: str, reason: RedactionReason) -> ItemOrder:
    taken = Redaction(place=f"{_dated(clean)}: {what}", reason=reason.value, entry=number - 1)
    before = order.redactions
    if clean.on is None and (dated := _dated(_entry(order, number))) != _dated(clean):
        # What was taken out of it before says where by the date that goes now.
        before = tuple(_undated(one, dated, number - 1) for one in before)
    redactions = before if taken in before else (*before, taken)
    return replace(_with(order, number, clean), redactions=redactions)


def _undated(redaction: Redaction, dated: str, entry: int) -> Redaction:
    if redaction.entry != entry or not redaction.place.startswith(dated):
        return redaction
    return redaction.model_copy(update={"place": "an entry" + redaction.place.removeprefix(dated)})


def _dated(entry: Entry) -> str:
    # As connectors write the places of what they leave out.
    return "an entry" if entry.on is None else f"an entry of {entry.on.isoformat()}"


def _shifted(redaction: Redaction, gone: int) -> Redaction:
    if redaction.entry is None or redaction.entry < gone:
        return redaction
    return redaction.model_copy(update={"entry": redaction.entry - 1})
