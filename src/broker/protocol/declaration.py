"""Declarations: the signed clear part of an envelope (docs/protocol.md, "Declaration").

A compact JWS, EdDSA, whose `typ` carries kind and version. Closed codes only: no free text and no direct
identifier of a subject (what agencies choose for themselves, such as a practitioner's id, is short and of one
spelling); the words of necessity and concern are in the sealed body. The union names every kind
the protocol has room for, so that a hub can say "not yet spoken here" instead of "unknown".
"""

import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, model_validator

from broker.protocol.problem import Problem
from broker.protocol.wire import (
    AGENCY_ID,
    HUB_ID,
    UUID,
    AgencyId,
    Digest,
    Jti,
    PersonId,
    Seconds,
    VersionOne,
    Wire,
    parse_union,
)
from keys import jws
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.vocabulary import Category, HandlingCode, PractitionerRole, Purpose, Rating, SubjectRole

MAX_SUBJECTS: Final = 32
"""A household and its connected adults; more than this in one body is an extract, not an enquiry."""
MAX_CATEGORIES: Final = 16
_CODE: Final = r"[A-Z0-9][A-Z0-9-]{0,39}"
"""How the catalogue spells its ids. Which there are is for the rules, whose refusal is a record."""
_CODED: Final = ("article6", "article9", "schedule1_paragraph", "article10", "gateway", "confidentiality")


class Kind(StrEnum):
    """The kinds of envelope."""

    ASK = "ask"
    ITEM = "item"
    NOTICE = "notice"
    MESSAGE = "message"


class NoticeKind(StrEnum):
    """What is told unasked."""

    CONTACT = "contact"
    OUTCOME = "outcome"
    CORRECTION = "correction"
    LATER_TRANSFER = "later_transfer"


class Practitioner(Wire):
    """For whom the agency acts: its own id for the person, and the role in which."""

    id: PersonId
    role: PractitionerRole


class SubjectCommitment(Wire):
    """A person in the body, hidden: `c = SHA-256(context ‖ r ‖ t1)` (protocol, "Subjects without names").

    The three flags are what rules read of a person (`policies.question.Subject`).
    """

    role: SubjectRole
    protected_person: bool = False
    at_risk_recorded: bool = False
    cannot_consent: bool = False
    ver: VersionOne = 1
    epoch: Annotated[int, Field(ge=1, le=1 << 31)]
    c: Digest


class BodyDigest(Wire):
    """What binds the body: SHA-256 of the stored JWE bytes, and the commitment to the text inside."""

    digest: Digest
    commitment: Digest


class Threshold(Wire):
    """The recorded decision that the threshold was met: in which role it was made, and when. Its words are
    sealed.
    """

    role: PractitionerRole
    at: Seconds


class _Declared(Wire):
    iss: AgencyId
    sub: Practitioner
    aud: Annotated[list[str], Field(min_length=2, max_length=2)]
    jti: Jti
    iat: Seconds
    exp: Seconds
    exchange: Jti
    purpose: Purpose
    rating: Rating
    needed_until: Seconds
    grounds: Grounds
    consent: ConsentPosition
    subjects: Annotated[list[SubjectCommitment], Field(min_length=1, max_length=MAX_SUBJECTS)]
    body: BodyDigest

    @property
    def hub(self) -> str:
        """The hub this was written for."""
        return self.aud[0]

    @property
    def recipient(self) -> str:
        """The agency it is for."""
        return self.aud[1]

    @model_validator(mode="after")
    def _coherent(self) -> "_Declared":
        if self.recipient == self.iss:
            raise ValueError("an agency does not write to itself")
        if not re.fullmatch(HUB_ID, self.hub) or not re.fullmatch(AGENCY_ID, self.recipient):
            raise ValueError("aud is the hub's id and the recipient's")
        if not self.iat <= self.exp <= self.needed_until:
            raise ValueError("iat, exp and needed_until are out of order")
        return self


