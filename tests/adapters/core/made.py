"""Invented people and orders for these tests, as plainly invented as can be."""

from dataclasses import replace
from datetime import date
from typing import Any

from adapters.order import AskOrder, ItemOrder, Subject, TellOrder
from broker.protocol.body import NHS_NUMBER, Entry, Identifier, Searched
from broker.protocol.declaration import NoticeKind, Practitioner, Threshold
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.policy_set import seed_policy, with_case
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    HandlingCode,
    PractitionerRole,
    Purpose,
    Rating,
    SchedulePara18Reason,
    SubjectRole,
    WhyNotSought,
)

WORKER = Practitioner(id="worker-1", role=PractitionerRole.PRACTITIONER)
NOT_SOUGHT = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE)
NUMBER = "9990000018"
"""Of the range kept for tests, with a valid check digit."""
OTHER_NUMBER = "9990000026"
CONCERN = "Zebedee Quillfeather said two things that cannot both be true."
WORDS = "Emergency attendance of Zebedee Quillfeather: a made-up ailment."


def nhs(number: str) -> Identifier:
    """A checked NHS number."""
    return Identifier(system=NHS_NUMBER, value=number, checked=True)


CHILD = Subject(
    role=SubjectRole.CHILD,
    name="Zebedee Quillfeather",
    born=date(2016, 5, 4),
    identifiers=(nhs(NUMBER),),
    address="1 Nowhere Lane, Inventon",
    protected_person=True,
)


def grounds(preset: str, *, subjects: int = 1) -> Grounds:
    """A preset's grounds with reason (c) for each person."""
    found = seed_policy().preset(preset)
    assert found is not None, preset
    return with_case(found.grounds, reasons=(SchedulePara18Reason.C,) * subjects)


def ask_order(at: int, **changes: Any) -> AskOrder:
    """A complete s.47 ask of health by social care."""
    order = AskOrder(
        to="health",
        practitioner=WORKER,
        purpose=Purpose.CHILD_PROTECTION_ENQUIRY,
        rating=Rating.AMBER,
        categories=(Category.HEALTH_ATTENDANCES,),
        grounds=grounds("s47-asking"),
        consent=NOT_SOUGHT,
        subjects=(CHILD,),
        concern=CONCERN,
        necessity="Only health knows what was said there.",
        threshold=Threshold(role=PractitionerRole.MANAGER, at=at - 60),
        due_within=3_600,
    )
    return replace(order, **changes)


def item_order(exchange: str, **changes: Any) -> ItemOrder:
    """Health's answer with one entry."""
    order = ItemOrder(
        exchange=exchange,
        category=Category.HEALTH_ATTENDANCES,
        practitioner=WORKER,
        grounds=grounds("s47-answering-health"),
        searched=Searched(systems=["Invented record system"], by=["NHS number"], as_of=date(2026, 1, 5)),
        handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
        necessity="The attendance bears on the accounts given.",
        entries=(Entry(subject=0, on=date(2026, 1, 2), what=WORDS),),
    )
    return replace(order, **changes)


def tell_order(**changes: Any) -> TellOrder:
    """A school's contact to social care."""
    order = TellOrder(
        to="care",
        practitioner=WORKER,
        notice=NoticeKind.CONTACT,
        purpose=Purpose.SAFEGUARDING_CONTACT,
        rating=Rating.AMBER,
        category=Category.CONTACT_REPORT,
        handling=HandlingCode.OFFICIAL_SENSITIVE,
        grounds=grounds("contact-telling-education"),
        consent=NOT_SOUGHT,
        subjects=(CHILD,),
        concern=CONCERN,
        family_informed=False,
    )
    return replace(order, **changes)
