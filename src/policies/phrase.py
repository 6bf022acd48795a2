"""Putting a finding into words, from the table of wordings."""

from collections.abc import Mapping

from policies.catalogue import Catalogue, Entry
from policies.finding import Effect, Finding, Slot
from policies.vocabulary import Action, Side, Verification
from policies.wording import POLICY_SOURCE, WORDINGS

_WHO: Mapping[Action, Mapping[Side, str]] = {
    Action.ASK: {Side.ASKER: "the asking agency", Side.SOURCE: "the agency asked"},
    Action.RELEASE: {Side.ASKER: "the asking agency", Side.SOURCE: "the answering agency"},
    Action.TELL: {Side.ASKER: "the receiving agency", Side.SOURCE: "the telling agency"},
}


def who(action: Action, side: Side) -> str:
    """A party, in words, from where it stands in this action."""
    return _WHO[action][side]


def other(side: Side) -> Side:
    """The other side."""
    return Side.SOURCE if side is Side.ASKER else Side.ASKER


def finding(
    code: str,
    *,
    action: Action,
    catalogue: Catalogue,
    party: Side | None = None,
    slot: Slot | None = None,
    entry: Entry | None = None,
    effect: Effect | None = None,
    verification: Verification | None = None,
    tail: str = "",
    words: Mapping[str, str] | None = None,
) -> Finding:
    """A finding in words.

    `entry` is the catalogue entry claimed, `tail` a sentence added, `effect` what a lifted hold becomes.
    """
    wording = WORDINGS[code]
    filling = dict(words or {})
    if wording.source is not None:
        entry_cited = catalogue.entry(wording.source)
    else:
        entry_cited = entry
    if party is not None:
        side = who(action, party)
        filling |= {"who": side, "Who": side[0].upper() + side[1:], "other": who(action, other(party))}
    if entry is not None:
        filling |= {"claim": entry.title, "caution": entry.caution or ""}
    sentence = wording.sentence.format_map(filling).strip()
    return Finding(
        code=code,
        slot=wording.slot or slot or Slot.DECISION,
        party=party,
        effect=effect or wording.effect,
        sentence=f"{sentence} {tail}" if tail else sentence,
        remedy=wording.remedy.format_map(filling) if effect is not Effect.NOTE else "Nothing to do now.",
        source=POLICY_SOURCE if entry_cited is None else entry_cited.citation,
        verification=verification or (Verification.VERIFIED if entry_cited is None else entry_cited.status),
    )
