"""What a person changes in a prepared answer, in a form.

Promises: entries are numbered as the draft was shown, whatever else is taken out; what the form does not name
stays as it was prepared.
"""

from collections.abc import Callable

from adapters.answering import edit
from adapters.answering.edit import Field, RedactionReason
from adapters.answering.holding_form import read_grading
from adapters.answering.section import Section
from adapters.errors import WrongOrder
from adapters.order import ItemOrder
from broker.protocol.body import Nature
from policies.vocabulary import HandlingCode

_Edit = Callable[[ItemOrder], ItemOrder]


def read_edits(form: Section, draft: ItemOrder) -> ItemOrder:
    """Read `redact`, `grade`, `mark`, `remove`, `handling`, `conditions` and `as_of`, and give the draft so
    changed. Raises BadForm.
    """
    edits: list[tuple[str, _Edit]] = []
    for name, read in (("redact", _redact), ("grade", _grade), ("mark", _mark)):
        edits += [(name, made) for made in form.each(name, f"what to {name}", read)]
    removed = form.each("remove", "an entry to remove", _remove)
    # From the last on, so that the numbers before it stay what they are.
    edits += [("remove", made) for _, made in sorted(removed, key=lambda each: -each[0])]
    order = draft
    for name, made in edits:
        try:
            order = made(order)
        except WrongOrder as error:
            form.refuse(name, f"cannot be done: {error.message[0].lower()}{error.message[1:].rstrip('.')}")
    handling = form.code_or_none("handling", HandlingCode) or order.handling
    order = edit.handled(order, handling, form.words_or_none("conditions"))
    as_of = form.day_or_moment_or_none("as_of")
    return order if as_of is None else edit.fresh_as_of(order, as_of)


def _redact(section: Section) -> _Edit:
    number, reason = section.count("entry", most=5_000), section.code("reason", RedactionReason)
    if section.has("passage"):
        passage = section.words("passage")
        return lambda order: edit.redact_passage(order, number, passage, reason)
    field = section.code("field", Field)
    return lambda order: edit.redact_field(order, number, field, reason)


def _grade(section: Section) -> _Edit:
    number, grading = section.count("entry", most=5_000), read_grading(section)
    return lambda order: edit.grade(order, number, grading)


def _mark(section: Section) -> _Edit:
    number, nature = section.count("entry", most=5_000), section.code("nature", Nature)
    return lambda order: edit.mark(order, number, nature)


def _remove(section: Section) -> tuple[int, _Edit]:
    number, reason = section.count("entry", most=5_000), section.code("reason", RedactionReason)
    return number, lambda order: edit.remove(order, number, reason)
