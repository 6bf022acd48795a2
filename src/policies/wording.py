"""Every finding's words in one table: what is wrong, in a sentence a social worker understands, and what
would put it right. Codes are stable; sentences may be improved.

`{who}` is the party, `{other}` the other one, `{claim}` the catalogue entry claimed, `{people}`,
`{categories}`, `{detail}` facts of the case as codes. Nothing here can hold a name, a number or a word
about a subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.finding import Effect, Slot

POLICY_SOURCE = "The hub's sharing policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`source` is a catalogue id where the finding rests on one particular instrument; None: on the entry
    claimed, or else on the hub's sharing policy. `slot` None: the slot of the claim it is about."""

    slot: Slot | None
    effect: Effect
    source: str | None
    sentence: str
    remedy: str


def _refuse(slot: Slot | None, source: str | None, sentence: str, remedy: str) -> Wording:
    return Wording(slot=slot, effect=Effect.REFUSE, source=source, sentence=sentence, remedy=remedy)


def _hold(slot: Slot, source: str | None, sentence: str, remedy: str) -> Wording:
    return Wording(slot=slot, effect=Effect.HOLD, source=source, sentence=sentence, remedy=remedy)


def _note(slot: Slot | None, source: str | None, sentence: str, remedy: str) -> Wording:
    return Wording(slot=slot, effect=Effect.NOTE, source=source, sentence=sentence, remedy=remedy)


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        # How the question is put together.
        "decision-failed": _refuse(
            Slot.DECISION,
            None,
            "The hub could not decide this, so it may not pass.",
            "Try again; if it happens again, tell the hub's operator.",
        ),
        "gate-refused": _refuse(
            Slot.DECISION,
            None,
            "The last check did not say yes, so this may not pass.",
            "Tell the hub's operator; nothing about the case needs changing before they have looked.",
        ),
        "other-policy": _refuse(
            Slot.QUESTION,
            None,
            "The question names another version of the sharing policy than the one it was put to.",
            "Ask again under the policy now in force.",
        ),
        "malformed-question": _refuse(
            Slot.QUESTION,
            None,
            "The question is not put together as the rules need it ({detail}).",
            "Declare it again with that put right.",
        ),
        # The sharing policy.
        "no-rule": _refuse(
            Slot.RULE,
            None,
            "This hub's sharing policy does not allow {who} to do this towards {other} ({categories}).",
            "Leave the category out, choose the purpose that fits, or ask the hub's administrator for a "
            "rule.",
        ),
        # The grounds as a whole.
        "no-grounds": _refuse(
            Slot.GROUNDS,
            "HRA-A8",
            "No lawful basis is given for {who}; each side needs its own.",
            "Choose the preset that fits the purpose and add the facts of the case.",
        ),
        "no-controllers": _refuse(
            Slot.GROUNDS,
            None,
            "The hub has no legal body on record for {who}.",
            "Ask the hub's administrator to record which body the agency acts for.",
        ),
        "part3-for-safeguarding": _refuse(
            Slot.REGIME,
            "P3-S36-4",
            "{Who} relies on the law-enforcement rules, and protecting a child is not a law-enforcement "
            "purpose.",
            "Declare under the UK GDPR; information collected under Part 3 may be released under it where "
            "another law authorises that.",
        ),
        "collected-under-part3": _note(
            Slot.REGIME,
            "P3-S36-4",
            "{Who} collected this for law enforcement and releases it under the UK GDPR, as its gateway "
            "authorises.",
            "Nothing to do.",
        ),
        "necessity-not-recorded": _refuse(
            Slot.NECESSITY,
            "HRA-A8",
            "{Who} has not written down why this is necessary and proportionate.",
            "Write in a sentence or two why it is needed and why less would not do; the words stay sealed.",
        ),
        # One slot each: nothing claimed.
        "missing-article6": _refuse(
            Slot.ARTICLE6,
            None,
            "No Article 6 basis is given for {who}.",
            "Name one; for a public body carrying out its task it is usually public task.",
        ),
        "missing-article9": _refuse(
            Slot.ARTICLE9,
            "SCH1-P18",
            "This can hold health or other specially protected data, and {who} names no condition for it.",
            "Name a condition; for protecting a child it is usually the safeguarding condition.",
        ),
        "missing-article10": _refuse(
            Slot.ARTICLE10,
            "ART10-CRIM",
            "This can hold information about crime or suspected crime, and {who} does not say what allows "
            "that.",
            "Claim Article 10, with the Schedule 1 condition that carries it unless you act under official "
            "authority.",
        ),
        "missing-schedule1-paragraph": _refuse(
            Slot.SCHEDULE1,
            "ART10-CRIM",
            "{Who} does not act under official authority here, and names no Schedule 1 condition for crime "
            "data.",
            "Name the Schedule 1 condition; for protecting a child it is usually paragraph 18.",
        ),
        "missing-gateway": _refuse(
            Slot.GATEWAY,
            "HRA-A8",
            "No power or duty to share is given for {who}; a public body needs one.",
            "Name the power or duty the agency acts under.",
        ),
        "missing-confidentiality": _refuse(
            Slot.CONFIDENTIALITY,
            "CL-PUBINT",
            "{Who} does not say why the duty of confidence gives way.",
            "Say whether by consent or because the public interest in protecting the child outweighs it.",
        ),
        # A claim that does not hold.
        "unknown-entry": _refuse(
            None,
            None,
            "{Who} names {detail}, which the catalogue does not know in this place.",
            "Choose one from the catalogue.",
        ),
        "entry-not-usable": _refuse(
            None,
            None,
            "{Who} relies on {claim}, which this hub lists but has no rules for, so it cannot be relied on.",
            "Choose another basis, or ask the hub's administrator.",
        ),
        "not-in-force": _refuse(
            None,
            None,
            "{Who} relies on {claim}, which is not in force.",
            "Rely on a provision that is in force.",
        ),
        "unconfirmed-entry": _refuse(
            None,
            None,
            "{Who} relies on {claim}, which nobody at this hub has confirmed, and the hub does not allow "
            "that.",
            "Rely on a confirmed provision, or ask the administrator to confirm this one.",
        ),
        "not-open-to-body": _refuse(
            None,
            None,
            "{claim} is not open to {who}: it is for {detail}.",
            "Choose a basis that is open to your kind of body.",
        ),
        "not-for-purpose": _refuse(
            None,
            None,
            "{claim} does not serve this purpose.",
            "Choose a basis that serves the purpose, or state the purpose it is really for.",
        ),
        # What a claim needs beside it.
        "missing-schedule1-reason": _refuse(
            Slot.SCHEDULE1,
            "SCH1-P18",
            "The safeguarding condition needs a reason for each person, and {who} gives none for {people}.",
            "Say for each: (a) cannot give consent, (b) cannot reasonably be asked, or (c) asking would "
            "prejudice "
            "the protection.",
        ),
        "no-protected-person": _refuse(
            Slot.SCHEDULE1,
            "SCH1-P18",
            "The safeguarding condition protects a child or an adult at risk, and {who} names neither.",
            "Name the child, or record the three findings that show the adult to be at risk.",
        ),
        "subject-can-consent": _refuse(
            Slot.ARTICLE9,
            "GDPR9-2C",
            "Vital interests need every person the data is about to be unable to consent; {people} is not "
            "recorded so.",
            "Use the safeguarding condition instead, with a reason for each person.",
        ),
        "consent-reference-missing": _refuse(
            Slot.CONSENT,
            None,
            "{Who} relies on consent, and no record of a consent given is named.",
            "Record the consent at the hub and name it, or rely on something other than consent.",
        ),
        "consent-not-standing": _refuse(
            Slot.CONSENT,
            None,
            "{Who} relies on a consent that does not stand: it was withdrawn, has ended or is not known "
            "here.",
            "Seek consent again, or rely on a duty if there is one; what rests on consent ends with it.",
        ),
        "gateway-not-a-duty": _refuse(
            Slot.ARTICLE6,
            "GDPR6-1C",
            "{Who} relies on a legal obligation, and its gateway lays no duty on it.",
            "Name the provision that obliges you, or rely on public task.",
        ),
        "confidence-not-overridden": _refuse(
            Slot.CONFIDENTIALITY,
            "CL-STAT",
            "{Who} says a statute sets confidence aside, and the gateway it names is not known to say so.",
            "Weigh the public interest and record it, or name consent.",
        ),
        "same-body": _refuse(
            Slot.GATEWAY,
            None,
            "{claim} works between different bodies, and both sides here are the same body.",
            "Name the body's own function instead.",
        ),
        "other-end-not-within": _refuse(
            Slot.GATEWAY,
            None,
            "{claim} needs both sides to be bodies within it, and {other} is not.",
            "Name another power or duty.",
        ),
        # Consent as declared.
        "consent-reason-missing": _refuse(
            Slot.CONSENT,
            "HARINGEY",
            "Consent was not sought, and no reason is given.",
            "Say why: unsafe, it would prejudice the enquiry, impracticable, or a duty applies.",
        ),
        "consent-refused": _note(
            Slot.CONSENT,
            None,
            "Consent was refused or withdrawn; this does not rest on it.",
            "Keep on the case file who decided to go on, and why.",
        ),
        "consent-not-apt": _note(
            Slot.CONSENT,
            "GDPR6-1A",
            "{Who} rests on consent although a duty is being carried out; if consent is withdrawn, this "
            "ends.",
            "Rely on the duty instead.",
        ),
        "consent-given-beside": _note(
            Slot.CONSENT,
            "SCH1-P18",
            "Consent stands, and {who} relies on the condition for acting without the data subject's "
            "consent.",
            "Check that the reason for each person is right beside that consent.",
        ),
        # What a person can put right.
        "missing-agreement": _hold(
            Slot.AGREEMENT,
            None,
            "No agreement in force covers these two agencies for this. That is good practice missing, not "
            "law.",
            "Ring {contact}; the duty contact there can lift the hold for this once.",
        ),
        "threshold-not-recorded": _hold(
            Slot.THRESHOLD,
            "HARINGEY",
            "Partners are to be asked without consent, and no threshold decision is recorded.",
            "A manager of the asking agency decides, with reasons, and lifts the hold.",
        ),
        # What is owed whatever else holds.
        "correction-owed": _note(
            Slot.RULE,
            "P3-S38-3",
            "{Who} tells whoever it gave something wrong; that is owed without delay and needs no agreement.",
            "Nothing to do now.",
        ),
        # How far the law relied on was checked.
        "partly-verified": _note(
            None,
            None,
            "{claim}, which {who} relies on, was checked only in part. {caution}",
            "Have your information-governance lead confirm it.",
        ),
        "to-be-confirmed": _note(
            None,
            None,
            "{claim}, which {who} relies on, is still to be confirmed. {caution}",
            "Have your information-governance lead confirm it.",
        ),
    }
)

# What a held fact becomes when it was lifted, or when waiting would leave somebody in danger.
LIFTED = "It was lifted for this exchange by a person with that role."
DANGER = "There is immediate danger, so it does not hold this back."
