"""The question put to the rules: everything a decision reads, as one value.

The hub stores the whole question with each decision, so that the decision can be made again from the record
alone. It holds codes, flags and instants; no name, number or word about a subject.
"""

from dataclasses import dataclass
from datetime import datetime

from policies.agreement import Agreement
from policies.consent import ConsentPosition, ConsentStanding
from policies.party import Party
from policies.vocabulary import Action, Category, Purpose, Rating, SubjectRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One person the exchange is about, by role only.

    `protected_person`: the sharing is to protect this person. A child or unborn child always counts; a
    sibling counts when flagged; an adult counts only with `at_risk_recorded`, the three findings of DPA
    2018 Sch 1 para 18(3). `cannot_consent`: physically or legally incapable of consenting, as recorded (Art
    9(2)(c)).
    """

    role: SubjectRole
    protected_person: bool = False
    at_risk_recorded: bool = False
    cannot_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySetRef:
    """Which policy set the question is to be decided under."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this pass?

    `kind` is "ask" (action ask), "item" (release), "notice" (tell), or "message", whose action is that of
    its sender in its exchange: asking more, answering more, telling more. In a tell the sender is `source`
    and the recipient `asker`, whose grounds come from its receiving preset. `categories` is what is asked
    for, or the one category of an item; of a message those of its exchange. `lifted` names facts lifted by a
    signed lift (`Fact` values).
    `threshold_recorded`: a qualified person decided before these checks that the threshold is met.
    `volunteered`: nobody asked for it. `at` is the instant decided for; it carries a time zone.
    """

    action: Action
    kind: str
    purpose: Purpose
    categories: tuple[Category, ...]
    rating: Rating
    asker: Party
    source: Party
    consent: ConsentPosition
    consent_standing: ConsentStanding | None
    subjects: tuple[Subject, ...]
    agreement: Agreement | None
    lifted: tuple[str, ...]
    threshold_recorded: bool
    volunteered: bool
    at: datetime
    policy: PolicySetRef
