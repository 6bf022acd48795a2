"""Questions for the tests: complete ones, each of which passes, to be changed one fact at a time.

Every agency and body is invented.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from policies.agreement import Agreement
from policies.catalogue import load_catalogue
from policies.consent import ConsentPosition, ConsentStanding
from policies.decide import Decision, decide
from policies.grounds import Grounds
from policies.party import ControllerFacts, Party
from policies.policy_set import PolicySet, receiving_grounds, seed_policy, with_case
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import (
    Action,
    Category,
    ConsentOutcome,
    Purpose,
    Rating,
    SchedulePara18Reason,
    Sector,
    SubjectRole,
    WhyNotSought,
)

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
C = SchedulePara18Reason.C

COUNCIL = ControllerFacts(id="council", name="Wexmoor Council", public_authority=True, local_authority=True)
TRUST = ControllerFacts(id="trust", name="Wexmoor Hospitals", public_authority=True, nhs_body=True)
FORCE = ControllerFacts(
    id="force",
    name="Wexshire Police",
    public_authority=True,
    police_force=True,
    competent_authority_for=("law enforcement",),
)
SCHOOL = ControllerFacts(id="school", name="Ford Lane School", public_authority=True, school=True)
CHARITY = ControllerFacts(id="charity", name="Harbour Young People", public_authority=False)

SUBJECTS = (Subject(role=SubjectRole.CHILD, protected_person=True), Subject(role=SubjectRole.PARENT))
NOT_SOUGHT = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE)
GIVEN = ConsentPosition(outcome=ConsentOutcome.GIVEN, reference="consent-1")
STANDS = ConsentStanding(reference="consent-1", standing=True)
WITHDRAWN = ConsentStanding(reference="consent-1", standing=False)

AGREEMENT = Agreement(
    id="agreement-1",
    controllers=("council", "trust", "force", "school", "charity"),
    purposes=tuple(Purpose),
    categories=tuple(Category),
    starts=datetime(2026, 1, 1, tzinfo=UTC),
    ends=datetime(2027, 1, 1, tzinfo=UTC),
    version=1,
)


def grounds(preset: str, *, reasons: tuple[SchedulePara18Reason, ...] = (C, C)) -> Grounds:
    """A seeded preset with the facts of the case."""
    found = seed_policy().preset(preset)
    assert found is not None, preset
    return with_case(found.grounds, reasons=reasons)


def social_care(claimed: Grounds | None = None) -> Party:
    return Party(
        agency="wexmoor-social-care",
        sector=Sector.SOCIAL_CARE,
        controllers=(COUNCIL,),
        duty_contact="Wexmoor front door, 01632 960001",
        grounds=claimed,
    )


def health(claimed: Grounds | None = None) -> Party:
    return Party(
        agency="wexmoor-health",
        sector=Sector.HEALTH,
        controllers=(TRUST,),
        duty_contact="Safeguarding nurse, 01632 960002",
        grounds=claimed,
    )


def police(claimed: Grounds | None = None) -> Party:
    return Party(
        agency="wexshire-police",
        sector=Sector.POLICE,
        controllers=(FORCE,),
        duty_contact="Protection unit, 01632 960003",
        grounds=claimed,
    )


def school(claimed: Grounds | None = None) -> Party:
    return Party(
        agency="ford-lane-school",
        sector=Sector.EDUCATION,
        controllers=(SCHOOL,),
        duty_contact="Safeguarding lead, 01632 960004",
        grounds=claimed,
    )


def question(**changes: Any) -> Question:
    """An amber s.47 ask by social care of health; it passes."""
    policy = seed_policy()
    asked = Question(
        action=Action.ASK,
        kind="ask",
        purpose=Purpose.CHILD_PROTECTION_ENQUIRY,
        categories=(Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS),
        rating=Rating.AMBER,
        asker=social_care(grounds("s47-asking")),
        source=health(),
        consent=NOT_SOUGHT,
        consent_standing=None,
        subjects=SUBJECTS,
        agreement=AGREEMENT,
        lifted=(),
        threshold_recorded=True,
        volunteered=False,
        at=AT,
        policy=PolicySetRef(version=policy.version, digest=policy.digest),
    )
    return replace(asked, **changes)


def s47_ask_police(**changes: Any) -> Question:
    return question(
        **{"source": police(), "categories": (Category.POLICE_INCIDENTS, Category.OFFENCES), **changes}
    )


def s47_release_health(**changes: Any) -> Question:
    return question(
        **{
            "action": Action.RELEASE,
            "kind": "item",
            "categories": (Category.HEALTH_ATTENDANCES,),
            "source": health(grounds("s47-answering-health")),
            **changes,
        }
    )


def s47_release_police(**changes: Any) -> Question:
    return question(
        **{
            "action": Action.RELEASE,
            "kind": "item",
            "categories": (Category.POLICE_INCIDENTS,),
            "source": police(grounds("s47-answering-police")),
            **changes,
        }
    )


def contact_tell(**changes: Any) -> Question:
    """A school tells social care of a concern, unasked."""
    receiving = receiving_grounds(
        seed_policy(), sector=Sector.SOCIAL_CARE, purpose=Purpose.SAFEGUARDING_CONTACT, subjects=2
    )
    return question(
        **{
            "action": Action.TELL,
            "kind": "notice",
            "purpose": Purpose.SAFEGUARDING_CONTACT,
            "categories": (Category.CONTACT_REPORT,),
            "asker": social_care(receiving),
            "source": school(grounds("contact-telling-education")),
            "threshold_recorded": False,
            "volunteered": True,
            **changes,
        }
    )


def early_help_ask(**changes: Any) -> Question:
    return question(
        **{
            "purpose": Purpose.EARLY_HELP,
            "categories": (Category.ATTENDANCE,),
            "rating": Rating.GREEN,
            "asker": social_care(grounds("early-help-asking", reasons=())),
            "source": school(),
            "consent": GIVEN,
            "consent_standing": STANDS,
            "threshold_recorded": False,
            **changes,
        }
    )


def early_help_release(**changes: Any) -> Question:
    return early_help_ask(
        **{
            "action": Action.RELEASE,
            "kind": "item",
            "source": school(grounds("early-help-answering-education", reasons=())),
            **changes,
        }
    )


COMPLETE = {
    "s47 ask of health": question,
    "s47 ask of police": s47_ask_police,
    "s47 release by health": s47_release_health,
    "s47 release by police": s47_release_police,
    "contact told by a school": contact_tell,
    "early-help ask on consent": early_help_ask,
    "early-help release on consent": early_help_release,
}


def asker_claims(asked: Question, **changes: Any) -> Question:
    """The question with the asker's grounds changed."""
    assert asked.asker.grounds is not None
    return replace(asked, asker=replace(asked.asker, grounds=replace(asked.asker.grounds, **changes)))


def source_claims(asked: Question, **changes: Any) -> Question:
    """The question with the source's grounds changed."""
    assert asked.source.grounds is not None
    return replace(asked, source=replace(asked.source, grounds=replace(asked.source.grounds, **changes)))


def decided(asked: Question, policy: PolicySet | None = None) -> Decision:
    return decide(asked, policy or seed_policy(), load_catalogue())


def codes(decision: Decision) -> set[str]:
    return {found.code for found in decision.findings}
