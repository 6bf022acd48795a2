"""A decision in words: one paragraph for a practitioner, and in full for a lawyer."""

from typing import assert_never

from policies.decide import Decision
from policies.finding import Effect, Finding
from policies.vocabulary import Outcome

# How far the law was checked matters to an officer; a practitioner is told which sources, once.
_UNCHECKED = frozenset({"partly-verified", "to-be-confirmed"})


def explain(decision: Decision) -> str:
    """One paragraph: what was decided, why, and what would put it right."""
    match decision.outcome:
        case Outcome.ALLOW:
            words = ["This may pass: a rule of the hub allows it and the grounds given are complete."]
            notes = _of(decision, Effect.NOTE)
            words += [note.sentence for note in notes if note.code not in _UNCHECKED]
            unchecked = dict.fromkeys(note.source for note in notes if note.code in _UNCHECKED)
            if unchecked:
                words.append(f"Not checked in full by this hub: {'; '.join(unchecked)}.")
        case Outcome.HOLD:
            words = ["This is held; nothing has been sent."]
            words += [f"{found.sentence} {found.remedy}" for found in _of(decision, Effect.HOLD)]
        case Outcome.REFUSE:
            words = ["This may not pass as declared; nothing has been sent."]
            words += [f"{found.sentence} {found.remedy}" for found in _of(decision, Effect.REFUSE)]
        case _:
            assert_never(decision.outcome)
    return " ".join(words)


def explain_full(decision: Decision) -> str:
    """Every finding with its code, slot, party, source and how far that was checked; then the rules'
    versions."""
    lines = [explain(decision), ""]
    for found in decision.findings:
        party = f", {found.party.value}" if found.party is not None else ""
        lines.append(f"- {found.effect.value}: {found.code} ({found.slot.value}{party}). {found.sentence}")
        lines.append(f"  What would put it right: {found.remedy}")
        lines.append(f"  Source: {found.source} ({found.verification.value.replace('_', ' ')}).")
    for need in decision.needs:
        role = need.who.value.replace("_", " ")
        lines.append(f"- needs: {need.fact.value} for {need.scope}, from a {role} of {need.agency}")
    if decision.confirmable:
        lines.append(
            "- a nil may be told of: " + ", ".join(category.value for category in decision.confirmable)
        )
    lines.append(
        f"Policy version {decision.policy_version} ({decision.policy_digest}), "
        f"catalogue {decision.catalogue_digest}."
    )
    return "\n".join(lines)


def _of(decision: Decision, effect: Effect) -> tuple[Finding, ...]:
    return tuple(found for found in decision.findings if found.effect is effect)
