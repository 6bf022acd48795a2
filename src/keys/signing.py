"""Ed25519 signing keys and public keys (RFC 8032) as OKP JWKs (RFC 8037).

Promises: no `PublicKey` exists whose point is low-order or non-canonical, and a JWK is taken only if it says
nothing but "verify with Ed25519". A public key's `kid` is its RFC 7638 thumbprint. It does not say whose key
it is, and proof of possession is the caller's business.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys import base64url, curve, strict_json
from keys.errors import BadKey, BadSignature, MalformedInput
from keys.strict_json import JsonValue

SIGNATURE_SIZE: Final = 64
_KEY_SIZE: Final = 32
_MEMBERS: Final = frozenset({"kty", "crv", "x", "use", "key_ops", "alg", "kid"})
_PRIVATE: Final = frozenset({"d", "priv", "k", "p", "q", "dp", "dq", "qi", "oth"})
_URLS: Final = frozenset({"jku", "x5u", "x5c", "x5t", "x5t#S256"})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key, 32 bytes. Raises BadKey for a point that must not be a key."""

    raw: bytes
    kid: str = field(init=False, compare=False)
    native: Ed25519PublicKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _KEY_SIZE:
            raise BadKey("key-wrong-size", "an Ed25519 public key is 32 bytes")
        if not curve.is_canonical_edwards(self.raw):
            raise BadKey("key-not-canonical", "the Ed25519 public key is not canonically encoded")
        if curve.is_low_order_edwards(self.raw):
            raise BadKey("key-low-order", "the Ed25519 public key is a low-order point")
        object.__setattr__(self, "kid", thumbprint(self.jwk()))
        object.__setattr__(self, "native", Ed25519PublicKey.from_public_bytes(self.raw))

    def jwk(self) -> dict[str, str]:
        """The key as a JWK with its required members only (RFC 8037 section 2)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(self.raw)}

    def verify(self, signature: bytes, message: bytes) -> None:
        """Returns if `signature` (64 bytes) is this key's over `message`; raises BadSignature."""
        try:
            self.native.verify(signature, message)
        except InvalidSignature:
            raise BadSignature("bad-signature", "the signature does not verify") from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key, held as its 32-byte seed, which never shows in repr."""

    seed: bytes = field(repr=False)
    public: PublicKey = field(init=False, compare=False)
    native: Ed25519PrivateKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != _KEY_SIZE:
            raise BadKey("key-wrong-size", "an Ed25519 seed is 32 bytes")
        native = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "native", native)
        object.__setattr__(self, "public", PublicKey(native.public_key().public_bytes_raw()))

    @classmethod
    def generate(cls) -> "SigningKey":
        """A new key from the operating system's randomness."""
        return cls(os.urandom(_KEY_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key of a 32-byte seed. Raises BadKey."""
        return cls(bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self.native.sign(message)


def public_key(raw: bytes) -> PublicKey:
    """The public key of 32 raw bytes. Raises BadKey."""
    return PublicKey(bytes(raw))


def parse_public_key(jwk: Mapping[str, JsonValue]) -> PublicKey:
    """The Ed25519 verification key an untrusted JWK names.

    `use` may be absent or "sig", `key_ops` absent or ["verify"], `alg` absent or "EdDSA", `kid` absent or the
    thumbprint; every other member is refused. Raises BadKey.
    """
    refuse_foreign_members(jwk, _MEMBERS)
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        raise BadKey("key-wrong-type", "a signing key is kty OKP, crv Ed25519")
    if jwk.get("alg", "EdDSA") != "EdDSA":
        raise BadKey("key-wrong-algorithm", "a signing key's alg is EdDSA")
    if jwk.get("use", "sig") != "sig":
        raise BadKey("key-wrong-use", 'a signing key\'s use is "sig"')
    if jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise BadKey("key-wrong-use", 'a public signing key\'s key_ops is ["verify"]')
    key = public_key(key_bytes(jwk, "x", _KEY_SIZE))
    if jwk.get("kid", key.kid) != key.kid:
        raise BadKey("key-wrong-kid", "a key's kid is its RFC 7638 thumbprint")
    return key


def verify_prime_order(key: PublicKey) -> None:
    """Returns if the key has no low-order component; raises BadKey, `key-mixed-order`.

    For registration: verifiers may disagree about signatures by a key of mixed order, and evidence must be
    judged alike by all. Costs milliseconds, so not part of `parse_public_key`.
    """
    if not curve.is_prime_order_edwards(key.raw):
        raise BadKey("key-mixed-order", "the Ed25519 public key is not a point of prime order")


def refuse_foreign_members(jwk: Mapping[str, JsonValue], allowed: frozenset[str]) -> None:
    """Raises BadKey if an untrusted JWK has a private member, a key URL or certificate, or one unknown."""
    if _PRIVATE & jwk.keys():
        raise BadKey("key-is-private", "a private key must not be sent; make a new one")
    if _URLS & jwk.keys():
        raise BadKey("key-by-reference", "key URLs and certificates are not followed")
    if jwk.keys() - allowed:
        raise BadKey("key-unknown-member", "the JWK has a member that is not accepted")


def key_bytes(jwk: Mapping[str, JsonValue], member: str, size: int) -> bytes:
    """The bytes of a JWK's base64url member. Raises BadKey."""
    text = jwk.get(member)
    if not isinstance(text, str):
        raise BadKey("key-malformed", f"the JWK needs {member} as a base64url string")
    try:
        raw = base64url.decode(text)
    except MalformedInput:
        raise BadKey("key-malformed", f"the JWK's {member} is not base64url") from None
    if len(raw) != size:
        raise BadKey("key-wrong-size", f"the JWK's {member} must be {size} bytes")
    return raw


def thumbprint(required: Mapping[str, JsonValue]) -> str:
    """The RFC 7638 thumbprint of a JWK's required members, SHA-256 in base64url."""
    return base64url.encode(hashlib.sha256(strict_json.dump(required)).digest())
