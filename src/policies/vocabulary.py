"""The words of the rules, as closed sets. One word per thing; an unknown word is an error, not a guess.

Categories and coded reasons have files of their own and are named here too, so that one import serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from policies.category import CATEGORY_FACTS, Category, CategoryFacts
from policies.reason import (
    DeclineReason,
    LiftReason,
    NilScope,
    RecallReason,
    SchedulePara18Reason,
    WhyNotSought,
    WithdrawReason,
)

__all__ = [
    "CATEGORY_FACTS",
    "PURPOSE_FACTS",
    "Action",
    "Category",
    "CategoryFacts",
    "ConsentOutcome",
    "DeclineReason",
    "HandlingCode",
    "LiftReason",
    "NilScope",
    "Outcome",
    "PractitionerRole",
    "Purpose",
    "PurposeFacts",
    "Rating",
    "RecallReason",
    "Regime",
    "SchedulePara18Reason",
    "Sector",
    "Side",
    "SubjectRole",
    "Verification",
    "WhyNotSought",
    "WithdrawReason",
]


class Sector(StrEnum):
    """What an agency works in. The sharing policy speaks of sectors; the law speaks of facts of a body."""

    SOCIAL_CARE = "social_care"
    """A local authority's children's social care."""
    POLICE = "police"
    """A police force."""
    HEALTH = "health"
    """NHS trusts, practices, commissioned health services."""
    EDUCATION = "education"
    """Schools, colleges, early years, a local authority's education functions."""
    PROBATION = "probation"
    """The probation service."""
    HOUSING = "housing"
    """Housing authorities and registered providers."""
    YOUTH_JUSTICE = "youth_justice"
    """Youth offending teams."""
    VOLUNTARY = "voluntary"
    """Charities and other independent bodies."""


class Purpose(StrEnum):
    """Why information is asked for or told."""

    CHILD_PROTECTION_ENQUIRY = "child_protection_enquiry"
    """Enquiries about significant harm (Children Act 1989 s.47)."""
    POLICE_PROTECTION = "police_protection"
    """A child taken into police protection (Children Act 1989 s.46)."""
    CHILD_IN_NEED = "child_in_need"
    """Assessing or helping a child in need (Children Act 1989 s.17)."""
    EARLY_HELP = "early_help"
    """Help below the statutory threshold, normally with the family's consent."""
    SAFEGUARDING_CONTACT = "safeguarding_contact"
    """Telling children's social care of a concern."""
    OUTCOME_FEEDBACK = "outcome_feedback"
    """Telling who told or answered what became of it."""
    SAFEGUARDING_REVIEW = "safeguarding_review"
    """Local arrangements and practice reviews (Children Act 2004 ss.16E, 16F)."""
    CORRECTION = "correction"
    """Telling whoever was given something wrong that it was (DPA 2018 s.38(5); UK GDPR Article 19)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeFacts:
    """What the rules know of a purpose.

    `duty`: a statutory duty is being carried out, so a person's consent does not decide. None of the purposes
    is a law-enforcement purpose (DPA 2018 s.31).
    """

    title: str
    duty: bool


PURPOSE_FACTS: Mapping[Purpose, PurposeFacts] = MappingProxyType(
    {
        Purpose.CHILD_PROTECTION_ENQUIRY: PurposeFacts(title="child protection enquiry (s.47)", duty=True),
        Purpose.POLICE_PROTECTION: PurposeFacts(title="police protection (s.46)", duty=True),
        Purpose.CHILD_IN_NEED: PurposeFacts(title="child in need (s.17)", duty=False),
        Purpose.EARLY_HELP: PurposeFacts(title="early help", duty=False),
        Purpose.SAFEGUARDING_CONTACT: PurposeFacts(title="telling of a concern", duty=False),
        Purpose.OUTCOME_FEEDBACK: PurposeFacts(title="outcome feedback", duty=False),
        Purpose.SAFEGUARDING_REVIEW: PurposeFacts(
            title="safeguarding arrangements or practice review", duty=True
        ),
        Purpose.CORRECTION: PurposeFacts(title="correction of what was told", duty=True),
    }
)


class Rating(StrEnum):
    """How urgent; each has a clock in the policy set."""

    RED = "red"
    """Immediate danger or significant harm now."""
    AMBER = "amber"
    """Serious, not immediate."""
    GREEN = "green"
    """Concern without present danger."""
    BLUE = "blue"
    """Universal or early help; no urgency."""


class SubjectRole(StrEnum):
    """Who a person is to the child."""

    CHILD = "child"
    """The child the exchange is about."""
    SIBLING = "sibling"
    """A brother, sister or other child of the household."""
    PARENT = "parent"
    """A parent."""
    CARER = "carer"
    """Somebody else who looks after the child."""
    OTHER_ADULT = "other_adult"
    """Another adult connected to the child."""
    UNBORN = "unborn"
    """A child not yet born."""


class PractitionerRole(StrEnum):
    """What a person may do for an agency."""

    PRACTITIONER = "practitioner"
    """Tells, asks, answers."""
    SCREENER = "screener"
    """Rates contacts and approves what leaves."""
    MANAGER = "manager"
    """Decides thresholds."""
    DUTY_CONTACT = "duty_contact"
    """Answers for the agency when the papers are missing."""
    OFFICER = "officer"
    """Information governance."""


class Action(StrEnum):
    """What a question asks leave for."""

    ASK = "ask"
    """To ask; itself a disclosure of the concern."""
    RELEASE = "release"
    """To hand over one category of an answer."""
    TELL = "tell"
    """To send something unasked."""


class Outcome(StrEnum):
    """What was decided."""

    ALLOW = "allow"
    """It may pass."""
    HOLD = "hold"
    """Something outside the declaration is missing; a person can put it right."""
    REFUSE = "refuse"
    """It may not pass as declared."""


class Side(StrEnum):
    """The two parties of an exchange. In a tell the sender is the source, the recipient the asker."""

    ASKER = "asker"
    """Who receives the information."""
    SOURCE = "source"
    """Who holds the information."""


class Regime(StrEnum):
    """Which part of data protection law governs a party's processing."""

    UK_GDPR = "uk_gdpr"
    """The UK GDPR and DPA 2018 Part 2."""
    DPA_PART3 = "dpa_part3"
    """Law-enforcement processing, DPA 2018 Part 3."""


class ConsentOutcome(StrEnum):
    """What came of consent."""

    GIVEN = "given"
    """Asked for and given."""
    REFUSED = "refused"
    """Asked for and refused."""
    WITHDRAWN = "withdrawn"
    """Given and taken back."""
    NOT_SOUGHT = "not_sought"
    """Not asked for; the reason is recorded."""


class HandlingCode(StrEnum):
    """How the recipient must handle what it gets."""

    OFFICIAL = "official"
    """Government Security Classification OFFICIAL."""
    OFFICIAL_SENSITIVE = "official_sensitive"
    """OFFICIAL with the SENSITIVE caveat."""
    OFFICIAL_SENSITIVE_PERSONAL = "official_sensitive_personal"
    """OFFICIAL-SENSITIVE, descriptor PERSONAL."""
    P = "p"
    """3x5x2: lawful sharing permitted."""
    C = "c"
    """3x5x2: permitted with conditions, which travel with it; never released onward automatically."""


class Verification(StrEnum):
    """How far a legal source was checked. Shown to whoever relies on it."""

    VERIFIED = "verified"
    """Text or a reliable report of it was read."""
    PARTLY = "partly"
    """Read in part; the caution says what was not."""
    TO_BE_CONFIRMED = "to_be_confirmed"
    """Not read; an administrator must confirm it."""
