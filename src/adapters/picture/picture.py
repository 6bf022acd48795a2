"""The picture as a value: what the terminal, the page and a program are shown. Pure.

Everything points at everything else by short references of this picture alone: people P1, P2 …, statements
S1, S2 …, differences D1, D2 …
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from policies.vocabulary import Category, HandlingCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value and the agencies that say so, by name."""

    value: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """One person, from every source. Each of names, births, identifiers, addresses and relations is listed
    with who says so. `joined` says why several descriptions are taken for one person; `kept_apart` who looks
    like this person and was not joined.
    """

    ref: str
    label: str
    roles: tuple[str, ...]
    names: tuple[Said, ...]
    births: tuple[Said, ...]
    identifiers: tuple[Said, ...]
    addresses: tuple[Said, ...]
    relations: tuple[Said, ...]
    joined: tuple[str, ...] = ()
    kept_apart: tuple[str, ...] = ()


class Sort(StrEnum):
    """What a statement is: an entry of an agency's records, words told unasked, or a decision."""

    ENTRY = "entry"
    TOLD = "told"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Something left out by the source, and why, in words."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """Corrected by its own source: it does not hold any more."""

    by: str
    at: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One dated statement: who says what of whom, what it is, how far it may be relied on, how fresh it is.

    `on` None: its source gives no date. `as_of` is to what date the source's records were searched, `told_at`
    when it was sent to us (Unix seconds). `struck`: it was corrected. `in_place_of`: it is what a correction
    put in place of something else. `differs` names the differences it has a part in.
    """

    ref: str
    person: str
    on: date | datetime | None
    sort: Sort
    what: str
    nature: str
    agency: str
    says: str
    category: Category
    about: str
    recorded_by: str | None
    reference: str | None
    detail: tuple[tuple[str, str], ...]
    grading: str | None
    handling: HandlingCode
    conditions: str | None
    as_of: date | datetime | None
    told_at: int
    removed: tuple[Removed, ...]
    struck: Struck | None
    in_place_of: bool
    envelope: str
    differs: tuple[str, ...] = ()


class Standing(StrEnum):
    """How one category of one ask stands."""

    ANSWERED = "answered"
    NIL = "nil"
    CLOSED = "closed"
    OVERDUE = "overdue"
    WAITING = "waiting"
    UNDELIVERED = "undelivered"
    NOT_SENT = "not_sent"
    WITHDRAWN = "withdrawn"
    UNREADABLE = "unreadable"


ANSWERED = frozenset({Standing.ANSWERED, Standing.NIL})
"""Something was said by the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStanding:
    """What became of one category of one ask: `sentence` says it to a reader. Times in Unix seconds."""

    agency: str
    name: str
    contact: str
    category: Category
    about: str
    standing: Standing
    sentence: str
    asked_at: int
    due_at: int | None
    answered_at: int | None
    searched: str | None
    as_of: date | datetime | None
    removed: tuple[Removed, ...]
    handling: HandlingCode | None
    conditions: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSide:
    """One side of a difference, in its source's words; `statement` where it is one of the statements."""

    says: str
    words: str
    statement: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Sources that do not agree, side by side. It is not decided here who is right."""

    ref: str
    person: str
    what: str
    sides: tuple[DifferenceSide, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSeen:
    """A correction: what it strikes, and why. `note` says where it could not be applied."""

    by: str
    at: int
    why: str
    struck: tuple[str, ...]
    instead: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSeen:
    """A question, a reply or a chase between us and another agency, and the words."""

    sender: str
    recipient: str
    at: int
    about: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked and why, in our own words; several asks in the same words are one. `asked` names the
    agencies.
    """

    asked: tuple[str, ...]
    concern: str
    necessity: str
    first_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The strictest terms of all that is in the picture: the marking, and the 3x5x2 handling code if any."""

    marking: HandlingCode
    intelligence: HandlingCode | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole of it. `dated` is in the order of its dates, `undated` has none. `glance` is what a reader
    needs first, in sentences; `doubtful` what is not certain.
    """

    enquiry: str
    made_by: str
    made_at: int
    handling: Handling
    glance: tuple[str, ...]
    doubtful: tuple[str, ...]
    questions: tuple[Question, ...]
    people: tuple[Individual, ...]
    answers: tuple[AnswerStanding, ...]
    dated: tuple[Statement, ...]
    undated: tuple[Statement, ...]
    differences: tuple[Difference, ...]
    corrections: tuple[CorrectionSeen, ...]
    messages: tuple[MessageSeen, ...]
