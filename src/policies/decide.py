"""Deciding: the one way from a question to allow, hold or refuse.

Promises: the same question, policy set and catalogue give the same decision, always; what is not allowed by
a rule and lawful for each party that must have grounds does not pass; whatever goes wrong inside is a
refusal. What stands in the declaration itself and is wrong refuses, because only a new declaration mends
it; a fact outside the declaration that is missing holds, because a person can still provide it. Does not
promise that the facts in the question are true or current: whoever puts the question read them in the same
transaction.
"""

from dataclasses import dataclass

from policies.agreement import covers
from policies.catalogue import Catalogue
from policies.check import check_grounds
from policies.consent import stands
from policies.finding import Effect, Fact, Finding, Need
from policies.gate import gate
from policies.phrase import finding
from policies.policy_set import PolicySet
from policies.question import Question
from policies.vocabulary import (
    CATEGORY_FACTS,
    Action,
    Category,
    ConsentOutcome,
    Outcome,
    PractitionerRole,
    Purpose,
    Rating,
    Side,
)
from policies.wording import DANGER, LIFTED

_ACTION_OF_KIND = {
    "ask": Action.ASK,
    "item": Action.RELEASE,
    "notice": Action.TELL,
    # A message has the action of whoever writes it in its exchange: asking, answering or telling more.
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, why, and under which rules.

    `needs` what would lift a hold; empty otherwise. `confirmable` the categories of an allowed ask of which
    the asker may be told that nothing is held; fixed now, whatever is found later.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    needs: tuple[Need, ...]
    confirmable: tuple[Category, ...]
    policy_version: int
    policy_digest: str
    catalogue_digest: str


def decide(question: Question, policy: PolicySet, catalogue: Catalogue) -> Decision:
    """Decide one question. Never raises for what is in the question: a fault inside refuses."""
    needs: tuple[Need, ...] = ()
    confirmable: tuple[Category, ...] = ()
    try:
        findings, needs = _find(question, policy, catalogue)
        outcome = _outcome(findings)
        if outcome is Outcome.ALLOW and gate(question, findings, policy) is not True:
            outcome = Outcome.REFUSE
            findings = (*findings, finding("gate-refused", action=question.action, catalogue=catalogue))
        if outcome is Outcome.ALLOW:
            confirmable = _confirmable(question, policy)
    except Exception:  # Fail closed (design I3): a question the rules choke on is answered no, not an error.
        outcome = Outcome.REFUSE
        findings = (finding("decision-failed", action=Action.ASK, catalogue=catalogue),)
    return Decision(
        outcome=outcome,
        findings=findings,
        needs=needs if outcome is Outcome.HOLD else (),
        confirmable=confirmable,
        policy_version=policy.version,
        policy_digest=policy.digest,
        catalogue_digest=catalogue.digest,
    )


def _outcome(findings: tuple[Finding, ...]) -> Outcome:
    effects = {found.effect for found in findings}
    if Effect.REFUSE in effects:
        return Outcome.REFUSE
    return Outcome.HOLD if Effect.HOLD in effects else Outcome.ALLOW


def _find(
    question: Question, policy: PolicySet, catalogue: Catalogue
) -> tuple[tuple[Finding, ...], tuple[Need, ...]]:
    findings = _shape(question, policy, catalogue)
    findings += _rule(question, policy, catalogue)
    findings += check_grounds(question, policy, catalogue)
    findings += _consent(question, catalogue)
    if question.purpose is Purpose.CORRECTION:
        findings.append(
            finding("correction-owed", action=question.action, catalogue=catalogue, party=Side.SOURCE)
        )
    held, needs = _outside(question, policy, catalogue)
    # One finding may be reached by two ways (the same condition for Articles 9 and 10): said once.
    return tuple(dict.fromkeys((*findings, *held))), needs


def _shape(question: Question, policy: PolicySet, catalogue: Catalogue) -> list[Finding]:
    findings = []
    if (question.policy.version, question.policy.digest) != (policy.version, policy.digest):
        findings.append(finding("other-policy", action=question.action, catalogue=catalogue))
    detail = None
    message = question.kind == "message"
    if not message and _ACTION_OF_KIND.get(question.kind) is not question.action:
        detail = "kind and action do not belong together"
    elif not question.categories:
        detail = "no category"
    elif question.action is not Action.ASK and len(question.categories) != 1 and not message:
        detail = "more than one category"
    elif not question.subjects:
        detail = "nobody it is about"
    elif question.at.tzinfo is None:
        detail = "an instant without a time zone"
    if detail is not None:
        findings.append(
            finding(
                "malformed-question", action=question.action, catalogue=catalogue, words={"detail": detail}
            )
        )
    return findings


def _rule(question: Question, policy: PolicySet, catalogue: Catalogue) -> list[Finding]:
    sender, recipient = question.asker.sector, question.source.sector
    side = Side.ASKER
    if question.action is not Action.ASK:
        sender, recipient, side = recipient, sender, Side.SOURCE
    lacking = [
        category
        for category in question.categories
        if (question.action, question.purpose, sender, recipient, category) not in policy.allowed
    ]
    if not lacking:
        return []
    categories = ", ".join(CATEGORY_FACTS[category].title for category in lacking)
    return [
        finding(
            "no-rule",
            action=question.action,
            catalogue=catalogue,
            party=side,
            words={"categories": categories},
        )
    ]


def _consent(question: Question, catalogue: Catalogue) -> list[Finding]:
    position = question.consent
    if position.outcome is ConsentOutcome.NOT_SOUGHT and position.why_not_sought is None:
        return [finding("consent-reason-missing", action=question.action, catalogue=catalogue)]
    if position.outcome in (ConsentOutcome.REFUSED, ConsentOutcome.WITHDRAWN):
        return [finding("consent-refused", action=question.action, catalogue=catalogue)]
    return []


def _outside(
    question: Question, policy: PolicySet, catalogue: Catalogue
) -> tuple[list[Finding], tuple[Need, ...]]:
    """Facts outside the declaration: what is missing of them, and who can provide it."""
    held: list[Finding] = []
    needs: list[Need] = []
    danger = in_danger(question)
    # What the law requires does not wait for an agreement, which is good practice.
    required = policy.require_agreement and question.purpose is not Purpose.CORRECTION
    if required and not (question.agreement is not None and covers(question.agreement, question)):
        # Whose information it is answers for it; a concern told unasked is to reach the front door at once,
        # so there the recipient's desk is rung.
        told = question.action is Action.TELL
        party = question.asker if told else question.source
        need = Need(
            fact=Fact.AGREEMENT,
            scope=f"{question.asker.agency} {question.source.agency} {question.purpose.value}",
            who=PractitionerRole.DUTY_CONTACT,
            party=Side.ASKER if told else Side.SOURCE,
            agency=party.agency,
            contact=party.duty_contact,
        )
        held.append(_held("missing-agreement", question, catalogue, need, danger=danger))
        needs.append(need)
    if _threshold_lacking(question):
        need = Need(
            fact=Fact.THRESHOLD,
            scope=f"{question.asker.agency} {question.purpose.value}",
            who=PractitionerRole.MANAGER,
            party=Side.ASKER,
            agency=question.asker.agency,
            contact=question.asker.duty_contact,
        )
        held.append(_held("threshold-not-recorded", question, catalogue, need, danger=danger))
        needs.append(need)
    lacking = [need for need, found in zip(needs, held, strict=True) if found.effect is Effect.HOLD]
    return held, tuple(lacking)


def _held(code: str, question: Question, catalogue: Catalogue, need: Need, *, danger: bool) -> Finding:
    lifted = need.fact.value in question.lifted
    return finding(
        code,
        action=question.action,
        catalogue=catalogue,
        party=need.party,
        effect=Effect.NOTE if danger or lifted else None,
        tail=LIFTED if lifted else DANGER if danger else "",
        words={"contact": need.contact},
    )


def in_danger(question: Question) -> bool:
    """Whether waiting would leave somebody in immediate danger: s.46, or s.47 rated red (design I3)."""
    return question.purpose is Purpose.POLICE_PROTECTION or (
        question.purpose is Purpose.CHILD_PROTECTION_ENQUIRY and question.rating is Rating.RED
    )


def _threshold_lacking(question: Question) -> bool:
    """Partners are asked, without consent that stands, and no threshold decision is recorded (Haringey)."""
    return (
        question.action is Action.ASK
        and not question.threshold_recorded
        # Police protection is itself a trigger of s.47(1)(a): there is nothing left to decide.
        and question.purpose is not Purpose.POLICE_PROTECTION
        and not stands(question.consent, question.consent_standing)
    )


def _confirmable(question: Question, policy: PolicySet) -> tuple[Category, ...]:
    """Categories of an ask whose emptiness may be told; never one that can hold a protected fact."""
    if question.kind != "ask":
        return ()
    return tuple(
        category
        for category in question.categories
        if not CATEGORY_FACTS[category].protected_possible
        and (
            question.action,
            question.purpose,
            question.asker.sector,
            question.source.sector,
            category,
        )
        in policy.confirmed
    )
