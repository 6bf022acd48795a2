"""What a claimed entry needs beside it: one small test per companion. Each returns findings; none means
met."""

from dataclasses import dataclass
from typing import assert_never

from policies.catalogue import Catalogue, Companion, Entry, LegEffect
from policies.consent import stands
from policies.finding import Finding, Slot
from policies.grounds import Grounds
from policies.party import BodyFact, Party, facts_of
from policies.phrase import finding, other
from policies.question import Question, Subject
from policies.vocabulary import ConsentOutcome, Side, SubjectRole

# Bodies that handle crime data under official authority by statute or common law (DPA 2018 s.10(5)).
_OFFICIAL = frozenset({BodyFact.POLICE_FORCE, BodyFact.PROBATION_BODY})
_CHILDREN = frozenset({SubjectRole.CHILD, SubjectRole.UNBORN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One party's grounds in one question, with the facts of its bodies looked up once."""

    question: Question
    side: Side
    party: Party
    grounds: Grounds
    facts: tuple[frozenset[BodyFact], ...]
    catalogue: Catalogue
    allow_unconfirmed: bool

    def find(self, code: str, entry: Entry | None = None, slot: Slot | None = None, **words: str) -> Finding:
        """A finding about this party."""
        return finding(
            code,
            action=self.question.action,
            catalogue=self.catalogue,
            party=self.side,
            entry=entry,
            slot=slot,
            words=words,
        )


def is_protected(subject: Subject) -> bool:
    """Whether paragraph 18 protects this person: under 18, or an adult with the three findings recorded."""
    if subject.role in _CHILDREN:
        return True
    if subject.role is SubjectRole.SIBLING:
        return subject.protected_person
    return subject.protected_person and subject.at_risk_recorded


def people(indexes: list[int], subjects: tuple[Subject, ...]) -> str:
    """People by their place and role, never by name: "person 2 (parent)"."""
    return ", ".join(f"person {n + 1} ({subjects[n].role.value.replace('_', ' ')})" for n in indexes)


def unmet(companion: Companion, claim: Claim, entry: Entry) -> Finding | None:
    """What is missing of one companion, or None."""
    question = claim.question
    grounds = claim.grounds
    match companion:
        case Companion.CONSENT:
            return _consent(claim)
        case Companion.OFFICIAL_AUTHORITY_OR_SCHEDULE1:
            # The Schedule 1 condition is a slot of its own: `policies.check`.
            return None
        case Companion.DUTY_GATEWAY:
            gateway = claim.catalogue.entry(grounds.gateway) if grounds.gateway is not None else None
            leg = gateway.use.leg(claim.side) if gateway is not None and gateway.use is not None else None
            if leg is None or leg.effect is not LegEffect.REQUIRES:
                return claim.find("gateway-not-a-duty")
            return None
        case Companion.REASON_PER_SUBJECT:
            given = {reason.subject for reason in grounds.schedule1}
            lacking = [n for n in range(len(question.subjects)) if n not in given]
            if lacking:
                return claim.find("missing-schedule1-reason", people=people(lacking, question.subjects))
            return None
        case Companion.PROTECTED_PERSON:
            if not any(is_protected(subject) for subject in question.subjects):
                return claim.find("no-protected-person")
            return None
        case Companion.INCAPABLE_SUBJECTS:
            capable = [n for n, subject in enumerate(question.subjects) if not subject.cannot_consent]
            if capable:
                return claim.find("subject-can-consent", people=people(capable, question.subjects))
            return None
        case Companion.CONFIDENCE_OVERRIDE:
            gateway = claim.catalogue.entry(grounds.gateway) if grounds.gateway is not None else None
            if gateway is None or gateway.use is None or not gateway.use.overrides_confidence:
                return claim.find("confidence-not-overridden")
            return None
        case Companion.OTHER_BODY:
            asker = {controller.id for controller in question.asker.controllers}
            if any(controller.id in asker for controller in question.source.controllers):
                return claim.find("same-body", entry)
            return None
        case Companion.BOTH_ENDS:
            return _both_ends(claim, entry)
    assert_never(companion)


def under_official_authority(claim: Claim) -> bool:
    """Whether every body of the party handles crime data under official authority."""
    return all(facts & _OFFICIAL for facts in claim.facts)


def _consent(claim: Claim) -> Finding | None:
    position = claim.question.consent
    if stands(position, claim.question.consent_standing):
        return None
    if position.outcome is ConsentOutcome.GIVEN and position.reference is not None:
        return claim.find("consent-not-standing")
    if position.outcome is ConsentOutcome.WITHDRAWN:
        return claim.find("consent-not-standing")
    return claim.find("consent-reference-missing")


def _both_ends(claim: Claim, entry: Entry) -> Finding | None:
    far = claim.question.source if claim.side is Side.ASKER else claim.question.asker
    leg = entry.use.leg(other(claim.side)) if entry.use is not None else None
    if leg is None or not far.controllers:
        return claim.find("other-end-not-within", entry)
    for controller in far.controllers:
        facts = facts_of(controller)
        if not any(alternative <= facts for alternative in leg.facts):
            return claim.find("other-end-not-within", entry)
    return None
