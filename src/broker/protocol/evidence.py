"""Evidence: how anyone proves, offline, that an envelope was permitted before it passed (invariant I1).

The file an adapter keeps for each envelope it sent or opened holds everything but the hub's own keys, which
the reader must have from elsewhere (enrolment, `log.vkey`). `verify_permit` walks the steps in order; each
step's number stands in docs/protocol.md:

1. the declaration is a strict JWS by the sender's signing key, from a key set its identity key signed;
2. the record is a strict JWS by the hub's decision key, is a permit, and names this declaration by digest,
   this sender, recipient, exchange, kind and body;
3. the record's decision allows;
4. the log entry made of the record and its salt is included at its index under the checkpoint's root;
5. the checkpoint is signed by the log's key, for this hub's log.

What the caller still owes: consistency with the last checkpoint it saw, the quorum of cosignatures its
settings demand, whether a key was revoked, and opening the body.
"""

import hashlib
from dataclasses import dataclass

from broker.protocol import declaration as declared
from broker.protocol.frame import Proof
from broker.protocol.problem import Problem
from broker.protocol.record import ENTRY_VERSION, TYP, Permit, parse_record
from broker.protocol.wire import Token, Wire
from keys import base64url, jws, merkle, note
from keys.errors import BadProof
from keys.signing import PublicKey, parse_public_key
from policies.vocabulary import Outcome


class HubKeys(Wire):
    """What an agency pins of a hub at enrolment; what an officer keeps beside `log.vkey`."""

    hub: str
    origin: str
    decision_key: dict[str, str]
    log_vkey: str


class Evidence(Wire):
    """One envelope's permit, whole: what `gatehouse verify FILE` reads."""

    hub: HubKeys
    sender_identity: dict[str, str]
    sender_key_set: Token
    declaration: Token
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedHub:
    """The hub's public keys, parsed once."""

    hub: str
    decision_key: PublicKey
    log_key: note.VerifierKey

    @classmethod
    def from_keys(cls, keys: HubKeys) -> "TrustedHub":
        """Parse pinned keys.

        Raises:
            keys.errors.Rejected: a key is malformed or weak.
        """
        return cls(
            hub=keys.hub,
            decision_key=parse_public_key(dict(keys.decision_key)),
            log_key=note.parse_vkey(keys.log_vkey),
        )


def digest_of(token: str) -> str:
    """SHA-256 of a compact JWS's ASCII bytes, in base64url: how a record names a declaration."""
    return base64url.encode(hashlib.sha256(token.encode("ascii")).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPermit:
    """What the proof showed."""

    declaration: declared.Declaration
    permit: Permit
    checkpoint: note.Checkpoint


def verify_permit(
    *, hub: TrustedHub, signing_key: PublicKey, declaration: str, proof: Proof
) -> VerifiedPermit:
    """Verify steps 1 to 5 over untrusted bytes.

    Args:
        signing_key: the sender's, already taken from a key set its identity key signed.

    Raises:
        keys.errors.Rejected: a signature or proof does not hold.
        Problem: a shape is not the protocol's.
    """
    parsed, claims = declared.parse_declaration(declaration)
    jws.verify(parsed, signing_key, typ=declared.TYP[claims.kind])
    if claims.hub != hub.hub:
        raise BadProof("another-hub", "The declaration was written for another hub.")
    return verify_permit_of(hub=hub, claims=claims, declaration=declaration, proof=proof)


def verify_permit_of(
    *,
    hub: TrustedHub,
    claims: declared.Declaration,
    declaration: str,
    proof: Proof,
    opened: note.Checkpoint | None = None,
) -> VerifiedPermit:
    """Steps 2 to 5, for a declaration whose signature the caller has verified, or made.

    Args:
        claims: what `declaration` says.
        opened: the proof's checkpoint, where the caller has opened these very bytes before: one checkpoint
            covers many records.

    Raises:
        As `verify_permit`.
    """
    permit = verify_record(hub=hub, proof=proof)
    _same(permit, claims, declaration)
    checkpoint = verify_inclusion(hub=hub, proof=proof, opened=opened)
    return VerifiedPermit(declaration=claims, permit=permit, checkpoint=checkpoint)


def verify_record(*, hub: TrustedHub, proof: Proof) -> Permit:
    """Steps 2 and 3: the record is the hub's, is a permit, and allows."""
    parsed, record = parse_record(proof.record)
    jws.verify(parsed, hub.decision_key, typ=TYP)
    if not isinstance(record, Permit):
        raise BadProof("not-a-permit", "The record proved is not a permit.")
    if record.decided.outcome is not Outcome.ALLOW:
        raise BadProof("not-allowed", "The record proved does not allow the envelope to pass.")
    return record


def verify_inclusion(
    *, hub: TrustedHub, proof: Proof, opened: note.Checkpoint | None = None
) -> note.Checkpoint:
    """Steps 4 and 5: the record lies at its index under a checkpoint that the log's key signed."""
    checkpoint = opened or note.open_checkpoint(proof.checkpoint.encode(), hub.log_key)
    if checkpoint.size != proof.size:
        raise BadProof("wrong-size", "The proof is not for the checkpoint it came with.")
    entry = merkle.entry(ENTRY_VERSION, base64url.decode(proof.salt), proof.record.encode("ascii"))
    merkle.verify_inclusion(
        leaf=merkle.leaf_hash(entry),
        index=proof.index,
        size=proof.size,
        proof=[base64url.decode(step) for step in proof.path],
        root=checkpoint.root,
    )
    return checkpoint


def _same(permit: Permit, claims: declared.Declaration, token: str) -> None:
    if (
        permit.declaration != digest_of(token)
        or permit.body != claims.body.digest
        or permit.envelope != claims.jti
        or permit.sender != claims.iss
        or permit.recipient != claims.recipient
        or permit.exchange != claims.exchange
        or permit.kind is not claims.kind
    ):
        raise BadProof("another-envelope", "The permit is for another envelope.")


def parse_hub_keys(value: dict[str, object]) -> HubKeys:
    """Read pinned hub keys from a parsed document. Raises Problem on another shape."""
    try:
        return HubKeys.model_validate(value)
    except ValueError:
        raise Problem.malformed(
            "hub-keys", "These are not a hub's keys: give the file that enrolment wrote."
        ) from None
