"""Bodies: what is sealed inside an envelope, as strict JSON.

Every body repeats sender, recipient, exchange and jti of its declaration and carries the salt of its
commitment and each subject's (t1, r): `check_binding` compares them all, so that a body under another
declaration does not open. The words a person wrote are here and only here.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from broker.protocol.declaration import Kind
from broker.protocol.wire import AgencyId, Digest, Jti, Wire, parse_union
from keys import strict_json
from policies.vocabulary import Category, HandlingCode, SubjectRole

Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]


NHS_NUMBER: Final = "nhs"
"""The `system` of an identifier that is an NHS number: ten digits without spaces."""


class Identifier(Wire):
    """One identifier of a person as an agency's system gives it. `checked`: its check digit was verified."""

    system: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    value: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    checked: bool = False


class Person(Wire):
    """A subject by name and identifiers, as the sender knows them, with what opens the commitment in the
    declaration.
    """

    role: SubjectRole
    t1: Digest
    r: Digest
    traced: bool
    """True when t1 was computed from a checked NHS number given here; false when it is random."""
    name: Line | None = None
    born: date | None = None
    identifiers: Annotated[list[Identifier], Field(max_length=16)] = []
    address: Line | None = None
    relation: Line | None = None


class Nature(StrEnum):
    """Whether an entry is what happened, what somebody thinks, or what somebody says happened."""

    FACT = "fact"
    OPINION = "opinion"
    ALLEGATION = "allegation"


class Grading(Wire):
    """How far an entry may be relied on, as UK police grade intelligence (3x5x2).

    `source` 1 reliable, 2 untested, 3 not reliable; `information` A known directly, B known indirectly but
    corroborated, C known indirectly, D not known, E suspected to be false; `handling` P may be shared
    lawfully, C only under the conditions that travel with the item.
    """

    source: Annotated[int, Field(ge=1, le=3)]
    information: Literal["A", "B", "C", "D", "E"]
    handling: Literal["P", "C"]


class Entry(Wire):
    """One dated statement out of an agency's records, about one subject (index into `subjects`)."""

    subject: Annotated[int, Field(ge=0, lt=32)]
    on: date | datetime | None
    what: Words
    nature: Nature = Nature.FACT
    recorded_by: Line | None = None
    reference: Line | None = None
    detail: Annotated[dict[Line, Line], Field(max_length=32)] = {}
    grading: Grading | None = None


class Redaction(Wire):
    """Something left out, where, and the coded reason that may travel. `entry` is the index of the entry it
    was taken out of; None: out of the whole answer.
    """

    place: Line
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    entry: Annotated[int, Field(ge=0, lt=5_000)] | None = None


class Searched(Wire):
    """What was searched: a nil without this falsely reassures."""

    systems: list[Line]
    by: list[Line]
    as_of: datetime | date | None


class _Body(Wire):
    sender: AgencyId
    recipient: AgencyId
    exchange: Jti
    jti: Jti
    salt: Digest
    subjects: Annotated[list[Person], Field(min_length=1, max_length=32)]


def _verify_entries(entries: Sequence[Entry], subjects: Sequence[Person]) -> None:
    if any(entry.subject >= len(subjects) for entry in entries):
        raise ValueError("an entry is about a person the body names")


def _under_conditions(entry: Entry) -> bool:
    return entry.grading is not None and entry.grading.handling == "C"


class AskBody(_Body):
    """The asker's words: the concern, why these categories are necessary, how to reach the practitioner."""

    body: Literal["ask"] = "ask"
    concern: Words
    necessity: Words
    contact: Line | None = None


class ItemBody(_Body):
    """One category of the source's answer."""

    body: Literal["item"] = "item"
    category: Category
    result: Literal["held", "nil"]
    entries: Annotated[list[Entry], Field(max_length=5_000)] = []
    searched: Searched
    handling: HandlingCode
    conditions: Words | None = None
    redactions: Annotated[list[Redaction], Field(max_length=200)] = []
    necessity: Words

    @model_validator(mode="after")
    def _coherent(self) -> "ItemBody":
        _verify_entries(self.entries, self.subjects)
        if self.result == "nil" and self.entries:
            raise ValueError("a nil has no entries")
        if any(_under_conditions(entry) for entry in self.entries) and self.conditions is None:
            raise ValueError("an entry graded C travels with its conditions")
        if any(one.entry is not None and one.entry >= len(self.entries) for one in self.redactions):
            raise ValueError("a redaction is of an entry the body has")
        return self


class Decided(StrEnum):
    """What was decided about a child (Working Together to Safeguard Children; the words of each area's
    threshold document are in `concern`).
    """

    NO_FURTHER_ACTION = "no_further_action"
    EARLY_HELP = "early_help"
    CHILD_IN_NEED = "child_in_need"
    """Assessment or help under the Children Act 1989 s.17."""
    STRATEGY_DISCUSSION = "strategy_discussion"
    """Enquiries under the Children Act 1989 s.47 are considered or begun."""
    IMMEDIATE_PROTECTION = "immediate_protection"


class OutcomeTold(Wire):
    """The threshold decision that an outcome tells of: what, who made it (their office, in words), when."""

    decided: Decided
    by: Line
    at: datetime


class Correction(Wire):
    """What was wrong in an item that was sent before. `entries` are indexes into that item's entries; none
    named: all of it is wrong. What holds instead, if anything, is in the notice's own entries.
    """

    item: Jti
    entries: Annotated[list[Annotated[int, Field(ge=0, lt=5_000)]], Field(max_length=5_000)] = []
    why: Words


class NoticeBody(_Body):
    """Words told unasked: a contact's concern, an outcome, a correction."""

    body: Literal["notice"] = "notice"
    category: Category
    concern: Words
    entries: Annotated[list[Entry], Field(max_length=500)] = []
    family_informed: bool | None = None
    contact: Line | None = None
    outcome: OutcomeTold | None = None
    correction: Correction | None = None

    @model_validator(mode="after")
    def _coherent(self) -> "NoticeBody":
        _verify_entries(self.entries, self.subjects)
        return self


class MessageAbout(StrEnum):
    """What a message is for."""

    QUESTION = "question"
    REPLY = "reply"
    CHASE = "chase"


class MessageBody(_Body):
    """Words between the two parties of an exchange. `item` is the envelope a question or reply is about."""

    body: Literal["message"] = "message"
    about: MessageAbout
    words: Words
    item: Jti | None = None


Body = AskBody | ItemBody | NoticeBody | MessageBody
_MODEL: Final[dict[Kind, TypeAdapter[Body]]] = {
    Kind.ASK: TypeAdapter(AskBody),
    Kind.ITEM: TypeAdapter(ItemBody),
    Kind.NOTICE: TypeAdapter(NoticeBody),
    Kind.MESSAGE: TypeAdapter(MessageBody),
}

BODY_LIMIT: Final = 4 << 20
"""The largest size class of sealing, hence the largest body."""


def parse_body(kind: Kind, plaintext: bytes) -> Body:
    """Read an opened body of the declared kind.

    Raises:
        keys.errors.MalformedInput, Problem: not strict JSON, or another shape than the declared kind's.
    """
    strict_json.parse(plaintext, limit=BODY_LIMIT)
    return parse_union(_MODEL[kind], plaintext)
