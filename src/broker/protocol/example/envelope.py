"""The example's two envelopes, an ask and the item that answers it, and the acts that go with them."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from broker.protocol import act as acts
from broker.protocol.binding import content_commitment
from broker.protocol.body import NHS_NUMBER as NHS
from broker.protocol.body import AskBody, Body, Entry, Identifier, ItemBody, Person, Searched
from broker.protocol.declaration import (
    TYP,
    Ask,
    BodyDigest,
    Declaration,
    Item,
    Practitioner,
    SubjectCommitment,
    Threshold,
)
from broker.protocol.example import cast
from broker.protocol.example.cast import CARE, HEALTH, Agency, seed, uuid
from broker.protocol.frame import Opening
from keys import base64url, commitment, jws, sealing, subject
from keys.sealing import Binding
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

FILE: Final = "sealed.json"
"""Where the sealed bodies are kept, by name."""
CATEGORY: Final = Category.HEALTH_ATTENDANCES
ASK: Final = uuid("ask")
ITEM: Final = uuid("item")
NEEDED_UNTIL: Final = cast.ASKED + 30 * 86_400
ADAPTER: Final = Practitioner(id="adapter", role=PractitionerRole.PRACTITIONER)
NOT_SOUGHT: Final = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A body as it is to be sealed, and for whom."""

    name: str
    sender: Agency
    recipient: Agency
    body: Body

    @property
    def plaintext(self) -> bytes:
        """The bytes that are sealed."""
        return self.body.dump()

    @property
    def binding(self) -> Binding:
        """The context they are sealed for."""
        return Binding(
            hub_id=cast.HUB,
            exchange=ASK,
            jti=self.body.jti,
            kind=self.body.body,
            sender=self.sender.id,
            recipient=self.recipient.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A letter sealed and declared."""

    letter: Letter
    sealed: bytes
    claims: Declaration
    token: str

    @property
    def openings(self) -> list[Opening]:
        """What travels beside the declaration."""
        return [Opening(t1=person.t1, r=person.r) for person in self.letter.body.subjects]


def _child(name: str) -> Person:
    return Person(
        role=SubjectRole.CHILD,
        t1=base64url.encode(cast.T1),
        r=base64url.encode(seed(f"{name} r")),
        traced=True,
        name=cast.NAME,
        born=date(2019, 3, 14),
        identifiers=[Identifier(system=NHS, value=cast.NHS_NUMBER, checked=True)],
    )


def letters() -> tuple[Letter, Letter]:
    """The ask's and the item's body."""
    ask = AskBody(
        sender=CARE.id,
        recipient=HEALTH.id,
        exchange=ASK,
        jti=ASK,
        salt=base64url.encode(seed("ask salt")),
        subjects=[_child("ask")],
        concern="Bruising explained in two different ways within a week (invented).",
        necessity="Attendances show whether earlier injuries were explained alike.",
        contact="A. Practitioner, 01632 960011",
    )
    item = ItemBody(
        sender=HEALTH.id,
        recipient=CARE.id,
        exchange=ASK,
        jti=ITEM,
        salt=base64url.encode(seed("item salt")),
        subjects=[_child("item")],
        category=CATEGORY,
        result="held",
        entries=[
            Entry(
                subject=0, on=date(2026, 8, 2), what="Emergency department: bruised forearm, fall reported."
            )
        ],
        searched=Searched(systems=["the trust's record system"], by=["NHS number"], as_of=date(2026, 9, 21)),
        handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
        necessity="The attendance bears on the accounts given.",
    )
    return (
        Letter(name="ask", sender=CARE, recipient=HEALTH, body=ask),
        Letter(name="item", sender=HEALTH, recipient=CARE, body=item),
    )


def kept() -> dict[str, str]:
    """The sealed bodies by name."""
    found: dict[str, str] = json.loads(
        files("broker.protocol.example").joinpath(FILE).read_text(encoding="ascii")
    )
    return found


def sealed_anew() -> str:
    """What the file must hold once a letter has changed: both sealed, with randomness of sealing's own."""
    sealed = {
        letter.name: sealing.seal(letter.plaintext, letter.recipient.sealing.public, letter.binding).decode(
            "ascii"
        )
        for letter in letters()
    }
    return json.dumps(sealed, indent=1) + "\n"


@cache
def ask() -> Envelope:
    """Social care asks health for attendances."""
    return declared(letters()[0], kept()["ask"])


@cache
def item() -> Envelope:
    """Health's answer in that category."""
    return declared(letters()[1], kept()["item"])


def declared(letter: Letter, sealed: str) -> Envelope:
    """A letter with its sealed body and signed declaration."""
    claims = _ask(letter, sealed) if letter.name == "ask" else _item(letter, sealed)
    return Envelope(
        letter=letter,
        sealed=sealed.encode("ascii"),
        claims=claims,
        token=jws.sign(claims.dump(), letter.sender.signing, TYP[claims.kind]),
    )


def _ask(letter: Letter, sealed: str) -> Ask:
    return Ask(
        iss=letter.sender.id,
        sub=Practitioner(id="sw-0143", role=PractitionerRole.PRACTITIONER),
        aud=[cast.HUB, letter.recipient.id],
        jti=ASK,
        iat=cast.ASKED,
        exp=cast.ASKED + 86_400,
        exchange=ASK,
        purpose=Purpose.CHILD_PROTECTION_ENQUIRY,
        rating=Rating.AMBER,
        needed_until=NEEDED_UNTIL,
        grounds=_grounds("s47-asking"),
        consent=NOT_SOUGHT,
        subjects=_committed(letter),
        body=_digests(letter, sealed),
        categories=[CATEGORY],
        due_within=86_400,
        threshold=Threshold(role=PractitionerRole.MANAGER, at=cast.ASKED - 600),
    )


def _item(letter: Letter, sealed: str) -> Item:
    return Item(
        iss=letter.sender.id,
        sub=Practitioner(id="hv-27", role=PractitionerRole.SCREENER),
        aud=[cast.HUB, letter.recipient.id],
        jti=ITEM,
        iat=cast.ANSWERED,
        exp=cast.ANSWERED + 86_400,
        exchange=ASK,
        purpose=Purpose.CHILD_PROTECTION_ENQUIRY,
        rating=Rating.AMBER,
        needed_until=NEEDED_UNTIL,
        grounds=_grounds("s47-answering-health"),
        consent=NOT_SOUGHT,
        subjects=_committed(letter),
        body=_digests(letter, sealed),
        category=CATEGORY,
        handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
    )


def _grounds(preset: str) -> Grounds:
    found = seed_policy().preset(preset)
    if found is None:
        raise LookupError(f"the seed policy has no preset {preset}")
    return with_case(found.grounds, reasons=(SchedulePara18Reason.C,))


def _committed(letter: Letter) -> list[SubjectCommitment]:
    return [
        SubjectCommitment(
            role=person.role,
            protected_person=True,
            epoch=cast.EPOCH,
            c=base64url.encode(subject.commit(base64url.decode(person.r), base64url.decode(person.t1))),
        )
        for person in letter.body.subjects
    ]


def _digests(letter: Letter, sealed: str) -> BodyDigest:
    return BodyDigest(
        digest=commitment.digest(sealed.encode("ascii")),
        commitment=content_commitment(letter.plaintext, letter.body.salt),
    )


def receipt(of: Envelope, *, at: int) -> str:
    """The recipient's signed receipt."""
    recipient = of.letter.recipient
    said = acts.Receipt(
        jti=uuid(f"receipt {of.letter.name}"),
        iat=at,
        exp=at + 60 * 86_400,
        hub=cast.HUB,
        iss=recipient.id,
        sub=ADAPTER,
        sender=of.claims.iss,
        envelope=of.claims.jti,
        digest=of.claims.body.digest,
        outcome=acts.ReceiptOutcome.OPENED,
    )
    return jws.sign(said.dump(), recipient.signing, acts.typ_of(acts.Receipt))
