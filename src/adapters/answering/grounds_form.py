"""Grounds in a form: a preset's name with the facts of the case, or every code written out.

Promises: what is claimed is what the form or the preset says and nothing more; a preset for another action,
purpose or sector is refused with those that fit. Does not judge whether the grounds suffice: the hub decides,
and says why.
"""

from dataclasses import dataclass, replace

from adapters.answering.section import Section
from policies.grounds import Grounds, Schedule1Reason
from policies.policy_set import PolicySet, Preset, with_case
from policies.vocabulary import Action, Purpose, Regime, SchedulePara18Reason, Sector


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """For what grounds are claimed, and by whom; `policy` is the set in force, which names the presets."""

    policy: PolicySet
    sector: Sector
    action: Action
    purpose: Purpose
    subjects: int


def read_grounds(form: Section, claiming: Claiming) -> Grounds:
    """Read a form's `grounds`. That necessity was recorded holds because the form has its words.

    Raises:
        BadForm: a preset that the policy set in force does not have, or has for something else.
    """
    section = form.section("grounds", "a claim of grounds")
    if (preset := section.line_or_none("preset")) is not None:
        grounds = _preset(section, preset, claiming)
    else:
        grounds = _written(section)
    if (everybody := section.code_or_none("schedule1_for_everyone", SchedulePara18Reason)) is not None:
        reasons = tuple(
            Schedule1Reason(subject=index, reason=everybody) for index in range(claiming.subjects)
        )
    else:
        reasons = section.each("schedule1", "a reason", lambda inner: _reason(inner, claiming.subjects))
    if len({reason.subject for reason in reasons}) != len(reasons):
        section.refuse("schedule1", "names a subject twice; give one reason for each")
    section.end()
    return replace(grounds, schedule1=reasons, necessity_recorded=True)


def preset_grounds(name: str, claiming: Claiming, *, reason: SchedulePara18Reason | None) -> Grounds | None:
    """A preset's grounds with one reason for everybody, as a release rule gives them; None where it does not
    fit.
    """
    preset = fitting_presets(claiming).get(name)
    if preset is None:
        return None
    return with_case(preset.grounds, reasons=() if reason is None else (reason,) * claiming.subjects)


def fitting_presets(claiming: Claiming) -> dict[str, Preset]:
    """The presets for this sector, purpose and step, by name."""
    return {
        preset.name: preset
        for preset in claiming.policy.presets
        if claiming.action in preset.actions
        and claiming.purpose in preset.purposes
        and claiming.sector in preset.sectors
    }


def _preset(section: Section, name: str, claiming: Claiming) -> Grounds:
    fitting = fitting_presets(claiming)
    if name not in fitting:
        names = ", ".join(fitting)
        section.refuse(
            "preset",
            f"is not one for this; choose {names}" if names else "has none for this; write the grounds out",
        )
    return fitting[name].grounds


def _reason(section: Section, subjects: int) -> Schedule1Reason:
    subject = section.count("subject", most=subjects)
    return Schedule1Reason(subject=subject - 1, reason=section.code("reason", SchedulePara18Reason))


def _written(section: Section) -> Grounds:
    return Grounds(
        regime=section.code("regime", Regime),
        article6=section.line("article6"),
        article9=section.line_or_none("article9"),
        schedule1_paragraph=section.line_or_none("schedule1_paragraph"),
        article10=section.line_or_none("article10"),
        gateway=section.line_or_none("gateway"),
        confidentiality=section.line_or_none("confidentiality"),
        collected_under=section.code_or_none("collected_under", Regime) or Regime.UK_GDPR,
    )
