"""Proof that an enrolling adapter holds the keys it offers: two signed statements, and nonces it must open.

Promises: `verify_offer` accepts only keys that are sound, of the right use, in a first key set of this
    agency, each signing key proved by a signature over this hub, this agency and this code. Whether a key
    belongs to somebody else already is for the store to say. Nonces are kept as digests, so that a copy of
    the database completes nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from broker.enrolment.model import Answer, Challenge, Offer, code_digest
from broker.protocol.problem import Problem
from keys import base64url, jws, keyset, sealing
from keys.errors import BadKey, MalformedInput, Rejected
from keys.keyset import KeySet
from keys.sealing import SealingPublicKey
from keys.signing import PublicKey, parse_public_key

TYP: Final = "gatehouse-possession+1"
EXCHANGE: Final = "enrolment"
KIND: Final = "challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedKeys:
    """An agency's keys, each sound and, but for the sealing keys, proved to be held."""

    identity: PublicKey
    keyset: KeySet

    def rows(self) -> tuple[list[str], list[str], list[bytes]]:
        """Key ids, uses and raw public keys, in one order."""
        rows = [
            (self.identity.kid, "identity", self.identity.raw),
            (self.keyset.signing.kid, "signing", self.keyset.signing.raw),
            *((use.key.kid, "sealing", use.key.raw) for use in self.keyset.sealing),
        ]
        return [kid for kid, _, _ in rows], [use for _, use, _ in rows], [raw for _, _, raw in rows]


def verify_offer(offer: Offer, *, hub_id: str, at: int) -> OfferedKeys:
    """The offered keys, if they are sound, form a first key set and are held by whoever offers them.

    Raises:
        Problem: `unprocessable`, its reason the key's or signature's own code.
    """
    try:
        identity = parse_public_key(dict(offer.identity))
        offered = keyset.verify_key_set(offer.key_set, identity=identity, previous=None, at=at)
        if offered.version != 1:
            raise BadKey("key-set-not-first", "an agency enrols with version 1 of its key set")
        if offered.agency != offer.agency:
            raise BadKey("key-set-other-agency", "the key set is another agency's")
        statement: dict[str, object] = {
            "hub": hub_id,
            "agency": offer.agency,
            "code_digest": code_digest(offer.code),
        }
        for token, key in zip(offer.possession, (identity, offered.signing), strict=True):
            _verify_possession(token, key, statement)
    except Rejected as error:
        raise Problem(
            "unprocessable", f"The offer is refused: {error.message}.", reason=error.code
        ) from error
    return OfferedKeys(identity=identity, keyset=offered)


def _verify_possession(token: str, key: PublicKey, statement: dict[str, object]) -> None:
    signed = jws.parse(token)
    jws.verify(signed, key, typ=TYP)
    if signed.claims != statement:
        raise MalformedInput(
            "possession-other",
            "a possession token states exactly this hub, this agency and this code's digest",
        )


def challenge(key: SealingPublicKey, nonce: bytes, *, hub_id: str, agency: str) -> Challenge:
    """`nonce` sealed to an offered key, for this enrolment only."""
    binding = sealing.Binding(
        hub_id=hub_id, exchange=EXCHANGE, jti=agency, kind=KIND, sender=hub_id, recipient=agency
    )
    return Challenge(kid=key.kid, sealed=sealing.seal(nonce, key, binding).decode("ascii"))


def nonce_digest(nonce: bytes) -> str:
    """What is kept of a nonce until it comes back."""
    return base64url.encode(hashlib.sha256(nonce).digest())


def verify_answers(answers: list[Answer], *, kept: dict[str, str]) -> None:
    """Return if every kept nonce came back, each once.

    Args:
        kept: nonce digests by key id.

    Raises:
        Problem: `unprocessable`, reason `challenge-not-answered`.
    """
    good = len(answers) == len(kept)
    for answer in answers:
        expected = kept.get(answer.kid, "")
        # No early end: how many were right is not told.
        good = hmac.compare_digest(nonce_digest(_bytes(answer.nonce)).encode(), expected.encode()) and good
    if not good or {answer.kid for answer in answers} != kept.keys():
        raise Problem(
            "unprocessable",
            "The nonces are not those of the last offer: offer again and answer every challenge.",
            reason="challenge-not-answered",
        )


def _bytes(text: str) -> bytes:
    try:
        return base64url.decode_exactly(text, 32)
    except MalformedInput as error:
        raise Problem.malformed(error.code, "A nonce is 32 bytes in unpadded base64url.") from error
