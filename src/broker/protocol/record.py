"""Records: what the log holds, each the exact bytes of a compact JWS by the hub's decision key.

A tagged, versioned union. A record embeds the act of whoever acted, whole, so that it proves itself; a
declaration is bound by its digest. The log entry is the salted commitment to these bytes
(`keys.merkle.entry`), so tiles tell nothing but growth. Kinds that later work writes are named here already,
so that no reader meets an unknown one.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from broker.protocol.act import ReceiptOutcome
from broker.protocol.declaration import Kind
from broker.protocol.problem import Problem
from broker.protocol.wire import (
    AgencyId,
    Digest,
    Jti,
    PersonId,
    Seconds,
    ShortText,
    Token,
    VersionOne,
    Wire,
    parse_union,
)
from keys import jws
from policies.finding import Finding, Need
from policies.question import Question
from policies.vocabulary import Category, Outcome, RecallReason

TYP: Final = "gatehouse-record+1"
ENTRY_VERSION: Final = 1
"""The version byte of the log entry's commitment."""


class GuardVersion(Wire):
    """A fact that can be revoked, and which version of it the decision read."""

    kind: str
    id: str
    version: int


class Decided(Wire):
    """A decision with all it was made from: it recomputes to the same outcome from this alone."""

    outcome: Outcome
    question: Question
    findings: list[Finding]
    needs: list[Need]
    confirmable: list[Category]
    policy_version: int
    policy_digest: str
    catalogue_digest: str
    guards: list[GuardVersion]


class _Record(Wire):
    at: Seconds
    v: VersionOne = 1


class Origin(_Record):
    """The log's first record: which hub, which keys, who may administer it."""

    record: Literal["origin"] = "origin"
    hub: str
    decision_key: dict[str, str]
    log_vkey: str
    administrator: PersonId
    administrator_key: dict[str, str]
    policy_version: int
    policy_digest: str


class _Enveloped(_Record):
    sender: AgencyId
    envelope: Jti


class Permit(_Enveloped):
    """The envelope may pass: what a sender must find in the log before it lets the body go."""

    record: Literal["permit"] = "permit"
    kind: Kind
    recipient: AgencyId
    exchange: Jti
    declaration: Digest
    body: Digest
    decided: Decided
    lift: Token | None = None


class Refusal(_Enveloped):
    """The envelope may not pass, and why."""

    record: Literal["refusal"] = "refusal"
    kind: Kind
    recipient: AgencyId
    exchange: Jti
    declaration: Digest
    decided: Decided
    lift: Token | None = None


class Hold(_Enveloped):
    """Something is missing; the decision says what and whom to ask."""

    record: Literal["hold"] = "hold"
    kind: Kind
    recipient: AgencyId
    exchange: Jti
    declaration: Digest
    decided: Decided
    lift: Token | None = None


class Handover(_Enveloped):
    """Decided again and leased to the recipient's live connection."""

    record: Literal["handover"] = "handover"
    recipient: AgencyId
    generation: int
    decided: Decided


class Recalled(_Enveloped):
    """Will not pass after all: decided again, taken back by its sender, or stopped."""

    record: Literal["recalled"] = "recalled"
    recipient: AgencyId
    reason: RecallReason
    may_have_been_received: bool
    decided: Decided | None = None
    act: Token | None = None


class Received(_Enveloped):
    """The recipient's receipt: opened, or what went wrong."""

    record: Literal["receipt"] = "receipt"
    recipient: AgencyId
    outcome: ReceiptOutcome
    act: Token


class Lapsed(_Enveloped):
    """Not deposited by its `deposit_by`, or held past its time."""

    record: Literal["lapsed"] = "lapsed"


class Expired(_Enveloped):
    """Not opened while it was needed; the body is deleted."""

    record: Literal["expired"] = "expired"
    recipient: AgencyId
    may_have_been_received: bool


class AgencyActed(_Record):
    """A signed act of an agency: nil, decline, waiting, withdraw, consent, a key act, a subject key act."""

    record: Literal["act"] = "act"
    agency: AgencyId
    act: Token


class PersonActed(_Record):
    """A signed act of an administrator, or later of another person with a role."""

    record: Literal["administration"] = "administration"
    person: PersonId
    act: Token


class Enrolled(_Record):
    """An agency's identity key and first key set, its possession of every key proved. Every key of an earlier
    enrolment of the same agency is revoked from here in the log.
    """

    record: Literal["enrolled"] = "enrolled"
    agency: AgencyId
    identity: dict[str, str]
    key_set: Token


class Silence(_Record):
    """The source said nothing at all about a category by the due time."""

    record: Literal["silence"] = "silence"
    exchange: Jti
    category: Category
    source: AgencyId


class Undelivered(_Record):
    """The source had not opened the ask by its end: not the source's silence."""

    record: Literal["undelivered"] = "undelivered"
    exchange: Jti
    source: AgencyId


class Closed(_Record):
    """At the due time nothing had been handed over in a category; the asker is told so, and no more."""

    record: Literal["closed"] = "closed"
    exchange: Jti
    category: Category
    asker: AgencyId
    source: AgencyId


class SetAside(_Enveloped):
    """Handed over again and again without a receipt: set aside so that the queue moves on."""

    record: Literal["set-aside"] = "set-aside"
    recipient: AgencyId
    handovers: int


class MapHead(_Record):
    """The head of the map per subject and per key as of this checkpoint (for when there are witnesses)."""

    record: Literal["map-head"] = "map-head"
    root: Digest


class Review(_Record):
    """An officer's review of a disclosure."""

    record: Literal["review"] = "review"
    person: PersonId
    index: int
    act: Token


class Gap(_Record):
    """After a restore: the last witnessed checkpoint, and that what followed it may be missing."""

    record: Literal["gap"] = "gap"
    checkpoint: ShortText


Record = Annotated[
    Origin
    | Permit
    | Refusal
    | Hold
    | Handover
    | Recalled
    | Received
    | Lapsed
    | Expired
    | AgencyActed
    | PersonActed
    | Enrolled
    | Silence
    | Undelivered
    | Closed
    | SetAside
    | MapHead
    | Review
    | Gap,
    Field(discriminator="record"),
]
_RECORD: Final[TypeAdapter[Any]] = TypeAdapter(Record)


def parse_record(token: str) -> tuple[jws.Jws, Any]:
    """Read a record; its signature is still to be verified with the hub's decision key.

    Returns:
        The JWS and one member of the union `Record`.

    Raises:
        keys.errors.MalformedInput, Problem: not a strict JWS, another `typ`, an unknown kind or version.
    """
    parsed = jws.parse(token)
    if parsed.typ != TYP:
        raise Problem("unsupported", f"A record's typ is {TYP}.")
    return parsed, parse_union(_RECORD, parsed.payload)
