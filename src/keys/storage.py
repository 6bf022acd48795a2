"""An agency's own storage key: what it seals here only it can open (archive copies, the journal).

Promises: AES-256-GCM under a key used for one message (HKDF-SHA256, random 32-byte salt), so that no count of
messages wears the key out; the context given at sealing must be given at opening. Sizes are not hidden.
Layout: version byte 1 ‖ salt (32) ‖ ciphertext ‖ tag (16).
"""

import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import context as contexts
from keys.errors import BadKey, CannotOpen

_VERSION: Final = b"\x01"
_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class StorageKey:
    """A 32-byte key that never shows in repr."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _SIZE:
            raise BadKey("key-wrong-size", "a storage key is 32 bytes")

    @classmethod
    def generate(cls) -> "StorageKey":
        """A new key from the operating system's randomness."""
        return cls(os.urandom(_SIZE))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "StorageKey":
        """The key of 32 bytes. Raises BadKey."""
        return cls(bytes(raw))

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """`plaintext` sealed to this key for this context (what it is and whose row it is in)."""
        salt = os.urandom(_SIZE)
        cipher, nonce = self._cipher(salt, context)
        return _VERSION + salt + cipher.encrypt(nonce, plaintext, _VERSION)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """What `seal` was given. Raises CannotOpen, `storage-cannot-open`, for anything else."""
        if len(sealed) < 1 + _SIZE + _TAG_SIZE or sealed[:1] != _VERSION:
            raise CannotOpen("storage-cannot-open", "this is not something sealed to a storage key")
        cipher, nonce = self._cipher(sealed[1 : 1 + _SIZE], context)
        try:
            return cipher.decrypt(nonce, sealed[1 + _SIZE :], _VERSION)
        except InvalidTag:
            raise CannotOpen(
                "storage-cannot-open", "it was sealed to another key or context, or changed"
            ) from None

    def _cipher(self, salt: bytes, context: bytes) -> tuple[AESGCM, bytes]:
        info = contexts.STORAGE + contexts.lp(context)
        derived = HKDF(algorithm=SHA256(), length=_SIZE + _NONCE_SIZE, salt=salt, info=info).derive(self.raw)
        return AESGCM(derived[:_SIZE]), derived[_SIZE:]
