"""Acts: what an agency or an administrator signs without a sealed body.

An agency's acts are signed by its signing key, an administrator's by the person's own key; each is a compact
JWS whose `typ` names it with its version, each is a record in the log with the signature inside.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, model_validator

from broker.protocol.declaration import Practitioner, SubjectCommitment
from broker.protocol.problem import Problem
from broker.protocol.wire import (
    AgencyId,
    Digest,
    HubId,
    Jti,
    PersonId,
    Seconds,
    ShortText,
    Token,
    Wire,
    parse_union,
)
from keys import jws
from policies.agreement import Agreement
from policies.party import ControllerFacts
from policies.vocabulary import Category, Purpose, Rating, RecallReason, Sector, WithdrawReason

_AGREEMENT_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class _Act(Wire):
    jti: Jti
    iat: Seconds
    exp: Seconds
    hub: HubId


class _AgencyAct(_Act):
    iss: AgencyId
    sub: Practitioner


class Nil(_AgencyAct):
    """The source holds nothing in a category, where existence may not be confirmed (else an item says what
    was searched).
    """

    act: Literal["nil"] = "nil"
    exchange: Jti
    category: Category


class Decline(_AgencyAct):
    """The source will not give a category. The coded reason stays at the source; `reason` commits to it with
    a salt.
    """

    act: Literal["decline"] = "decline"
    exchange: Jti
    category: Category
    reason: Digest


class Waiting(_AgencyAct):
    """ "No answer yet": said by the source's adapter itself for what waits for a person, so silence is the
    agency's.
    """

    act: Literal["waiting"] = "waiting"
    exchange: Jti
    category: Category


class Withdraw(_AgencyAct):
    """The asker no longer wants an answer: later items of the exchange are refused."""

    act: Literal["withdraw"] = "withdraw"
    exchange: Jti
    reason: WithdrawReason


class Rate(_AgencyAct):
    """The asker rates its ask anew: the answer is due `due_within` seconds after the ask's handover."""

    act: Literal["rate"] = "rate"
    exchange: Jti
    rating: Rating
    due_within: Annotated[int, Field(ge=1, le=366 * 86_400)]


class Recall(_AgencyAct):
    """The sender takes back an envelope that has not been opened."""

    act: Literal["recall"] = "recall"
    envelope: Jti
    reason: RecallReason


class Lift(_AgencyAct):
    """The person a hold named says the missing fact may be done without, this once."""

    act: Literal["lift"] = "lift"
    sender: AgencyId
    envelope: Jti
    fact: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]


class ReceiptOutcome(StrEnum):
    """What the recipient's adapter did with what it was handed."""

    OPENED = "opened"
    CANNOT_OPEN = "cannot_open"
    SUBJECT_MISMATCH = "subject_mismatch"
    SET_ASIDE = "set_aside"


class Receipt(_AgencyAct):
    """The recipient says what became of a handed-over envelope, bound to the digest of the body it was
    handed.
    """

    act: Literal["receipt"] = "receipt"
    sender: AgencyId
    envelope: Jti
    digest: Digest
    outcome: ReceiptOutcome


class Consent(_AgencyAct):
    """A consent given, or withdrawn, under a reference of its own; who spoke and how is in the agency's case
    record.
    """

    act: Literal["consent"] = "consent"
    reference: Jti
    outcome: Literal["given", "refused", "withdrawn"]
    purposes: Annotated[list[Purpose], Field(max_length=16)] = []
    subjects: Annotated[list[SubjectCommitment], Field(max_length=32)] = []


class KeySetChange(_AgencyAct):
    """The next key set, signed by the identity key inside; the act itself by the signing key in force."""

    act: Literal["key-set-change"] = "key-set-change"
    key_set: Token


class KeyRevocation(_AgencyAct):
    """One of the agency's own keys must not be relied on from here in the log."""

    act: Literal["key-revocation"] = "key-revocation"
    kid: Digest


class Drained(_AgencyAct):
    """The agency has nothing left sealed to a sealing key and has destroyed it."""

    act: Literal["drained"] = "drained"
    kid: Digest


class SubjectKeyClaim(_AgencyAct):
    """An adapter says it has made `K_A` for an epoch; the hub only settles who was first."""

    act: Literal["subject-key-claim"] = "subject-key-claim"
    epoch: Annotated[int, Field(ge=1, le=1 << 30)]


class SubjectKeyPass(_AgencyAct):
    """`K_A` of an epoch, sealed to an agency whose fingerprint a person here has confirmed."""

    act: Literal["subject-key-pass"] = "subject-key-pass"
    epoch: Annotated[int, Field(ge=1, le=1 << 30)]
    recipient: AgencyId
    sealed_digest: Digest


class SubjectLink(_AgencyAct):
    """A later tracing: a random t1 of this exchange and the traced one are the same person."""

    act: Literal["subject-link"] = "subject-link"
    exchange: Jti
    earlier: SubjectCommitment
    later: SubjectCommitment


class _PersonAct(_Act):
    iss: PersonId


