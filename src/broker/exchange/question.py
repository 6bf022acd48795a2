"""From a declaration and the facts to the question put to the rules, and from the answer to what the record
keeps.

Pure. The same lines serve the decision at declare and the one made again at handover; only the facts and the
instant differ.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from broker.exchange.asks import Answered
from broker.exchange.facts import Facts
from broker.protocol.declaration import Ask, Declaration, Item, Message, Notice, categories_of
from broker.protocol.problem import Problem
from broker.protocol.record import Decided
from policies.agreement import Agreement, covers
from policies.catalogue import Catalogue
from policies.consent import ConsentPosition, ConsentStanding
from policies.decide import Decision, decide
from policies.grounds import Grounds, Schedule1Reason
from policies.party import Party
from policies.policy_set import receiving_grounds
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import Action, Category, ConsentOutcome, PractitionerRole, RecallReason

_QUALIFIED = frozenset({PractitionerRole.MANAGER, PractitionerRole.SCREENER})


def question_of(
    declaration: Declaration,
    *,
    answered: Answered | None,
    asked_as: Sequence[int],
    facts: Facts,
    lifted: Collection[str],
    at: int,
) -> Question:
    """Put the question a declaration raises.

    Args:
        answered: for what belongs to an exchange, what opened it; `asked_as` which of its subjects each of
            the declaration's is.
        lifted: facts a signed lift does without.
        at: the instant decided for, Unix seconds.
    """
    ask = answered.ask if answered is not None else None
    action, asker, source = _sides(declaration, answered, asked_as, facts)
    leading = declaration if isinstance(declaration, Ask) else ask
    threshold = leading.threshold if leading is not None else None
    position = _position(declaration, ask)
    question = Question(
        action=action,
        kind=declaration.kind.value,
        purpose=declaration.purpose,
        categories=_categories(declaration, answered),
        rating=declaration.rating,
        asker=asker,
        source=source,
        consent=position,
        consent_standing=_standing(position, declaration, facts, consent_references(declaration, answered)),
        subjects=tuple(
            Subject(
                role=subject.role,
                protected_person=subject.protected_person,
                at_risk_recorded=subject.at_risk_recorded,
                cannot_consent=subject.cannot_consent,
            )
            for subject in declaration.subjects
        ),
        agreement=None,
        lifted=tuple(sorted(lifted)),
        threshold_recorded=threshold is not None and threshold.role in _QUALIFIED and threshold.at <= at,
        volunteered=action is Action.TELL,
        at=datetime.fromtimestamp(at, UTC),
        policy=PolicySetRef(version=facts.policy.version, digest=facts.policy.digest),
    )
    return replace(question, agreement=_agreement(question, facts))


def _sides(
    declaration: Declaration, answered: Answered | None, asked_as: Sequence[int], facts: Facts
) -> tuple[Action, Party, Party]:
    # Who asks and who holds: in a tell the sender is the source, and the recipient's grounds are its
    # receiving preset.
    sender = facts.agencies[declaration.iss].party()
    recipient = facts.agencies[declaration.recipient].party()
    ask = answered.ask if answered is not None else None
    if isinstance(declaration, Message) and answered is None:
        raise Problem.not_found()
    match declaration:
        case Ask():
            return Action.ASK, replace(sender, grounds=declaration.grounds), recipient
        case Message() if ask is not None and ask.iss == declaration.iss:
            return Action.ASK, replace(sender, grounds=declaration.grounds), recipient
        case Item() | Message() if ask is not None:
            return (
                Action.RELEASE,
                replace(recipient, grounds=_for_item(ask.grounds, asked_as)),
                replace(sender, grounds=declaration.grounds),
            )
        case Item():
            raise Problem.not_found()
        case Notice() | Message():
            receiving = receiving_grounds(
                facts.policy,
                sector=recipient.sector,
                purpose=declaration.purpose,
                subjects=len(declaration.subjects),
            )
            return (
                Action.TELL,
                replace(recipient, grounds=receiving),
                replace(sender, grounds=declaration.grounds),
            )


def _categories(declaration: Declaration, answered: Answered | None) -> tuple[Category, ...]:
    """What a declaration is about. A message may speak of anything its exchange is about, so it passes only
    where all of that would; whoever was told of a concern answers with what became of it.
    """
    if not isinstance(declaration, Message) or answered is None:
        return categories_of(declaration)
    told = answered.ask is None and answered.opening.recipient == declaration.iss
    return (Category.OUTCOME,) if told else categories_of(answered.opening)


def _for_item(grounds: Grounds, asked_as: Sequence[int]) -> Grounds:
    # The asker gave its reasons by the ask's order of people; the item may be about some of them, in its own.
    reasons = {each.subject: each.reason for each in grounds.schedule1}
    return replace(
        grounds,
        schedule1=tuple(
            Schedule1Reason(subject=place, reason=reasons[asked])
            for place, asked in enumerate(asked_as)
            if asked in reasons
        ),
    )


def consent_references(declaration: Declaration, answered: Answered | None) -> tuple[str, ...]:
    """The consents a declaration names, its ask's included."""
    ask = answered.ask if answered is not None else None
    positions = [declaration.consent] + ([ask.consent] if ask is not None else [])
    return tuple(sorted({position.reference for position in positions if position.reference is not None}))


def decided(question: Question, facts: Facts, catalogue: Catalogue, references: Collection[str]) -> Decided:
    """Decide, and keep the decision with everything it was made from."""
    decision: Decision = decide(question, facts.policy, catalogue)
    return Decided(
        outcome=decision.outcome,
        question=question,
        findings=list(decision.findings),
        needs=list(decision.needs),
        confirmable=list(decision.confirmable),
        policy_version=decision.policy_version,
        policy_digest=decision.policy_digest,
        catalogue_digest=decision.catalogue_digest,
        guards=facts.guards({question.asker.agency, question.source.agency}, references),
    )


def recall_reason(after: Decided) -> RecallReason:
    """Why what was permitted does not pass after all, from the decision made again."""
    slots = {finding.slot.value for finding in after.findings if finding.effect.value != "note"}
    if (
        after.question.consent_standing is not None
        and not after.question.consent_standing.standing
        and (slots & {"consent", "article6", "article9", "confidentiality"})
    ):
        return RecallReason.CONSENT_WITHDRAWN
    if "agreement" in slots:
        return RecallReason.AGREEMENT_ENDED
    if "rule" in slots:
        return RecallReason.RULE_WITHDRAWN
    return RecallReason.NO_LONGER_LAWFUL


def _position(declaration: Declaration, ask: Ask | None) -> ConsentPosition:
    # An answer rests on the consent the ask named, unless the source names its own or knows of a refusal.
    own = declaration.consent
    silent = own.reference is None and own.outcome in {ConsentOutcome.GIVEN, ConsentOutcome.NOT_SOUGHT}
    if ask is not None and silent and ask.consent.reference is not None:
        return ask.consent
    return declaration.consent


def _standing(
    position: ConsentPosition, declaration: Declaration, facts: Facts, references: Collection[str]
) -> ConsentStanding | None:
    if position.reference is None:
        return None
    parties = {declaration.iss, declaration.recipient}
    standing = all(
        consent is not None
        and consent.outcome == "given"
        and declaration.purpose.value in consent.purposes
        and consent.agency in parties
        for consent in (facts.consents.get(reference) for reference in references)
    )
    return ConsentStanding(reference=position.reference, standing=standing)


def _agreement(question: Question, facts: Facts) -> Agreement | None:
    return next((agreement for agreement in facts.agreements if covers(agreement, question)), None)
