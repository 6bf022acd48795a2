"""What an enrolling adapter and the hub say to each other (docs/protocol.md, "Enrolment")."""

import hashlib
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from broker.protocol.wire import AgencyId, Digest, Token, Wire
from keys import base64url

OFFER_LIMIT: Final = 256 << 10
"""Bytes of an offer at most: a key set of eight sealing keys is about 14 KiB."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{16,64}$")]
"""A single-use enrolment code, as the administrator read it out; compared by digest."""
SealingKid = Digest


class Offer(Wire):
    """An agency's code and keys: identity, key set, and proof that it holds identity and signing key."""

    code: Code
    agency: AgencyId
    identity: dict[str, str]
    key_set: Token
    possession: Annotated[list[Token], Field(min_length=2, max_length=2)]


class Challenge(Wire):
    """A nonce sealed to one of the offered sealing keys."""

    kid: SealingKid
    sealed: str


class Challenges(Wire):
    """What the adapter must open, all of them, to show that it holds its sealing keys."""

    challenges: list[Challenge]


class Answer(Wire):
    """An opened nonce."""

    kid: SealingKid
    nonce: Digest


class Completion(Wire):
    """The opened nonces, which complete the enrolment and spend the code."""

    code: Code
    agency: AgencyId
    answers: Annotated[list[Answer], Field(min_length=1, max_length=8)]


class Enrolment(Wire):
    """The agency is enrolled; its record lies at this index of the log."""

    index: int


def code_digest(code: str) -> str:
    """What the hub keeps of a code: base64url SHA-256 of its ASCII bytes."""
    return base64url.encode(hashlib.sha256(code.encode("ascii")).digest())
