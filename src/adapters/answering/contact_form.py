"""The form that tells unasked: a contact, an outcome."""

from adapters.answering.grounds_form import Claiming, read_grounds
from adapters.answering.holding_form import read_entries
from adapters.answering.people_form import read_consent, read_practitioner, read_subjects
from adapters.answering.section import Section
from adapters.order import TellOrder
from broker.protocol.body import Decided, OutcomeTold
from broker.protocol.declaration import NoticeKind
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, HandlingCode, Purpose, Rating, Sector


def read_contact(form: Section, *, policy: PolicySet, sector: Sector) -> TellOrder:
    """Read what an agency of `sector` tells.

    Raises BadForm: the first fault, with its line and what to do.
    """
    purpose = form.code("purpose", Purpose)
    regards = form.line_or_none("regards")
    # What regards an exchange and names nobody is about everyone in it.
    subjects = () if regards is not None and not form.has("subjects") else read_subjects(form)
    claiming = Claiming(
        policy=policy, sector=sector, action=Action.TELL, purpose=purpose, subjects=len(subjects)
    )
    contact = TellOrder(
        to=form.line("to"),
        practitioner=read_practitioner(form),
        notice=form.code("notice", NoticeKind),
        purpose=purpose,
        rating=form.code("rating", Rating),
        category=form.code("category", Category),
        handling=form.code("handling", HandlingCode),
        grounds=read_grounds(form, claiming),
        consent=read_consent(form),
        subjects=subjects,
        concern=form.words("concern"),
        entries=read_entries(form, len(subjects)),
        family_informed=form.flag_or_none("family_informed"),
        contact=form.line_or_none("contact"),
        regards=regards,
        outcome=_outcome(form),
        needed_within=form.seconds_or_none("needed_within"),
    )
    form.end()
    if (contact.outcome is not None) != (contact.notice is NoticeKind.OUTCOME):
        form.refuse("outcome", "goes with `notice: outcome`, and only with it")
    if contact.notice in (NoticeKind.CORRECTION, NoticeKind.LATER_TRANSFER):
        form.refuse("notice", "is contact or outcome; gatehouse-adapter correct tells corrections")
    return contact


def _outcome(form: Section) -> OutcomeTold | None:
    section = form.section_or_none("outcome", "an outcome")
    if section is None:
        return None
    outcome = OutcomeTold(
        decided=section.code("decided", Decided), by=section.line("by"), at=section.moment("at")
    )
    section.end()
    return outcome
