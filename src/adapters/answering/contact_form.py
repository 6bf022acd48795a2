"""The form that tells unasked: a contact, an outcome."""

from adapters.answering.grounds_form import Claiming, read_grounds
from adapters.answering.holding_form import read_entries
from adapters.answering.people_form import read_consent, read_practitioner, read_subjects
from adapters.answering.section import Section
from adapters.order import TellOrder
from broker.protocol.declaration import NoticeKind
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, HandlingCode, Purpose, Rating, Sector


def read_contact(form: Section, *, policy: PolicySet, sector: Sector) -> TellOrder:
    """Read what an agency of `sector` tells.

    Raises BadForm: the first fault, with its line and what to do.
    """
    purpose = form.code("purpose", Purpose)
    subjects = read_subjects(form)
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
        regards=form.line_or_none("regards"),
        needed_within=form.seconds_or_none("needed_within"),
    )
    form.end()
    return contact
