"""The papers of the case, as the people of each agency would write them: YAML forms and the hospital's
release rules.

Everything in them is invented. Dates run up to the day it is played on.
"""

from datetime import UTC, date, datetime, timedelta
from textwrap import indent
from typing import Final

from deploy.demo.people import ASH, FERN, MORGAN, WREN, Person
from deploy.demo.registers import HOME

CARE: Final = "eastmere-care"
HEALTH: Final = "eastmere-health"
SCHOOL: Final = "eastmere-school"
POLICE: Final = "eastmere-police"
PROBATION: Final = "eastmere-probation"
ENQUIRY: Final = "imaginary-family"
"""Social care's own word for what belongs together; never sent."""

NOT_SOUGHT: Final = "consent: {outcome: not_sought, why_not_sought: prejudice}"

RELEASE_RULES: Final = """\
[practitioner]
id = "records-desk"
role = "screener"

[category.health_attendances]
release = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "Attendances show whether accounts of illness agree with what was seen."

[category.health_conditions]
release = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "Diagnoses show which illnesses were confirmed."

[category.health_observations]   # its Schedule 1 reason was forgotten: the hub will refuse this item
release = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
handling = "official_sensitive_personal"
necessity = "Measurements show how ill the child was when seen."
"""
"""The hospital's answering.toml."""


def contact(today: date) -> str:
    """The school tells social care what it has seen."""
    said = (
        (21, "Absent. Reason given by telephone: fits in the night."),
        (14, "Absent. Reason given by letter: asthma attack, seen in hospital."),
        (7, "Absent. Reason given at the gate: chicken pox. Older note says chicken pox in May."),
    )
    entries = [
        f'- {{subject: 1, on: {on}, nature: fact, recorded_by: Teacher, what: "{what}"}}'
        for on, what in ((today - timedelta(days=days), what) for days, what in said)
    ]
    return f"""\
to: {CARE}
notice: contact
purpose: safeguarding_contact
rating: amber
category: contact_report
handling: official_sensitive_personal
practitioner: {{id: safeguarding-lead-3, role: practitioner}}
{_subjects(WREN, MORGAN)}
{NOT_SOUGHT}
grounds: {{preset: contact-telling-education, schedule1_for_everyone: c}}
concern: |
  {WREN.name} was absent on 19 days since September. For one week three different illnesses were named.
entries:
{indent(chr(10).join(entries), "  ")}
family_informed: false
contact: Safeguarding lead, 01632 960003 (invented)
"""


def s47_ask(
    to: str,
    categories: str,
    *people: Person,
    now: datetime,
    due: int,
    grounds: str = "",
    preset: str = "s47-asking",
    enquiry: str = ENQUIRY,
) -> str:
    """Social care asks under s.47, its threshold decision recorded; `due` in seconds, on the play's short
    clock.
    """
    grounds = grounds or f"grounds: {{preset: {preset}, schedule1_for_everyone: c}}"
    return f"""\
to: {to}
enquiry: {enquiry}
purpose: child_protection_enquiry
rating: amber
practitioner: {{id: social-worker-1042, role: practitioner}}
{_subjects(*people)}
categories: [{categories}]
due_within: {due}s
threshold:
  by: team-manager-7
  role: manager
  at: {(now - timedelta(hours=2)).astimezone(UTC):%Y-%m-%dT%H:%MZ}
  why: Accounts of illness contradict each other and absence is repeated; significant harm is suspected.
{NOT_SOUGHT}
{grounds}
concern: The accounts of {people[0].name}'s illnesses contradict each other.
necessity: Only your records can show what was seen on those days; nothing less would answer it.
contact: Duty desk, 01632 960001 (invented)
"""


WITHOUT_ARTICLE_9: Final = (
    "grounds: {regime: uk_gdpr, article6: GDPR6-1E, gateway: CA1989-S47, confidentiality: CL-PUBINT}"
)
"""Grounds with the condition for special-category data left out."""