class AgencyAddition(_PersonAct):
    """An administrator invites an agency; `code_digest` is SHA-256 of the single-use enrolment code."""

    act: Literal["agency-addition"] = "agency-addition"
    agency: AgencyId
    name: ShortText
    sector: Sector
    controllers: Annotated[list[ControllerFacts], Field(min_length=1, max_length=16)]
    duty_contact: ShortText
    code_digest: Digest
    code_expires: Seconds


class AgencyInvitation(_PersonAct):
    """An administrator gives a known agency a new single-use code, so that it may enrol again under its name
    with a new identity key; doing so revokes every key it had.
    """

    act: Literal["agency-invitation"] = "agency-invitation"
    agency: AgencyId
    code_digest: Digest
    code_expires: Seconds


class AgencyStop(_PersonAct):
    """An administrator stops an agency at once: no handover to or from it follows this in the log."""

    act: Literal["agency-stop"] = "agency-stop"
    agency: AgencyId


class AgencyKeyRevocation(_PersonAct):
    """An administrator revokes one key of an agency at once."""

    act: Literal["agency-key-revocation"] = "agency-key-revocation"
    agency: AgencyId
    kid: Digest


class SubjectKeyRenewal(_PersonAct):
    """An administrator opens the next epoch of `K_A`: nobody has the key of the open one any more, or an
    agency that has it left.
    """

    act: Literal["subject-key-renewal"] = "subject-key-renewal"
    epoch: Annotated[int, Field(ge=2, le=1 << 30)]


class AgreementSigning(_PersonAct):
    """A data sharing agreement is in force between controllers."""

    act: Literal["agreement-signing"] = "agreement-signing"
    agreement: Agreement

    @model_validator(mode="after")
    def _sound(self) -> "AgreementSigning":
        # Compared with an instant at every decision between any two agencies, and ended by its id.
        agreement = self.agreement
        if not re.fullmatch(_AGREEMENT_ID, agreement.id):
            raise ValueError("an agreement's id is up to 64 letters, digits, dots, dashes and underlines")
        ends = agreement.ends
        if agreement.starts.utcoffset() is None or (ends is not None and ends.utcoffset() is None):
            raise ValueError("an agreement's times carry a time zone")
        if ends is not None and ends <= agreement.starts:
            raise ValueError("an agreement ends after it starts")
        return self


class AgreementEnd(_PersonAct):
    """A data sharing agreement has ended."""

    act: Literal["agreement-end"] = "agreement-end"
    agreement: Annotated[str, Field(pattern=_AGREEMENT_ID)]


class PolicyActivation(_PersonAct):
    """A policy set, by version and digest, is in force from here in the log; its text is beside the act."""

    act: Literal["policy-activation"] = "policy-activation"
    version: Annotated[int, Field(ge=1)]
    policy_digest: ShortText


class PersonAddition(_PersonAct):
    """A person with a role and a key of their own."""

    act: Literal["person-addition"] = "person-addition"
    person: PersonId
    role: Literal["administrator", "approver", "officer", "auditor"]
    key: dict[str, str]


AgencyAct = (
    Nil
    | Decline
    | Waiting
    | Withdraw
    | Rate
    | Recall
    | Lift
    | Receipt
    | Consent
    | KeySetChange
    | KeyRevocation
    | Drained
    | SubjectKeyClaim
    | SubjectKeyPass
    | SubjectLink
)
PersonAct = (
    AgencyAddition
    | AgencyInvitation
    | AgencyStop
    | AgencyKeyRevocation
    | SubjectKeyRenewal
    | AgreementSigning
    | AgreementEnd
    | PolicyActivation
    | PersonAddition
)

_AGENCY_ACTS: Final[tuple[type[Any], ...]] = AgencyAct.__args__
_PERSON_ACTS: Final[tuple[type[Any], ...]] = PersonAct.__args__


def typ_of(act: type[_Act]) -> str:
    """The JWS `typ` of an act's model, such as `gatehouse-nil+1`."""
    return f"gatehouse-{act.model_fields['act'].default}+1"


_AGENCY_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    typ_of(model): TypeAdapter(model) for model in _AGENCY_ACTS
}
_PERSON_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    typ_of(model): TypeAdapter(model) for model in _PERSON_ACTS
}


def parse_agency_act(token: str) -> tuple[jws.Jws, AgencyAct]:
    """Read an agency's untrusted act; its signature is still to be verified.

    Raises:
        keys.errors.MalformedInput: not a strict compact JWS.
        Problem: `unsupported` for another `typ`, `malformed` for another shape.
    """
    return _parse(token, _AGENCY_MODELS)


def parse_person_act(token: str) -> tuple[jws.Jws, PersonAct]:
    """Read a person's untrusted act; its signature is still to be verified. Raises as `parse_agency_act`."""
    return _parse(token, _PERSON_MODELS)


def _parse(token: str, models: dict[str, TypeAdapter[Any]]) -> tuple[jws.Jws, Any]:
    parsed = jws.parse(token)
    adapter = models.get(parsed.typ)
    if adapter is None:
        raise Problem("unsupported", "The act's typ is not one of " + ", ".join(sorted(models)) + ".")
    return parsed, parse_union(adapter, parsed.payload)
