"""The one interface by which an adapter reads a record system. Read-only: a connector never writes to its
system.

Promises: what is found is found by an exact checked identifier, anything less waits for a person; a reading
says what was searched; a restricted person's address, telephone, e-mail and GP are in no reading. Does not
promise that a record system is complete: `Searched` and `unread` say what could not be looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

from adapters.errors import AdapterError
from broker.protocol.body import Entry, Identifier, Nature, Redaction, Searched
from policies.vocabulary import Category, SubjectRole

ENTRY_LIMIT: Final = 5_000
"""Entries of one category in one reading: what one item's body takes."""


class ConnectorFailed(AdapterError):
    """`folder-unreadable`, `person-gone`, `person-not-here`, `restricted-value-left`, `database-…`,
    `mapping-…`, `census-unreadable`, `extract-unreadable`: nothing is given.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSought:
    """Whom an ask is about, as the asker wrote it. `checked` in an identifier is the asker's word; it is
    checked again. `relatives` are the names of the others that the ask is about.
    """

    role: SubjectRole
    name: str | None = field(default=None, repr=False)
    born: date | None = field(default=None, repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    address: str | None = field(default=None, repr=False)
    contacts: tuple[str, ...] = field(default=(), repr=False)
    relatives: tuple[str, ...] = field(default=(), repr=False)


class MatchedBy(StrEnum):
    """How it was settled that a record is the sought person's."""

    NHS_NUMBER = "nhs_number"
    """An exact match on a checked NHS number."""
    IDENTIFIER = "identifier"
    """An exact match on an identifier that one record bears, which nothing contradicts."""
    DESCRIPTION = "description"
    """A certain score, well ahead of everybody else's."""
    PERSON = "person"
    """A person at the source chose the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRef:
    """A person in one connector's system. `key` is the connector's own, stable while its records are;
    personal data. `how` says in words what settled it, without a value.
    """

    connector: str
    key: str = field(repr=False)
    matched: MatchedBy
    how: tuple[str, ...] = ()


class WaitReason(StrEnum):
    """Why a person at the source must look. Stays at the source."""

    NO_CHECKED_NUMBER = "no-checked-nhs-number"
    """Nothing was given that may be matched without a person: a name or a birth date is less."""
    CHECK_DIGIT = "nhs-number-check-digit"
    """The number given fails its check digit."""
    FORM = "nhs-number-form"
    """The number given is not ten digits."""
    PLACEHOLDER = "nhs-number-placeholder"
    """The number given stands for "unknown"."""
    SEVERAL_NUMBERS = "several-nhs-numbers"
    """Two numbers were given, or the record bears two."""
    SEVERAL_PEOPLE = "several-people-one-number"
    """Two records that are not copies of each other bear the number."""
    SUPERSEDED = "superseded-number"
    """The number is an old one, or the record was replaced by another."""
    NOT_VERIFIED = "number-not-verified"
    """The record itself says that its number was not traced."""
    INACTIVE = "record-not-in-use"
    """The record is marked as no longer in use."""
    LINKED = "linked-records"
    """The record names others of the same person, which a reading would miss."""
    COPIES_DISAGREE = "copies-disagree"
    """Copies of one record contradict each other on who this is, or on whether they are alive."""
    BORN_DIFFERS = "birth-date-differs"
    """The number matches, the birth date does not."""
    NAME_DIFFERS = "name-differs"
    """The number matches, no word of the name does."""
    IDENTIFIERS_DISAGREE = "identifiers-disagree"
    """One identifier is this record's, another of the sought person's is not."""
    NEAR = "near-match"
    """The description fits somebody, or more than one, but not certainly."""
    NOT_DESCRIBED = "not-described"
    """No identifier was found, and there is no name with a birth date to look by."""
    UNREADABLE = "record-unreadable"
    """What bears the number could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record a person may choose. For the source's own screen only; never more of a restricted one than
    this. `score` and `reasons` say how well it fits, where the connector compares descriptions.
    """

    person: PersonRef
    name: str | None = field(repr=False)
    born: str | None = field(repr=False)
    """As recorded: a whole date, a month or a year."""
    restricted: bool
    score: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Exactly this person."""

    person: PersonRef


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Nobody by that number in what was searched."""

    searched: Searched


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForPerson:
    """Neither yes nor no: a person at the source looks, and may choose one of `candidates` or none."""

    reason: WaitReason
    candidates: tuple[Candidate, ...] = ()


Match = Found | NotFound | WaitsForPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """One dated statement of a record, before it is known which subject of which body it is about.

    `on` is None where the record gives no whole date; a part of one is then in `detail` under `when`.
    """

    on: date | datetime | None
    what: str
    nature: Nature = Nature.FACT
    recorded_by: str | None = None
    reference: str | None = None
    detail: tuple[tuple[str, str], ...] = ()

    def about(self, subject: int) -> Entry:
        """Give the entry of a body whose subject at index `subject` this is about."""
        return Entry(
            subject=subject,
            on=self.on,
            what=self.what,
            nature=self.nature,
            recorded_by=self.recorded_by,
            reference=self.reference,
            detail=dict(self.detail),
        )


class LeftReason(StrEnum):
    """Why something of a record is not in a reading and leaves only by a person's hand."""

    LABELLED = "sensitivity-label"
    """The resource bears a security label of its own."""
    FORMER = "former-name-or-address"
    """A former name or address can reveal an adoption, a gender recognition or a flight."""
    UNREADABLE = "not-fhir-r4"
    """The resource is not what the standard says."""
    ROW = "row-unusable"
    """A row lacks what an entry needs, or holds more than an entry takes."""
    TOO_MANY = "too-many-entries"
    """More than a body takes; the newest are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftForPerson:
    """So many things of a category that no reading gives. Stays at the source: it never travels by itself."""

    category: Category
    reason: LeftReason
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a system holds of one person. A category without entries was searched and is empty; one that is no
    key of `entries` was not searched at all.

    `redactions` travel with the items; `left` does not.
    """

    entries: Mapping[Category, tuple[SourceEntry, ...]] = field(repr=False)
    restricted: bool
    searched: Searched
    redactions: Mapping[Category, tuple[Redaction, ...]]
    left: tuple[LeftForPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something of a record system that could not be used: which file, counted from 1 in order of path (0:
    the folder as a whole), why, how often. No name: a file's name is often a person's.
    """

    file: int
    code: str
    count: int = 1


class Connector(Protocol):
    """What an adapter needs of a record system. Calls may block: callers give them a thread."""

    @property
    def name(self) -> str:
        """Name the system in words an asker understands; it stands in `Searched`."""
        ...

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer."""
        ...

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person.

        Raises:
            ConnectorFailed: the system cannot be read; that is never a `NotFound`.
        """
        ...

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: the system cannot be read, the person is no longer there, or a restricted value
                was left.
        """
        ...

    def freshness(self) -> datetime | None:
        """Say when the system was last changed, with time zone; None where nothing is known."""
        ...

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at, without personal data."""
        ...
