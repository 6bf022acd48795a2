"""Sealing keys of suite `gatehouse-1`: ML-KEM-768 with X25519, as AKP JWKs with alg HPKE-10-KE
(draft-skokan-jose-hpke-pq-pqt), the private key a 32-byte seed.

Promises: no `SealingPublicKey` exists with a wrong length, an unreduced or zero ML-KEM part, or a low-order
or non-canonical X25519 part. It does not say whose key it is.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from keys import base64url, curve
from keys.errors import BadKey
from keys.signing import key_bytes, refuse_foreign_members, thumbprint
from keys.strict_json import JsonValue

ALGORITHM: Final = "HPKE-10-KE"
_SEED_SIZE: Final = 32
_MLKEM_SEED_SIZE: Final = 64
_MLKEM_SIZE: Final = 1184
_MLKEM_VECTOR_SIZE: Final = 1152
_MODULUS: Final = 3329
PUBLIC_SIZE: Final = _MLKEM_SIZE + 32
_MEMBERS: Final = frozenset({"kty", "alg", "pub", "use", "kid"})


@dataclass(frozen=True, slots=True)
class SealingPublicKey:
    """A hybrid public key: ML-KEM-768 (1184 bytes) ‖ X25519 (32 bytes). Raises BadKey if degenerate."""

    raw: bytes
    kid: str = field(init=False, compare=False)
    native: MLKEM768X25519PublicKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_SIZE:
            raise BadKey("key-wrong-size", f"a sealing key is {PUBLIC_SIZE} bytes")
        lattice, point = self.raw[:_MLKEM_SIZE], self.raw[_MLKEM_SIZE:]
        _check_vector(lattice[:_MLKEM_VECTOR_SIZE])
        if curve.is_bad_montgomery(point):
            raise BadKey("key-low-order", "the sealing key's X25519 part is low-order or not canonical")
        native = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(lattice), X25519PublicKey.from_public_bytes(point)
        )
        object.__setattr__(self, "native", native)
        object.__setattr__(self, "kid", thumbprint(self.jwk()))

    def jwk(self) -> dict[str, str]:
        """The key as an AKP JWK with its required members only."""
        return {"kty": "AKP", "alg": ALGORITHM, "pub": base64url.encode(self.raw)}


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A hybrid private key, held as its 32-byte seed, which never shows in repr."""

    seed: bytes = field(repr=False)
    public: SealingPublicKey = field(init=False, compare=False)
    native: MLKEM768X25519PrivateKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != _SEED_SIZE:
            raise BadKey("key-wrong-size", "a sealing key's seed is 32 bytes")
        expanded = hashlib.shake_256(self.seed).digest(_MLKEM_SEED_SIZE + 32)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
        point = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
        raw = lattice.public_key().public_bytes_raw() + point.public_key().public_bytes_raw()
        object.__setattr__(self, "native", MLKEM768X25519PrivateKey(lattice, point))
        object.__setattr__(self, "public", SealingPublicKey(raw))

    @classmethod
    def generate(cls) -> "SealingKey":
        """A new key from the operating system's randomness."""
        return cls(os.urandom(_SEED_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> "SealingKey":
        """The key of a 32-byte seed. Raises BadKey."""
        return cls(bytes(seed))

    @property
    def kid(self) -> str:
        """The public key's RFC 7638 thumbprint."""
        return self.public.kid


def sealing_public_key(raw: bytes) -> SealingPublicKey:
    """The public key of 1216 raw bytes. Raises BadKey."""
    return SealingPublicKey(bytes(raw))


def parse_sealing_key(jwk: Mapping[str, JsonValue]) -> SealingPublicKey:
    """The sealing key an untrusted JWK names.

    `use` may be absent or "enc", `kid` absent or the thumbprint; every other member is refused.
    Raises BadKey.
    """
    refuse_foreign_members(jwk, _MEMBERS)
    if jwk.get("kty") != "AKP":
        raise BadKey("key-wrong-type", "a sealing key is kty AKP")
    if jwk.get("alg") != ALGORITHM:
        raise BadKey("key-wrong-algorithm", f"a sealing key's alg is {ALGORITHM}")
    if jwk.get("use", "enc") != "enc":
        raise BadKey("key-wrong-use", 'a sealing key\'s use is "enc"')
    key = sealing_public_key(key_bytes(jwk, "pub", PUBLIC_SIZE))
    if jwk.get("kid", key.kid) != key.kid:
        raise BadKey("key-wrong-kid", "a key's kid is its RFC 7638 thumbprint")
    return key


def _check_vector(vector: bytes) -> None:
    """The modulus check of FIPS 203 section 7.2, and a refusal of the zero vector: it keeps no secret."""
    if not any(vector):
        raise BadKey("key-degenerate", "the sealing key's ML-KEM part is zero")
    for at in range(0, len(vector), 3):
        pair = int.from_bytes(vector[at : at + 3], "little")
        if pair & 0xFFF >= _MODULUS or pair >> 12 >= _MODULUS:
            raise BadKey("key-not-canonical", "the sealing key's ML-KEM part is not reduced")
