"""Grounds: the lawful bases a party claims, as codes. The words that justify them are sealed in the body.

A release needs a tuple, not one basis: a regime, an Article 6 basis, a condition for special categories, one
for criminal data, a gateway, an answer to the duty of confidence, and recorded necessity. Each code is the id
of a catalogue entry. Nothing here says that a claim is sound; `policies.check` does.
"""

from dataclasses import dataclass

from policies.vocabulary import Regime, SchedulePara18Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule1Reason:
    """Why one data subject's consent is not relied on (DPA 2018 Sch 1 para 18(2)).

    `subject` is the index into the question's subjects: the data subject may not be the protected child.
    """

    subject: int
    reason: SchedulePara18Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What one party claims for one action.

    `article9` the condition for special categories (a DPA Schedule 1 paragraph counts as one: `SCH1-P18`).
    `article10` and, where the processing is not under official authority, `schedule1_paragraph` the
    Schedule 1 condition it borrows (UK GDPR Art 10; DPA 2018 s.10(5)).
    `schedule1` one reason per data subject, wherever `SCH1-P18` is relied on.
    `collected_under` the regime the party collected the information in: police information collected under
    Part 3 and released under the UK GDPR is the ordinary case (DPA 2018 s.36(4)).
    `necessity_recorded` the party wrote down why this is necessary and proportionate (HRA 1998 s.6, Art
    8(2)).
    """

    regime: Regime
    article6: str | None
    article9: str | None = None
    schedule1: tuple[Schedule1Reason, ...] = ()
    schedule1_paragraph: str | None = None
    article10: str | None = None
    gateway: str | None = None
    confidentiality: str | None = None
    necessity_recorded: bool = False
    collected_under: Regime = Regime.UK_GDPR
