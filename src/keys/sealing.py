"""Sealing a body to one recipient: suite `gatehouse-1` (protocol section 1).

Promises: only the recipient's key opens it, and only in the context it was sealed for (hub, exchange, jti,
kind, sender, recipient, suite); its length shows one of six size classes and nothing more. It does not
authenticate the sender: HPKE here is base mode, and the declaration is signed separately.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from keys import context, jwe, padding
from keys.errors import CannotOpen, MalformedInput
from keys.hybrid import (
    SealingKey,
    SealingPublicKey,
    parse_sealing_key,
    sealing_public_key,
)
from keys.jwe import Jwe
from keys.padding import LARGEST_PLAINTEXT, SizeClass

__all__ = [
    "LARGEST_PLAINTEXT",
    "SUITE",
    "Binding",
    "Sealed",
    "SealingKey",
    "SealingPublicKey",
    "SizeClass",
    "open_sealed",
    "open_with_info",
    "parse_sealed",
    "parse_sealing_key",
    "seal",
    "sealing_public_key",
    "size_class",
]

SUITE: Final = "gatehouse-1"
_HPKE: Final = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)
_INFO: Final = b"JOSE-HPKE rcpt\xff" + jwe.ENCRYPTION.encode() + b"\xff"
_CONTENT_KEY_SIZE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a sealed body is for. In any other context it does not open."""

    hub_id: str
    exchange: str
    jti: str
    kind: str
    sender: str
    recipient: str

    def extra_info(self) -> bytes:
        """The draft's recipient_extra_info: SHA-256 over context, each field and the suite, 32 bytes."""
        fields = (self.hub_id, self.exchange, self.jti, self.kind, self.sender, self.recipient, SUITE)
        return hashlib.sha256(
            context.SEALING_BINDING + b"".join(context.lp(text.encode()) for text in fields)
        ).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a sealed body shows to whoever cannot open it."""

    kid: str
    size: SizeClass


def seal(plaintext: bytes, to: SealingPublicKey, binding: Binding) -> bytes:
    """`plaintext` sealed to `to` for `binding`, as flattened JWE JSON; each call gives other bytes.

    Raises MalformedInput, `body-too-large`.
    """
    padded = padding.pad(plaintext)
    content_key = os.urandom(_CONTENT_KEY_SIZE)
    iv = os.urandom(jwe.IV_SIZE)
    wrapped = _HPKE.encrypt(content_key, to.native, _INFO + binding.extra_info())
    protected = jwe.protected_header(kid=to.kid, ek=wrapped[: jwe.EK_SIZE])
    encrypted = AESGCM(content_key).encrypt(iv, padded, protected.encode("ascii"))
    return jwe.dump(
        protected=protected,
        encrypted_key=wrapped[jwe.EK_SIZE :],
        iv=iv,
        ciphertext=encrypted[: -jwe.TAG_SIZE],
        tag=encrypted[-jwe.TAG_SIZE :],
    )


def open_sealed(sealed: bytes, key: SealingKey, binding: Binding) -> bytes:
    """The plaintext of `sealed`. Raises MalformedInput or CannotOpen."""
    parts = _parse(sealed)
    return padding.unpad(open_with_info(parts, key, binding.extra_info()))


def open_with_info(parts: Jwe, key: SealingKey, extra_info: bytes) -> bytes:
    """The content, padding and all, given the draft's recipient_extra_info.

    Raises CannotOpen: `other-key` if sealed to another key, `cannot-open` for everything else alike.
    """
    if parts.kid != key.kid:
        raise CannotOpen("other-key", "the body is sealed to another key")
    try:
        content_key = _HPKE.decrypt(parts.ek + parts.encrypted_key, key.native, _INFO + extra_info)
        # ValueError is how an unusable X25519 share or a content key of a wrong size shows.
        return AESGCM(_of_size(content_key)).decrypt(parts.iv, parts.ciphertext + parts.tag, parts.associated)
    except (InvalidTag, ValueError):
        raise CannotOpen("cannot-open", "the body does not open with this key in this context") from None


def parse_sealed(sealed: bytes) -> Sealed:
    """What the hub checks of a body it cannot open: form, suite, size. Raises MalformedInput."""
    parts = _parse(sealed)
    return Sealed(kid=parts.kid, size=SizeClass(len(parts.ciphertext)))


def size_class(sealed_len: int) -> SizeClass:
    """The class of a sealed body that is `sealed_len` bytes long as JWE. Raises MalformedInput."""
    try:
        return _SEALED_LENGTHS[sealed_len]
    except KeyError:
        raise MalformedInput(
            "sealed-wrong-size", "a sealed body is exactly one of the size classes"
        ) from None


def _parse(sealed: bytes) -> Jwe:
    parts = jwe.parse(sealed)
    if len(parts.ciphertext) != size_class(len(sealed)):
        raise MalformedInput("sealed-wrong-size", "a sealed body is exactly one of the size classes")
    return parts


def _of_size(content_key: bytes) -> bytes:
    # AESGCM would take a 16-byte key and quietly be another suite.
    if len(content_key) != _CONTENT_KEY_SIZE:
        raise ValueError
    return content_key


def _sealed_length(size: SizeClass) -> int:
    protected = jwe.protected_header(kid="A" * 43, ek=bytes(jwe.EK_SIZE))
    empty = jwe.dump(
        protected=protected,
        encrypted_key=bytes(jwe.WRAPPED_KEY_SIZE),
        iv=bytes(jwe.IV_SIZE),
        ciphertext=b"",
        tag=bytes(jwe.TAG_SIZE),
    )
    return len(empty) + (size * 4 + 2) // 3


_SEALED_LENGTHS: Final = {_sealed_length(size): size for size in SizeClass}
