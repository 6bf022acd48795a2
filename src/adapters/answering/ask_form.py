"""The form that asks one source: whom it is about, which categories, why, on what grounds, by when."""

from adapters.answering.grounds_form import Claiming, read_grounds
from adapters.answering.people_form import read_consent, read_practitioner, read_subjects
from adapters.answering.section import Section
from adapters.order import AskOrder
from broker.protocol.declaration import Threshold
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, PractitionerRole, Purpose, Rating, Sector


def read_ask(form: Section, *, policy: PolicySet, sector: Sector) -> AskOrder:
    """Read an ask by an agency of `sector`, under the policy set in force.

    `threshold` holds the recorded decision: who, in which role, when and why; its words go into the sealed
    body.

    Raises:
        BadForm: the first fault, with its line and what to do.
    """
    purpose = form.code("purpose", Purpose)
    subjects = read_subjects(form)
    claiming = Claiming(
        policy=policy, sector=sector, action=Action.ASK, purpose=purpose, subjects=len(subjects)
    )
    threshold, words = _threshold(form)
    ask = AskOrder(
        to=form.line("to"),
        practitioner=read_practitioner(form),
        purpose=purpose,
        rating=form.code("rating", Rating),
        categories=form.codes("categories", Category),
        grounds=read_grounds(form, claiming),
        consent=read_consent(form),
        subjects=subjects,
        concern=form.words("concern"),
        necessity=form.words("necessity") + words,
        contact=form.line_or_none("contact"),
        threshold=threshold,
        due_within=form.seconds_or_none("due_within"),
        needed_within=form.seconds_or_none("needed_within"),
        enquiry=form.line_or_none("enquiry"),
    )
    form.end()
    return ask


def _threshold(form: Section) -> tuple[Threshold | None, str]:
    section = form.section_or_none("threshold", "a threshold decision")
    if section is None:
        return None, ""
    by, role = section.line("by"), section.code("role", PractitionerRole)
    at, why = section.moment("at"), section.words("why")
    section.end()
    words = f"\n\nThreshold decision by {by} ({role.value}), {at:%Y-%m-%d %H:%M %Z}: {why}"
    return Threshold(role=role, at=int(at.timestamp())), words
