"""The people in a form: for whom the agency acts, whom it is about, and what came of consent.

Promises: an NHS number whose check digit fails is refused, never corrected and never sent as if it were
right. Does not look anybody up.
"""

from typing import Final

from pydantic import ValidationError

from adapters.answering.section import Section
from adapters.connectors import nhs_number
from adapters.order import Subject
from broker.protocol.body import Identifier
from broker.protocol.declaration import MAX_SUBJECTS, Practitioner
from policies.consent import ConsentPosition
from policies.vocabulary import ConsentOutcome, PractitionerRole, SubjectRole, WhyNotSought

_NHS: Final = "nhs"


def read_practitioner(form: Section) -> Practitioner:
    """Read `practitioner: {id, role}`: the agency's own id for the person, and the role in which this is
    done.
    """
    section = form.section("practitioner", "a practitioner")
    person, role = section.line("id"), section.code("role", PractitionerRole)
    section.end()
    try:
        return Practitioner(id=person, role=role)
    except ValidationError:
        section.refuse("id", "is a staff number or account name, without spaces")


def read_subjects(form: Section) -> tuple[Subject, ...]:
    """Read `subjects`, at least one, at most 32."""
    subjects = form.each("subjects", "a subject", _subject)
    if not 1 <= len(subjects) <= MAX_SUBJECTS:
        form.refuse("subjects", f"names from 1 to {MAX_SUBJECTS} people")
    return subjects


def read_consent(form: Section) -> ConsentPosition:
    """Read `consent: {outcome, why_not_sought, reference}`: a reason exactly where consent was not sought."""
    section = form.section("consent", "a consent position")
    outcome = section.code("outcome", ConsentOutcome)
    why = section.code_or_none("why_not_sought", WhyNotSought)
    reference = section.line_or_none("reference")
    if (outcome is ConsentOutcome.NOT_SOUGHT) != (why is not None):
        section.refuse("outcome", "goes with `why_not_sought` when it is not_sought, and only then")
    section.end()
    return ConsentPosition(outcome=outcome, why_not_sought=why, reference=reference)


def _subject(section: Section) -> Subject:
    identifiers = section.each("identifiers", "an identifier", _identifier)
    if (number := section.line_or_none(_NHS)) is not None:
        identifiers = (_checked(section, number), *identifiers)
    subject = Subject(
        role=section.code("role", SubjectRole),
        name=section.line_or_none("name"),
        born=section.day_or_none("born"),
        identifiers=identifiers,
        address=section.line_or_none("address"),
        relation=section.line_or_none("relation"),
        protected_person=section.flag_or_none("protected_person") or False,
        at_risk_recorded=section.flag_or_none("at_risk_recorded") or False,
        cannot_consent=section.flag_or_none("cannot_consent") or False,
    )
    if subject.name is None and not identifiers:
        section.refuse("role", "alone tells nobody who is meant; give a `name` or an identifier")
    return subject


def _checked(section: Section, number: str) -> Identifier:
    try:
        return Identifier(system=_NHS, value=nhs_number.check(number), checked=True)
    except nhs_number.NumberRefused:
        section.refuse(
            _NHS, "is not a valid NHS number; check it, or leave it out and give name and birth date"
        )


def _identifier(section: Section) -> Identifier:
    system = section.line("system")
    if system == _NHS:
        section.refuse(
            "system", "is not for NHS numbers; write `nhs:` beside the name, so that it is checked"
        )
    try:
        return Identifier(system=system, value=section.line("value"))
    except ValidationError:
        section.refuse("system", "is one short lower-case word, its value at most 64 characters")
