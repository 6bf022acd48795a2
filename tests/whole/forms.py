"""Forms as people would write them, about invented people; and who they are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody invented; `nhs` is of the range that is issued to nobody."""

    name: str
    born: str
    nhs: str
    role: str = "child"
    address: str = "1 Nowhere Lane, Inventon"

    @property
    def line(self) -> str:
        """The person as a form has it."""
        return f"{{role: {self.role}, name: {self.name}, born: {self.born}, nhs: {self.nhs}," + (
            f" address: '{self.address}'}}" if self.address else "}"
        )


CHILD: Final = Person(name="Zebedee Quillfeather", born="2016-05-04", nhs="9990000018")
NOT_SOUGHT: Final = "consent: {outcome: not_sought, why_not_sought: prejudice}"


def subjects(*people: Person) -> str:
    """The people a form is about."""
    return "subjects:\n" + "\n".join(f"  - {each.line}" for each in people)


def ask(
    to: str,
    *categories: str,
    people: tuple[Person, ...] = (CHILD,),
    concern: str = "Two accounts that cannot both be true.",
    necessity: str = "Only you can say what was seen.",
    contact: str = "Duty desk",
    why: str = "Significant harm is suspected.",
    grounds: str = "{preset: s47-asking, schedule1_for_everyone: c}",
    due: str = "1h",
) -> str:
    """Social care asks under s.47."""
    return f"""\
to: {to}
purpose: child_protection_enquiry
rating: amber
practitioner: {{id: worker-1, role: practitioner}}
{subjects(*people)}
categories: [{", ".join(categories)}]
due_within: {due}
threshold: {{by: manager-1, role: manager, at: "{datetime.now(UTC):%Y-%m-%dT%H:%MZ}", why: "{why}"}}
{NOT_SOUGHT}
grounds: {grounds}
concern: "{concern}"
necessity: "{necessity}"
contact: "{contact}"
"""


def tell(
    to: str,
    *,
    people: tuple[Person, ...] = (CHILD,),
    concern: str = "Absent on nineteen days.",
    what: str = "Absent without a reason.",
    on: str = "2026-01-05",
    contact: str = "Safeguarding lead",
) -> str:
    """A school tells of a concern."""
    return f"""\
to: {to}
notice: contact
purpose: safeguarding_contact
rating: amber
category: contact_report
handling: official_sensitive_personal
practitioner: {{id: lead-3, role: practitioner}}
{subjects(*people)}
{NOT_SOUGHT}
grounds: {{preset: contact-telling-education, schedule1_for_everyone: c}}
concern: "{concern}"
entries:
  - {{subject: 1, on: {on}, nature: fact, recorded_by: Teacher, what: "{what}"}}
family_informed: false
contact: "{contact}"
"""


def answer(
    category: str,
    *,
    preset: str = "s47-answering-education",
    what: str = "A bruise, seen at swimming.",
    on: str = "2026-01-05",
    necessity: str = "It was seen by staff.",
    system: str = "Safeguarding file",
    conditions: str = "Do not pass on.",
) -> str:
    """A source answers one category by hand."""
    return f"""\
practitioner: {{id: lead-3, role: practitioner}}
grounds: {{preset: {preset}, schedule1_for_everyone: c}}
answers:
  - category: {category}
    item:
      handling: official_sensitive_personal
      conditions: "{conditions}"
      necessity: "{necessity}"
      searched: {{systems: ["{system}"], by: [name and birth date], as_of: {on}}}
      entries:
        - {{subject: 1, on: {on}, nature: fact, what: "{what}"}}
"""


def decline(category: str, reason: str) -> str:
    """A source declines one category."""
    return f"""\
practitioner: {{id: lead-3, role: screener}}
answers:
  - category: {category}
    decline: {{reason: {reason}}}
"""
