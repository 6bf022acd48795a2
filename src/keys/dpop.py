"""Proofs that the bearer of an access token holds its key (DPoP, RFC 9449), EdDSA only.

Promises: the proof is for this method, this URL, this access token and about now, and signed by the key it
carries. It does not say whether `jti` was seen before or whether the access token is bound to the thumbprint:
the caller compares and remembers.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from keys import base64url, jws, strict_json
from keys.errors import BadSignature, MalformedInput
from keys.signing import PublicKey, SigningKey, parse_public_key
from keys.strict_json import JsonValue

TYP: Final = "dpop+jwt"
_LIMIT: Final = 4096
_JTI_LIMIT: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A verified proof: who (RFC 7638 thumbprint of the key), which one, when (Unix seconds)."""

    thumbprint: str
    jti: str
    iat: int


def make_proof(
    key: SigningKey,
    *,
    method: str,
    url: str,
    at: int,
    jti: str,
    access_token: str | None = None,
    nonce: str | None = None,
) -> str:
    """A proof for one request at `at` (Unix seconds), `url` without query and fragment (section 4.2)."""
    claims: dict[str, JsonValue] = {"htm": method, "htu": _target(url), "iat": at, "jti": jti}
    if access_token is not None:
        claims["ath"] = _token_hash(access_token)
    if nonce is not None:
        claims["nonce"] = nonce
    return jws.sign_with_header(strict_json.dump(claims), key, {"typ": TYP, "jwk": {**key.public.jwk()}})


def verify_proof(
    token: str,
    *,
    method: str,
    url: str,
    at: int,
    leeway: int = 60,
    access_token: str | None,
    nonce: str | None = None,
) -> Proof:
    """The proof, if it is for exactly this request within `leeway` seconds of `at` (section 4.3).

    With `access_token` the proof must bind it; without, it must bind none. Likewise `nonce`.
    Raises MalformedInput, BadKey or BadSignature (`dpop-…`).
    """
    parts = jws.take_apart(token, limit=_LIMIT)
    key = _embedded_key(parts.header)
    jws.verify_bytes(parts.signing_input, parts.signature, key)
    claims = strict_json.parse_object(parts.payload, limit=_LIMIT)
    expected: dict[str, str] = {"htm": method, "htu": _target(url)}
    if access_token is not None:
        expected["ath"] = _token_hash(access_token)
    if nonce is not None:
        expected["nonce"] = nonce
    if claims.keys() != {"iat", "jti", *expected}:
        raise MalformedInput(
            "dpop-wrong-claims", f"a DPoP proof here has exactly {sorted(expected)}, iat and jti"
        )
    for name, value in expected.items():
        claim = claims[name]
        if not isinstance(claim, str) or not hmac.compare_digest(claim.encode(), value.encode()):
            raise BadSignature("dpop-other-request", f"the DPoP proof's {name} is for another request")
    iat, jti = claims["iat"], claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= _JTI_LIMIT or not jti.isprintable():
        raise MalformedInput("dpop-wrong-claims", "a DPoP proof's jti is a short printable string")
    if type(iat) is not int:
        raise MalformedInput("dpop-wrong-claims", "a DPoP proof's iat is whole seconds")
    if abs(at - iat) > leeway:
        raise BadSignature(
            "dpop-out-of-time", "the DPoP proof is too old or from the future; check the clock"
        )
    return Proof(thumbprint=key.kid, jti=jti, iat=iat)


def _embedded_key(header: dict[str, JsonValue]) -> PublicKey:
    if header.keys() != {"typ", "alg", "jwk"} or header["typ"] != TYP:
        raise MalformedInput("dpop-wrong-header", f"a DPoP header is exactly alg, jwk and typ {TYP}")
    jws.check_algorithm(header)
    jwk = header["jwk"]
    if not isinstance(jwk, dict):
        raise MalformedInput("dpop-wrong-header", "a DPoP proof's jwk is an object")
    return parse_public_key(jwk)


def _target(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _token_hash(access_token: str) -> str:
    return base64url.encode(hashlib.sha256(access_token.encode("ascii")).digest())