def early_help_ask(to: str, consent: str, due: int) -> str:
    """Social care asks about the other family's child, resting on the family's consent."""
    return f"""\
to: {to}
purpose: early_help
rating: green
practitioner: {{id: family-worker-12, role: practitioner}}
{_subjects(FERN)}
categories: [attendance]
due_within: {due}s
consent: {{outcome: given, reference: {consent}}}
grounds: {{preset: early-help-asking}}
concern: The family has agreed to early help and would like school and family worker to plan together.
necessity: Attendance shows on which days help is wanted.
"""


def early_help_answer(consent: str, today: date) -> str:
    """The school answers, resting on the same consent."""
    return f"""\
practitioner: {{id: safeguarding-lead-3, role: practitioner}}
consent: {{outcome: given, reference: {consent}}}
grounds: {{preset: early-help-answering-education}}
answers:
  - category: attendance
    item:
      handling: official_sensitive_personal
      necessity: Attendance shows on which days help is wanted.
      searched: {{systems: [Attendance register], by: [name and birth date], as_of: {today}}}
      entries:
        - {{subject: 1, on: {today - timedelta(days=3)}, nature: fact, what: "Late on four Mondays of five."}}
"""


def concerns_answer(today: date) -> str:
    """The school answers the s.47 ask about the same child, on its own duty."""
    on = today - timedelta(days=2)
    return f"""\
practitioner: {{id: safeguarding-lead-3, role: practitioner}}
grounds: {{preset: s47-answering-education, schedule1_for_everyone: c}}
answers:
  - category: school_concerns
    item:
      handling: official_sensitive_personal
      necessity: The bruise was seen by staff and bears on the enquiry.
      searched: {{systems: [Safeguarding file], by: [name and birth date], as_of: {today}}}
      entries:
        - {{subject: 1, on: {on}, nature: fact, what: "A bruise on the upper arm, seen at swimming."}}
        - {{subject: 1, on: {on}, nature: allegation, what: "Child said it happened at home."}}
"""


POLICE_DECLINE: Final = """\
practitioner: {id: detective-77, role: screener}
answers:
  - category: offences
    decline: {reason: live_operation}
"""
"""The police decline; the reason stays with them."""

INTELLIGENCE_SANITISED: Final = """\
practitioner: {id: intelligence-officer-9, role: screener}
answers:
  - category: police_intelligence
    item:
      prepared: true
      redact:
        - {entry: 1, passage: "Told by her neighbour at number 6.", reason: sanitised}
      grade:
        - {entry: 1, grading: 2CC}
      handling: c
      conditions: Not to be discussed with the family; ask before any onward use.
"""
"""What would tell who said it is taken out; it is graded, and given under conditions."""


def outcome(contact: str, at: datetime) -> str:
    """Social care tells the school what was decided."""
    return f"""\
to: {SCHOOL}
notice: outcome
regards: {contact}
purpose: outcome_feedback
rating: amber
category: outcome
handling: official_sensitive_personal
practitioner: {{id: social-worker-1042, role: practitioner}}
{_subjects(WREN)}
{NOT_SOUGHT}
grounds: {{preset: outcome-telling}}
outcome: {{decided: strategy_discussion, by: Team manager, at: {at.astimezone(UTC):%Y-%m-%dT%H:%MZ}}}
concern: Thank you. What you saw and what others hold do not agree; a strategy discussion is called for today.
contact: Duty desk, 01632 960001 (invented)
"""


def _subjects(*people: Person) -> str:
    roles = {WREN: "child", FERN: "child", MORGAN: "parent", ASH: "sibling"}
    numbers = {
        MORGAN: f"nhs: {MORGAN.nhs}, identifiers: [{{system: pnc, value: 2011/0450123F}}]",
        ASH: "identifiers: [{system: pnc, value: 2022/0100042A}]",
    }
    lines = [
        f"  - {{role: {roles[each]}, name: {each.name}, born: {each.born}, address: '{HOME}', "
        f"{numbers.get(each, f'nhs: {each.nhs}')}}}"
        for each in people
    ]
    return "subjects:\n" + "\n".join(lines)
