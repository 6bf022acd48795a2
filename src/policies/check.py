"""The grounds check: each party on its own claims, slot by slot, from the catalogue's data.

Promises: every slot that is needed is present, known, usable, in force, open to every body of that party, fit
for the purpose, and has its companions; whatever is not is a finding. A slot that is not needed is not looked
at, so taking a claim away can never turn a no into a yes. Does not decide: `policies.decide` does.
"""

from datetime import UTC, datetime

from policies.catalogue import Catalogue, Companion, Entry, Layer
from policies.companion import Claim, under_official_authority, unmet
from policies.consent import stands
from policies.finding import Finding, Slot
from policies.party import BodyFact, facts_of
from policies.phrase import finding
from policies.policy_set import PolicySet
from policies.question import Question
from policies.vocabulary import CATEGORY_FACTS, PURPOSE_FACTS, Action, Regime, Side, Verification

_LAYERS = {
    Slot.ARTICLE6: Layer.ARTICLE6,
    Slot.ARTICLE9: Layer.ARTICLE9,
    Slot.SCHEDULE1: Layer.ARTICLE9,
    Slot.ARTICLE10: Layer.ARTICLE10,
    Slot.GATEWAY: Layer.GATEWAY,
    Slot.CONFIDENTIALITY: Layer.CONFIDENTIALITY,
}
_MISSING = {
    Slot.ARTICLE6: "missing-article6",
    Slot.ARTICLE9: "missing-article9",
    Slot.SCHEDULE1: "missing-schedule1-paragraph",
    Slot.ARTICLE10: "missing-article10",
    Slot.GATEWAY: "missing-gateway",
    Slot.CONFIDENTIALITY: "missing-confidentiality",
}
# Public authorities need a gateway in any case: they act only on a power or duty.
_LEANING = frozenset({Companion.DUTY_GATEWAY, Companion.CONFIDENCE_OVERRIDE})


