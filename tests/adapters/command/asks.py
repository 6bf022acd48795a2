"""An ask as a source sees it, for tests that answer one."""

from broker.protocol.body import AskBody, Identifier, Person
from broker.protocol.declaration import Ask, BodyDigest, Practitioner, SubjectCommitment
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    PractitionerRole,
    Purpose,
    Rating,
    Regime,
    SubjectRole,
    WhyNotSought,
)

EXCHANGE = "00000000-0000-4000-8000-000000000001"
_DIGEST = "A" * 43


def ask_for(
    *categories: Category, purpose: Purpose = Purpose.CHILD_PROTECTION_ENQUIRY, subjects: int = 1
) -> Ask:
    """An ask for these categories, from social care to health."""
    return Ask(
        iss="eastmere-care",
        sub=Practitioner(id="sw-1", role=PractitionerRole.PRACTITIONER),
        aud=["0" * 32, "eastmere-health"],
        jti=EXCHANGE,
        iat=1_000,
        exp=2_000,
        exchange=EXCHANGE,
        purpose=purpose,
        rating=Rating.AMBER,
        needed_until=100_000,
        grounds=Grounds(regime=Regime.UK_GDPR, article6="GDPR6-1E"),
        consent=ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE),
        subjects=[SubjectCommitment(role=SubjectRole.CHILD, epoch=1, c=_DIGEST)] * subjects,
        body=BodyDigest(digest=_DIGEST, commitment=_DIGEST),
        categories=list(categories),
        due_within=86_400,
    )


def body_about(*numbers: str | None) -> AskBody:
    """The ask's words, about people by these NHS numbers (None: by name only)."""
    people = [
        Person(
            role=SubjectRole.CHILD,
            t1=_DIGEST,
            r=_DIGEST,
            traced=number is not None,
            name="Wren Imaginary",
            identifiers=[] if number is None else [Identifier(system="nhs", value=number, checked=True)],
        )
        for number in numbers
    ]
    return AskBody(
        sender="eastmere-care",
        recipient="eastmere-health",
        exchange=EXCHANGE,
        jti=EXCHANGE,
        salt=_DIGEST,
        subjects=people,
        concern="Invented.",
        necessity="Invented.",
    )
