"""What a person types in one line: an entry, what was searched, or a change to a draft.

Promises: nothing is guessed that matters; a line that cannot be read says what is missing and is typed again.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from adapters.answering import edit
from adapters.answering.edit import Field, RedactionReason
from adapters.answering.grading import parse_grading
from adapters.errors import WrongOrder
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Nature, Searched
from policies.vocabulary import HandlingCode

E = TypeVar("E", bound=StrEnum)

ENTRY: Final = (
    "[#PERSON] [DATE] fact|opinion|allegation [GRADING] WORDS, such as: 2026-10-12 fact Absent; no reason"
)
EDITS: Final = (
    "remove ENTRY REASON",
    "redact ENTRY on|recorded_by|reference|detail REASON",
    "passage ENTRY REASON the words as they stand",
    "grade ENTRY 2BP",
    "mark ENTRY fact|opinion|allegation",
    "handling CODE [conditions]",
    "as-of YYYY-MM-DD",
    "reasons: " + ", ".join(reason.value for reason in RedactionReason),
)
_WORD: Final = re.compile(r"(\S+)(?:\s+(.*))?\Z", re.DOTALL)


def typed_entry(line: str, *, people: int) -> Entry:
    """Read an entry: its marks in any order, then its words. Raises WrongOrder, `not-an-entry`."""
    subject, on, nature, grading = None, None, None, None
    rest = line.strip()
    while (match := _WORD.match(rest)) is not None:
        word, after = match[1].rstrip(":,"), match[2] or ""
        if subject is None and re.fullmatch(r"#\d{1,2}", word):
            subject = int(word[1:])
        elif on is None and (day := _day(word)) is not None:
            on = day
        elif nature is None and word.lower() in list(Nature):
            nature = Nature(word.lower())
        elif grading is None and (graded := parse_grading(word)) is not None:
            grading = graded
        else:
            break
        rest = after
    if nature is None:
        _refuse("say whether it is a fact, an opinion or an allegation, before the words")
    if not rest:
        _refuse("there are no words")
    if subject is None and people > 1:
        _refuse(f"say about whom, #1 to #{people}")
    if not 1 <= (subject or 1) <= people:
        _refuse(f"there is no person {subject}; they are #1 to #{people}")
    return Entry(subject=(subject or 1) - 1, on=on, what=rest, nature=nature, grading=grading)


def typed_searched(line: str, *, today: date, by: str) -> Searched:
    """Read `systems; ways`, each with commas between; without ways `by`, as it was asked. As of today."""
    systems, _, ways = line.partition(";")
    return Searched(systems=_several(systems), by=_several(ways) or [by], as_of=today)


def edited(order: ItemOrder, line: str) -> ItemOrder:
    """Do what one line of `EDITS` says. Raises WrongOrder: as `edit`, or `not-an-edit`."""
    verb, *rest = line.split(None, 1)
    words = (rest[0] if rest else "").split(None, 1)
    first, after = [*words, "", ""][:2]
    if verb == "handling":
        return edit.handled(order, _code(HandlingCode, first), after or None)
    if verb == "as-of":
        day = _day(first)
        return edit.fresh_as_of(order, day) if day else _not_an_edit("as-of takes a date, YYYY-MM-DD")
    number = int(first) if first.isascii() and first.isdigit() and len(first) < 5 else 0
    match verb:
        case "remove":
            return edit.remove(order, number, _code(RedactionReason, after))
        case "redact":
            field, reason = [*after.split(None, 1), "", ""][:2]
            return edit.redact_field(order, number, _code(Field, field), _code(RedactionReason, reason))
        case "passage":
            why, passage = [*after.split(None, 1), "", ""][:2]
            return edit.redact_passage(order, number, passage, _code(RedactionReason, why))
        case "grade":
            grading = parse_grading(after)
            if grading is None:
                _not_an_edit("a grading is such as 2BP")
            return edit.grade(order, number, grading)
        case "mark":
            return edit.mark(order, number, _code(Nature, after))
        case _:
            return _not_an_edit("it begins with remove, redact, passage, grade, mark, handling or as-of")


def _code(codes: type[E], word: str) -> E:
    try:
        return codes(word.strip())
    except ValueError:
        _not_an_edit("one of " + ", ".join(code.value for code in codes) + " is needed")


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word) if len(word) == 10 else None
    except ValueError:
        return None


def _several(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _refuse(what: str) -> NoReturn:
    raise WrongOrder("not-an-entry", f"That is no entry yet: {what}.")


def _not_an_edit(what: str) -> NoReturn:
    raise WrongOrder("not-an-edit", f"That cannot be done: {what}.")
