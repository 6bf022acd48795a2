"""The invented case both sides exchange: one ask about one child, one item in answer, sizes as in practice.

Every NHS number is of the range kept for tests (999…) with a valid check digit; every name is plainly
invented.
"""

from datetime import date
from typing import Final

from adapters.order import AskOrder, ItemOrder, Subject
from broker.protocol.body import NHS_NUMBER, Entry, Identifier, Searched
from broker.protocol.declaration import Practitioner, Threshold
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

ASKER: Final = "benchford-care"
SOURCE: Final = "benchford-health"
CATEGORY: Final = Category.HEALTH_ATTENDANCES
_WORKER: Final = Practitioner(id="worker-1", role=PractitionerRole.PRACTITIONER)
_NOT_SOUGHT: Final = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE)
CONCERN: Final = (
    "Invented: two accounts of the same bruise were given within a day, and neither fits with where the "
    "child was. School has told of eleven absences this term, each called in as illness; the child says "
    "nobody was ill. "
) * 2
NECESSITY: Final = "Invented: only the hospital knows what was said there, and when, about these injuries."
FOUND: Final = (
    "Invented: emergency attendance. Parent reports a fall from a climbing frame; examined, bruising of two "
    "ages, no fracture; discharged to the care of the parent with advice; safeguarding lead told."
)


def nhs_numbers() -> tuple[str, ...]:
    """Some hundred numbers of the test range with valid check digits."""
    found = []
    for serial in range(9_990_000, 9_990_400):
        digits = f"{serial:07d}{serial % 97:02d}"
        check = (
            11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        )
        if check != 10:
            found.append(digits + str(check % 11))
    return tuple(found)


_NUMBERS: Final = nhs_numbers()


def child(number: int) -> Subject:
    """The subject of the exchange of that number."""
    nhs = _NUMBERS[number % len(_NUMBERS)]
    return Subject(
        role=SubjectRole.CHILD,
        name="Zebedee Quillfeather",
        born=date(2016, 5, 4),
        identifiers=(Identifier(system=NHS_NUMBER, value=nhs, checked=True),),
        address="1 Nowhere Lane, Benchford",
        protected_person=True,
    )


def ask_order(number: int, *, at: int) -> AskOrder:
    """Social care asks health under s.47."""
    return AskOrder(
        to=SOURCE,
        practitioner=_WORKER,
        purpose=Purpose.CHILD_PROTECTION_ENQUIRY,
        rating=Rating.AMBER,
        categories=(CATEGORY,),
        grounds=_ASKING,
        consent=_NOT_SOUGHT,
        subjects=(child(number),),
        concern=CONCERN,
        necessity=NECESSITY,
        threshold=Threshold(role=PractitionerRole.MANAGER, at=at - 60),
        due_within=3_600,
    )


def item_order(exchange: str) -> ItemOrder:
    """Health answers with three entries."""
    return ItemOrder(
        exchange=exchange,
        category=CATEGORY,
        practitioner=_WORKER,
        grounds=_ANSWERING,
        searched=Searched(systems=["Invented record system"], by=["NHS number"], as_of=date(2026, 1, 5)),
        handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
        necessity="Invented: the attendances bear on the accounts given.",
        entries=tuple(Entry(subject=0, on=date(2026, 1, day), what=FOUND) for day in (2, 9, 16)),
    )


def _grounds(preset: str) -> Grounds:
    found = seed_policy().preset(preset)
    assert found is not None, preset
    return with_case(found.grounds, reasons=(SchedulePara18Reason.C,))


_ASKING: Final = _grounds("s47-asking")
_ANSWERING: Final = _grounds("s47-answering-health")
