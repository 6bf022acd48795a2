"""What a person (or an answering program) puts on the desk: plain values, no keys, no ids, no times of day.

Identifiers of subjects are given as the agency's system has them. An NHS number is `Identifier(system="nhs",
value=ten digits, checked=True)` once its check digit was verified; only then is the subject traced.
"""

from dataclasses import dataclass
from datetime import date

from broker.protocol.body import (
    Correction,
    Entry,
    Identifier,
    MessageAbout,
    OutcomeTold,
    Redaction,
    Searched,
)
from broker.protocol.declaration import NoticeKind, Practitioner, Threshold
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.vocabulary import Category, HandlingCode, Purpose, Rating, SubjectRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person an envelope is about. The three flags are read by the rules (`policies.question.Subject`)."""

    role: SubjectRole
    name: str | None = None
    born: date | None = None
    identifiers: tuple[Identifier, ...] = ()
    address: str | None = None
    relation: str | None = None
    protected_person: bool = False
    at_risk_recorded: bool = False
    cannot_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOrder:
    """Ask one source. `due_within` seconds, the hub's clock for the rating when None; `needed_within` seconds
    after which the answer is of no use; `enquiry` is the asker's own grouping and is never sent."""

    to: str
    practitioner: Practitioner
    purpose: Purpose
    rating: Rating
    categories: tuple[Category, ...]
    grounds: Grounds
    consent: ConsentPosition
    subjects: tuple[Subject, ...]
    concern: str
    necessity: str
    contact: str | None = None
    threshold: Threshold | None = None
    due_within: int | None = None
    needed_within: int | None = None
    enquiry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOrder:
    """Answer one category of an ask that was received. Empty `entries` is a nil that says what was searched.

    `subjects` None: the ask's own subjects, as the asker described them. `consent` None: the ask's position.
    An entry's `subject` is the index into the subjects.
    """

    exchange: str
    category: Category
    practitioner: Practitioner
    grounds: Grounds
    searched: Searched
    handling: HandlingCode
    necessity: str
    entries: tuple[Entry, ...] = ()
    subjects: tuple[Subject, ...] | None = None
    consent: ConsentPosition | None = None
    conditions: str | None = None
    redactions: tuple[Redaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOrder:
    """Tell unasked: a contact, an outcome, a correction. `regards` names the exchange it belongs to;
    `outcome` goes with an outcome, `correction` with a correction, and neither with anything else.
    """

    to: str
    practitioner: Practitioner
    notice: NoticeKind
    purpose: Purpose
    rating: Rating
    category: Category
    handling: HandlingCode
    grounds: Grounds
    consent: ConsentPosition
    subjects: tuple[Subject, ...]
    concern: str
    entries: tuple[Entry, ...] = ()
    family_informed: bool | None = None
    contact: str | None = None
    regards: str | None = None
    needed_within: int | None = None
    outcome: OutcomeTold | None = None
    correction: Correction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrder:
    """Words to the other party of an exchange. `item`: the envelope a question or reply is about."""

    exchange: str
    practitioner: Practitioner
    grounds: Grounds
    about: MessageAbout
    words: str
    item: str | None = None
    consent: ConsentPosition | None = None
