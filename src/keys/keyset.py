"""Key sets: an agency's signing key and sealing keys, signed by its identity key (protocol section 1).

Promises: a verified set is this identity's, unexpired, the direct successor of the one before it, and has a
sealing key to use now. With no earlier set to compare (first sight) any version is taken: the identity key is
then pinned, and a person confirms its fingerprint by telephone.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from keys import base64url, context, jws, strict_json
from keys.errors import BadKey, MalformedInput
from keys.hybrid import SealingPublicKey, parse_sealing_key
from keys.jws import Jws
from keys.signing import PublicKey, SigningKey, parse_public_key, verify_prime_order
from keys.strict_json import JsonValue

TYP: Final = "gatehouse-key-set+1"
_MEMBERS: Final = frozenset({"agency", "version", "previous", "expires", "signing", "sealing"})
_USE: Final = frozenset({"key", "seal_until"})
_SEALING_LIMIT: Final = 8
_AGENCY_LIMIT: Final = 200
_GROUPS: Final = 8
_GROUP: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingUse:
    """A sealing key and the Unix second from which nobody seals to it any more (it still opens)."""

    key: SealingPublicKey
    seal_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """`previous` is the base64url SHA-256 of the signed token before, absent in version 1 only."""

    agency: str
    version: int
    previous: str | None
    expires: int
    signing: PublicKey
    sealing: tuple[SealingUse, ...]

    def sealing_key(self, at: int) -> SealingPublicKey:
        """The key to seal to at `at`: of those still in use, the longest. Raises BadKey, `no-sealing-key`."""
        usable = [use for use in self.sealing if at < use.seal_until]
        if not usable:
            raise BadKey(
                "no-sealing-key", "the agency has no sealing key in use; it must publish a new key set"
            )
        return max(usable, key=lambda use: use.seal_until).key


def sign_key_set(keyset: KeySet, identity: SigningKey) -> str:
    """The set as a token signed by the agency's identity key."""
    claims: dict[str, JsonValue] = {
        "agency": keyset.agency,
        "version": keyset.version,
        "previous": keyset.previous,
        "expires": keyset.expires,
        "signing": {**keyset.signing.jwk()},
        "sealing": [{"key": {**use.key.jwk()}, "seal_until": use.seal_until} for use in keyset.sealing],
    }
    return jws.sign(strict_json.dump(claims), identity, TYP)


def verify_key_set(token: str, *, identity: PublicKey, previous: str | None, at: int) -> KeySet:
    """The set, if `identity` signed it, it follows `previous` (the token before, if any was seen), and it is
    good at `at` (Unix seconds).

    Raises MalformedInput, BadSignature, or BadKey: `key-set-not-next`, `key-set-expired`, `key-set-same-key`,
    `no-sealing-key`, or a key's own code.
    """
    verify_prime_order(identity)
    keyset = _verified(token, identity)
    verify_prime_order(keyset.signing)
    if previous is not None:
        _verify_succession(keyset, previous, identity)
    if at >= keyset.expires:
        raise BadKey("key-set-expired", "the key set has expired; ask the agency to publish a new one")
    if keyset.signing.raw == identity.raw:
        raise BadKey("key-set-same-key", "the signing key must not be the identity key")
    if len({use.key.kid for use in keyset.sealing}) != len(keyset.sealing):
        raise BadKey("key-set-same-key", "a key set names a sealing key twice")
    keyset.sealing_key(at)
    return keyset


def digest(token: str) -> str:
    """What the next set's `previous` must be: base64url SHA-256 of the signed token."""
    return base64url.encode(hashlib.sha256(token.encode("ascii")).digest())


def fingerprint(identity: PublicKey) -> str:
    """Forty digits in eight groups, to be read out by telephone; about 132 bits of SHA-256."""
    value = int.from_bytes(hashlib.sha256(context.FINGERPRINT + identity.raw).digest(), "big")
    digits = f"{value % 10 ** (_GROUPS * _GROUP):0{_GROUPS * _GROUP}d}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def is_fingerprint(typed: str, identity: PublicKey) -> bool:
    """Whether `typed` is the fingerprint, spaces and dashes aside."""
    digits = "".join(c for c in typed if not c.isspace() and c not in "-\u2010\u2011\u2013.")
    expected = fingerprint(identity).replace(" ", "")
    return hmac.compare_digest(digits.encode("utf-8", "replace"), expected.encode())


def verify_fingerprint(typed: str, identity: PublicKey) -> None:
    """Returns if `typed` is the fingerprint, spaces and dashes aside; raises BadKey."""
    if not is_fingerprint(typed, identity):
        raise BadKey(
            "fingerprint-mismatch",
            "the digits are not this key's; stop and ring the agency on a known number",
        )


def _verified(token: str, identity: PublicKey) -> KeySet:
    signed = jws.parse(token)
    jws.verify(signed, identity, typ=TYP)
    return _parse(signed)


def _verify_succession(keyset: KeySet, previous: str, identity: PublicKey) -> None:
    before = _verified(previous, identity)
    if (
        keyset.agency != before.agency
        or keyset.version != before.version + 1
        or keyset.previous != digest(previous)
    ):
        raise BadKey("key-set-not-next", f"the key set does not follow version {before.version}")


def _parse(signed: Jws) -> KeySet:
    claims = signed.claims
    if claims.keys() != _MEMBERS:
        raise _malformed(f"a key set has exactly {', '.join(sorted(_MEMBERS))}")
    agency, previous, signing, sealing = (
        claims[name] for name in ("agency", "previous", "signing", "sealing")
    )
    version, expires = _whole(claims["version"]), _whole(claims["expires"])
    if not isinstance(agency, str) or not 0 < len(agency) <= _AGENCY_LIMIT:
        raise _malformed("agency is a short string")
    if previous is not None:
        if not isinstance(previous, str):
            raise _malformed("previous is a digest or null")
        base64url.decode_exactly(previous, 32)
    if version < 1 or (version == 1) != (previous is None):
        raise _malformed("version 1 has no previous set, and every later version has")
    if not isinstance(signing, dict):
        raise _malformed("signing is a JWK")
    if not isinstance(sealing, list) or not 0 < len(sealing) <= _SEALING_LIMIT:
        raise _malformed(f"sealing is a list of 1 to {_SEALING_LIMIT} keys")
    return KeySet(
        agency=agency,
        version=version,
        previous=previous,
        expires=expires,
        signing=parse_public_key(signing),
        sealing=tuple(_parse_use(use) for use in sealing),
    )


def _parse_use(use: JsonValue) -> SealingUse:
    if not isinstance(use, dict) or use.keys() != _USE or not isinstance(use["key"], dict):
        raise _malformed("each sealing key is exactly key and seal_until")
    return SealingUse(key=parse_sealing_key(use["key"]), seal_until=_whole(use["seal_until"]))


def _whole(value: JsonValue) -> int:
    if type(value) is not int:
        raise _malformed("versions and times are whole numbers")
    return value


def _malformed(message: str) -> MalformedInput:
    return MalformedInput("key-set-malformed", message)