class Ask(_Declared):
    """One ask to one source: which categories, about whom, on what grounds, by when."""

    kind: Literal[Kind.ASK] = Kind.ASK
    categories: Annotated[list[Category], Field(min_length=1, max_length=MAX_CATEGORIES)]
    due_within: Annotated[int, Field(ge=1, le=366 * 86_400)]
    threshold: Threshold | None = None

    @model_validator(mode="after")
    def _own_exchange(self) -> "Ask":
        if self.exchange != self.jti:
            raise ValueError("an ask opens the exchange that bears its id")
        if len(set(self.categories)) != len(self.categories):
            raise ValueError("a category is asked once")
        return self


class Item(_Declared):
    """One category of an answer. `exchange` is the ask's id."""

    kind: Literal[Kind.ITEM] = Kind.ITEM
    category: Category
    handling: HandlingCode


class Notice(_Declared):
    """Told unasked: a contact, an outcome, a correction, a later transfer. `regards` is the exchange it
    belongs to; `corrects`, of a correction alone, the item or contact of that exchange that was wrong.
    """

    kind: Literal[Kind.NOTICE] = Kind.NOTICE
    notice: NoticeKind
    category: Category
    handling: HandlingCode
    regards: Jti | None = None
    corrects: Jti | None = None

    @model_validator(mode="after")
    def _own_exchange(self) -> "Notice":
        if self.exchange != (self.regards or self.jti):
            raise ValueError("a notice opens its own exchange or names the one it regards")
        if (self.notice is NoticeKind.CORRECTION) != (self.corrects is not None):
            raise ValueError("a correction, and nothing else, names what it corrects")
        if self.regards is None and self.notice in (NoticeKind.OUTCOME, NoticeKind.CORRECTION):
            raise ValueError("an outcome and a correction regard an exchange")
        return self


class Message(_Declared):
    """Words between the two parties of an exchange: a question about an item, a chase."""

    kind: Literal[Kind.MESSAGE] = Kind.MESSAGE
    regards: Jti

    @model_validator(mode="after")
    def _in_exchange(self) -> "Message":
        if self.regards != self.exchange:
            raise ValueError("a message regards the exchange it belongs to")
        return self


Declaration = Ask | Item | Notice | Message

TYP: Final[dict[Kind, str]] = {kind: f"gatehouse-{kind.value}+1" for kind in Kind}
_MODEL: Final[dict[str, TypeAdapter[Declaration]]] = {
    TYP[Kind.ASK]: TypeAdapter(Ask),
    TYP[Kind.ITEM]: TypeAdapter(Item),
    TYP[Kind.NOTICE]: TypeAdapter(Notice),
    TYP[Kind.MESSAGE]: TypeAdapter(Message),
}


def parse_declaration(token: str) -> tuple[jws.Jws, Declaration]:
    """Read an untrusted declaration; its signature is still to be verified with the issuer's key.

    Raises:
        keys.errors.MalformedInput: not a strict compact JWS.
        Problem: `unsupported` for another `typ`, `malformed` for another shape.
    """
    parsed = jws.parse(token)
    adapter = _MODEL.get(parsed.typ)
    if adapter is None:
        raise Problem("unsupported", "The declaration's typ is not one of " + ", ".join(sorted(_MODEL)) + ".")
    claims = parse_union(adapter, parsed.payload)
    _verify_coded(claims)
    return parsed, claims


def _verify_coded(claims: Declaration) -> None:
    # Grounds and consent are the rules' own types, which take any text; what is kept in clear must not.
    for name in _CODED:
        code = getattr(claims.grounds, name)
        if code is not None and not re.fullmatch(_CODE, code):
            raise Problem.malformed(
                "not-a-code", f"grounds.{name} is the id of an entry of the catalogue, such as GDPR6-1E."
            )
    reference = claims.consent.reference
    if reference is not None and not re.fullmatch(UUID, reference):
        raise Problem.malformed("not-a-code", "consent.reference is the UUID a consent was recorded under.")


def categories_of(declaration: Declaration) -> tuple[Category, ...]:
    """The categories a declaration is about; a message has none of its own."""
    match declaration:
        case Ask():
            return tuple(declaration.categories)
        case Item() | Notice():
            return (declaration.category,)
        case Message():
            return ()
