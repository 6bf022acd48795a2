"""Subjects without names (protocol section 2): t1 at the adapters, a commitment in the declaration, a token
at the hub.

Promises: equal people under equal keys give equal tokens; without K_A nobody can compute t1, without K_H
nobody can go from t1 to token. It does not check identifiers, and one holder of both keys can enumerate.
"""

import hashlib
import hmac
from typing import Final

from keys import context
from keys.errors import BadKey, BadProof

SIZE: Final = 32
"""Bytes of K_A, K_H, t1, r, a commitment and a token alike."""


def t1(k_a: bytes, *, hub_id: str, epoch: int, subject_id: str) -> bytes:
    """HMAC-SHA256 by K_A over context, hub id, epoch and identifier ("nhs:" + ten digits); 32 bytes."""
    _check_key(k_a)
    message = (
        context.SUBJECT_T1
        + context.lp(hub_id.encode())
        + context.u32(epoch)
        + context.lp(subject_id.encode())
    )
    return hmac.digest(k_a, message, "sha256")


def commit(r: bytes, t1: bytes) -> bytes:
    """SHA-256 over context, 32 random bytes r and t1: what a declaration carries for one person."""
    if len(r) != SIZE or len(t1) != SIZE:
        raise BadProof("subject-wrong-size", "r and t1 are 32 bytes each")
    return hashlib.sha256(context.SUBJECT_COMMITMENT + r + t1).digest()


def verify_commitment(c: bytes, r: bytes, t1: bytes) -> None:
    """Returns if `c` commits to (r, t1); raises BadProof."""
    if not hmac.compare_digest(c, commit(r, t1)):
        raise BadProof("subject-mismatch", "the subject beside the declaration is not the one it commits to")


def token(k_h: bytes, t1: bytes) -> bytes:
    """HMAC-SHA256 by K_H over context and t1: the only form of a subject the hub stores; 32 bytes."""
    _check_key(k_h)
    if len(t1) != SIZE:
        raise BadProof("subject-wrong-size", "t1 is 32 bytes")
    return hmac.digest(k_h, context.SUBJECT_TOKEN + t1, "sha256")


def _check_key(key: bytes) -> None:
    if len(key) != SIZE:
        raise BadKey("key-wrong-size", "a subject key is 32 bytes")
