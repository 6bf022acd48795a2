"""Codes as a reader's words: gradings, natures, reasons for leaving out, handling codes, dates. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from adapters.picture.picture import Handling
from broker.protocol.body import Decided, Grading, Nature
from policies.vocabulary import HandlingCode, SubjectRole

_SOURCE: Final = {1: "reliable source", 2: "untested source", 3: "source not reliable"}
_INFORMATION: Final = {
    "A": "known directly to the source",
    "B": "known indirectly, corroborated",
    "C": "known indirectly",
    "D": "not known whether true",
    "E": "suspected to be false",
}
NATURES: Final = {Nature.FACT: "fact", Nature.OPINION: "opinion", Nature.ALLEGATION: "allegation"}
ROLES: Final = {
    SubjectRole.CHILD: "child",
    SubjectRole.SIBLING: "brother, sister or other child of the household",
    SubjectRole.PARENT: "parent",
    SubjectRole.CARER: "carer",
    SubjectRole.OTHER_ADULT: "other adult",
    SubjectRole.UNBORN: "unborn child",
}
DECIDED: Final = {
    Decided.NO_FURTHER_ACTION: "no further action",
    Decided.EARLY_HELP: "early help",
    Decided.CHILD_IN_NEED: "child in need: assessment or help (Children Act 1989 s.17)",
    Decided.STRATEGY_DISCUSSION: "strategy discussion (Children Act 1989 s.47)",
    Decided.IMMEDIATE_PROTECTION: "immediate protection",
}
HANDLING: Final = {
    HandlingCode.OFFICIAL: "OFFICIAL",
    HandlingCode.OFFICIAL_SENSITIVE: "OFFICIAL-SENSITIVE",
    HandlingCode.OFFICIAL_SENSITIVE_PERSONAL: "OFFICIAL-SENSITIVE PERSONAL",
    HandlingCode.P: "P: may be shared lawfully",
    HandlingCode.C: "C: only under the conditions stated",
}
LEGEND: Final = (
    ("Fact", "What the source says happened."),
    ("Opinion", "What somebody thinks."),
    ("Allegation", "What somebody says happened."),
    ("Told", "Words sent unasked."),
    ("Decision", "What was decided, and by whom."),
    ("Struck through", "Corrected by the source that said it; kept so that what rested on it is understood."),
    ("Nothing shared", "No information was shared; this does not mean that nothing is held."),
    ("Sources differ", "They do not agree, by plain rules. Both may be true: ask them."),
    ("Graded (3x5x2): source", "1 reliable, 2 untested, 3 not reliable."),
    (
        "Graded: information",
        "A known directly, B indirectly, corroborated, C indirectly, D not known, E suspected false.",
    ),
    ("Graded: handling", "P may be shared lawfully, C only under the conditions stated."),
)
"""What the words and letters of a picture mean."""
_MARKINGS: Final = (
    HandlingCode.OFFICIAL,
    HandlingCode.OFFICIAL_SENSITIVE,
    HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
)


def grading_words(grading: Grading | None) -> str | None:
    """A 3x5x2 grading with its letters, for a reader who does not know them."""
    if grading is None:
        return None
    code = f"{grading.source}{grading.information}{grading.handling}"
    handling = "may be shared lawfully" if grading.handling == "P" else "only under the conditions stated"
    return f"{code}: {_SOURCE[grading.source]}; {_INFORMATION[grading.information]}; {handling}"


def reason_words(code: str) -> str:
    """A coded reason as words. Which codes there are is the sources' own; their spelling is plain words."""
    return code.replace("-", " ")


def strictest(codes: Iterable[HandlingCode]) -> Handling:
    """The terms that satisfy all of these at once.

    What a picture holds is about named people, so where nothing says more it is OFFICIAL-SENSITIVE PERSONAL;
    intelligence (P, C) is marked so too, beside its own code.
    """
    found = set(codes)
    markings = [each for each in _MARKINGS if each in found]
    intelligence = next((code for code in (HandlingCode.C, HandlingCode.P) if code in found), None)
    marking = markings[-1] if markings and intelligence is None else HandlingCode.OFFICIAL_SENSITIVE_PERSONAL
    words = HANDLING[marking]
    if intelligence is HandlingCode.C:
        words += " - holds 3x5x2 code C: not to be passed on but under the conditions stated"
    elif intelligence is HandlingCode.P:
        words += " - holds 3x5x2 code P"
    return Handling(marking=marking, intelligence=intelligence, words=words)


def day(on: date | datetime | None) -> str:
    """A date as written here: `9 Mar 2026`, with its time and zone where its source gives them."""
    if on is None:
        return "undated"
    words = f"{on.day} {on:%b} {on.year:04d}"
    if isinstance(on, datetime):
        words += f" {on:%H:%M}" + (f" {on:%Z}" if on.tzinfo is not None else "")
    return words


def moment(at: int) -> str:
    """Unix seconds as `9 Mar 2026 14:05 UTC`."""
    return day(datetime.fromtimestamp(at, UTC))


def listed(names: Iterable[str]) -> str:
    """Names as in a sentence: `a`, `a and b`, `a, b and c`."""
    *first, last = list(names) or ["nobody"]
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 statement`, `2 statements`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
