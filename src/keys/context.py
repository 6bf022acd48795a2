"""The context strings (domain separation) of every hash, MAC and signature Gatehouse makes, and the
integer and length-prefix encoders they are used with.

Promises: no context is a prefix of another (each ends in NUL and holds no other), so no hash of one
kind can be read as another. Hashes fixed by a standard (RFC 6962 leaves and nodes, RFC 7638 thumbprints,
signed notes) carry that standard's own separation instead. A change of any byte here is a new protocol.
"""

from typing import Final

SEALING_BINDING: Final = b"gatehouse/1/sealing-binding\0"
"""SHA-256 that ties a sealed body to its hub, exchange, declaration, kind and parties."""

CONTENT_COMMITMENT: Final = b"gatehouse/1/content-commitment\0"
"""HMAC by a salt over a plaintext, signed in the declaration."""

SUBJECT_T1: Final = b"gatehouse/1/subject-t1\0"
"""HMAC by K_A over a subject's identifier, made at an adapter."""

SUBJECT_COMMITMENT: Final = b"gatehouse/1/subject-commitment\0"
"""SHA-256 over (r, t1), signed in the declaration."""

SUBJECT_TOKEN: Final = b"gatehouse/1/subject-token\0"
"""HMAC by K_H over t1, the only form the hub stores."""

LOG_ENTRY: Final = b"gatehouse/1/log-entry\0"
"""SHA-256 over (version, salt, record): the 32 bytes that are an entry of the log."""

FINGERPRINT: Final = b"gatehouse/1/identity-fingerprint\0"
"""SHA-256 over an identity key, shown as digits to be read by telephone."""

STORAGE: Final = b"gatehouse/1/storage\0"
"""HKDF info of the one-message key that seals something to an agency's own storage key."""


def u32(value: int) -> bytes:
    """Four bytes, big-endian. Raises OverflowError outside 0 … 2³²-1."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Eight bytes, big-endian. Raises OverflowError outside 0 … 2⁶⁴-1."""
    return value.to_bytes(8, "big")


def lp(data: bytes) -> bytes:
    """`data` after its length in four bytes, big-endian."""
    return len(data).to_bytes(4, "big") + data