def check_grounds(question: Question, policy: PolicySet, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings on the grounds of every party that must have some: both, but for an ask only the asker."""
    findings = _check_party(question, Side.ASKER, policy, catalogue)
    if question.action is not Action.ASK:
        findings += _check_party(question, Side.SOURCE, policy, catalogue)
    return tuple(findings)


def _check_party(question: Question, side: Side, policy: PolicySet, catalogue: Catalogue) -> list[Finding]:
    party = question.asker if side is Side.ASKER else question.source
    grounds = party.grounds
    if grounds is None:
        return [finding("no-grounds", action=question.action, catalogue=catalogue, party=side)]
    if not party.controllers:
        return [finding("no-controllers", action=question.action, catalogue=catalogue, party=side)]
    claim = Claim(
        question=question,
        side=side,
        party=party,
        grounds=grounds,
        facts=tuple([facts_of(controller) for controller in party.controllers]),
        catalogue=catalogue,
        allow_unconfirmed=policy.allow_unconfirmed,
    )
    findings: list[Finding] = []
    if grounds.regime is not Regime.UK_GDPR:
        findings.append(claim.find("part3-for-safeguarding"))
    elif grounds.collected_under is not Regime.UK_GDPR:
        findings.append(_standing_note("collected-under-part3", None, None, side, question.action, catalogue))
    special = criminal = False
    for category in question.categories:
        facts = CATEGORY_FACTS[category]
        special = special or facts.special_category
        criminal = criminal or facts.criminal
    article6 = _check_slot(claim, Slot.ARTICLE6, grounds.article6, findings)
    if special:
        article9 = _check_slot(claim, Slot.ARTICLE9, grounds.article9, findings)
        if (
            article9 is not None
            and article9.use is not None
            and Companion.REASON_PER_SUBJECT in article9.use.companions
            and stands(question.consent, question.consent_standing)
        ):
            findings.append(claim.find("consent-given-beside"))
    if criminal:
        _check_slot(claim, Slot.ARTICLE10, grounds.article10, findings)
        if not under_official_authority(claim):
            _check_slot(claim, Slot.SCHEDULE1, grounds.schedule1_paragraph, findings)
    # Confidence is owed by whoever tells: the asker of an ask, for asking tells of the concern.
    confidentiality = None
    if (side is Side.ASKER) == (question.action is Action.ASK):
        confidentiality = _check_slot(claim, Slot.CONFIDENTIALITY, grounds.confidentiality, findings)
    if (
        any(BodyFact.PUBLIC_AUTHORITY in facts for facts in claim.facts)
        or _leans_on_gateway(article6)
        or _leans_on_gateway(confidentiality)
    ):
        _check_slot(claim, Slot.GATEWAY, grounds.gateway, findings)
    if not grounds.necessity_recorded:
        findings.append(claim.find("necessity-not-recorded"))
    if (
        article6 is not None
        and article6.use is not None
        and Companion.CONSENT in article6.use.companions
        and PURPOSE_FACTS[question.purpose].duty
    ):
        findings.append(claim.find("consent-not-apt"))
    return findings


def _leans_on_gateway(entry: Entry | None) -> bool:
    """Whether a claim borrows its strength from the gateway, which must then be sound for any body."""
    return entry is not None and entry.use is not None and not _LEANING.isdisjoint(entry.use.companions)


def _check_slot(claim: Claim, slot: Slot, claimed: str | None, findings: list[Finding]) -> Entry | None:
    """Check one slot and add what is wrong; the entry claimed where it is one that can be relied on at
    all."""
    if claimed is None:
        findings.append(claim.find(_MISSING[slot]))
        return None
    entry = claim.catalogue.entries.get(claimed)
    if entry is None or entry.layer is not _LAYERS[slot]:
        findings.append(claim.find("unknown-entry", entry, slot, detail=_printable(claimed)))
        return None
    use = entry.use
    if use is None or (slot is Slot.SCHEDULE1 and not use.schedule1):
        findings.append(claim.find("entry-not-usable", entry, slot))
        return None
    if not entry.in_force or (
        entry.in_force_from is not None and _day(claim.question.at) < entry.in_force_from.toordinal()
    ):
        findings.append(claim.find("not-in-force", entry, slot))
    leg = use.asker if claim.side is Side.ASKER else use.source
    if leg is None or not all(any(need <= facts for need in leg.facts) for facts in claim.facts):
        findings.append(claim.find("not-open-to-body", entry, slot, detail=entry.who or "nobody"))
    if use.purposes and claim.question.purpose not in use.purposes:
        findings.append(claim.find("not-for-purpose", entry, slot))
    for companion in use.companions:
        missing = unmet(companion, claim, entry)
        if missing is not None:
            findings.append(missing)
    if leg is not None and leg.status is not Verification.VERIFIED:
        if leg.status is Verification.TO_BE_CONFIRMED and not claim.allow_unconfirmed:
            findings.append(claim.find("unconfirmed-entry", entry, slot))
        code = "partly-verified" if leg.status is Verification.PARTLY else "to-be-confirmed"
        findings.append(_standing_note(code, entry, slot, claim.side, claim.question.action, claim.catalogue))
    return entry


def _day(at: datetime) -> int:
    return at.astimezone(UTC).toordinal()


def _printable(code: str) -> str:
    """A code as far as it is fit to be shown: what was claimed may be anything."""
    return code if len(code) <= 40 and code.isascii() and code.isprintable() else "an unreadable code"


def _standing_note(
    code: str,
    entry: Entry | None,
    slot: Slot | None,
    side: Side,
    action: Action,
    catalogue: Catalogue,
) -> Finding:
    """A note that depends on the catalogue alone, worded once: most allowed envelopes carry some."""
    key = (code, None if entry is None else entry.id, slot, side, action)
    note = catalogue.worded.get(key)
    if note is None:
        verification = None
        if entry is not None and entry.use is not None:
            leg = entry.use.leg(side)
            verification = None if leg is None else leg.status
        note = finding(
            code,
            action=action,
            catalogue=catalogue,
            party=side,
            slot=slot,
            entry=entry,
            verification=verification,
        )
        catalogue.worded[key] = note
    return note
