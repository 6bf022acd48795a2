"""Findings: what a decision saw, each in one plain sentence; and needs: what would lift a hold."""

from dataclasses import dataclass
from enum import StrEnum

from policies.vocabulary import PractitionerRole, Side, Verification


class Effect(StrEnum):
    """What a finding does to the decision."""

    REFUSE = "refuse"
    """It may not pass as declared; a new declaration is needed."""
    HOLD = "hold"
    """It waits for a fact outside the declaration."""
    NOTE = "note"
    """Said for the record; changes nothing."""


class Slot(StrEnum):
    """Which part of the question a finding is about."""

    QUESTION = "question"
    """How the question itself is put together."""
    RULE = "rule"
    """The hub's sharing policy."""
    GROUNDS = "grounds"
    """The grounds as a whole."""
    REGIME = "regime"
    """UK GDPR or Part 3."""
    ARTICLE6 = "article6"
    """The Article 6 basis."""
    ARTICLE9 = "article9"
    """The condition for special-category data."""
    SCHEDULE1 = "schedule1"
    """The Schedule 1 condition and the reason for each person."""
    ARTICLE10 = "article10"
    """Criminal-offence data."""
    GATEWAY = "gateway"
    """The statutory or common-law power or duty."""
    CONFIDENTIALITY = "confidentiality"
    """The answer to the common-law duty of confidence."""
    NECESSITY = "necessity"
    """Necessity and proportionality in words."""
    CONSENT = "consent"
    """The consent position."""
    AGREEMENT = "agreement"
    """The data sharing agreement."""
    THRESHOLD = "threshold"
    """The threshold decision before partner checks."""
    DECISION = "decision"
    """The decision itself."""


class Fact(StrEnum):
    """A fact outside the declaration whose absence holds; also what a signed lift names."""

    AGREEMENT = "agreement"
    """An agreement that covers this exchange."""
    THRESHOLD = "threshold"
    """A recorded threshold decision by a qualified person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing seen. `code` is stable; `source` the instrument; `verification` how far that was checked."""

    code: str
    slot: Slot
    party: Side | None
    effect: Effect
    sentence: str
    remedy: str
    source: str
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What would lift a hold: which fact, for what, and who can provide it.

    `who` is the role that may sign the lift, at the agency of `party`; `contact` is the desk to ring.
    """

    fact: Fact
    scope: str
    who: PractitionerRole
    party: Side
    agency: str
    contact: str
