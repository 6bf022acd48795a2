"""Compact JWS (RFC 7515) in the one form Gatehouse speaks: EdDSA, header exactly {alg, kid, typ}, a JSON
object as payload.

Promises: every rule of form is checked here, before PyJWT's algorithm sees anything, since PyJWT takes
repeated keys and padded base64url. A parsed token is not yet verified. `kid` only finds a key; `verify`
checks that the key is the one named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jwt.api_jws import PyJWS

from keys import base64url, strict_json
from keys.errors import BadKey, BadSignature, MalformedInput
from keys.signing import SIGNATURE_SIZE, PublicKey, SigningKey
from keys.strict_json import JsonValue

ALGORITHM: Final = "EdDSA"
_JWS: Final = PyJWS(algorithms=[ALGORITHM])
_EDDSA: Final = _JWS.get_algorithm_by_name(ALGORITHM)
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_HEADER_LIMIT: Final = 1024
_KID_SIZE: Final = 32
_TYP_LIMIT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A token in accepted form. Whether its signature holds is for `verify`."""

    typ: str
    kid: str
    payload: bytes
    claims: dict[str, JsonValue] = field(compare=False)
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A token taken apart: strict JSON header, payload, what was signed, and the signature."""

    header: dict[str, JsonValue]
    payload: bytes
    signing_input: bytes
    signature: bytes


def sign(payload: bytes, key: SigningKey, typ: str) -> str:
    """`payload` (a JSON object's bytes, kept as they are) as a signed token of type `typ`."""
    return sign_with_header(payload, key, {"kid": key.public.kid, "typ": typ})


def sign_with_header(payload: bytes, key: SigningKey, header: Mapping[str, JsonValue]) -> str:
    """As `sign`, with a header of the caller's own (`alg` is added). For DPoP proofs."""
    return _JWS.encode(payload, key.native, algorithm=ALGORITHM, headers=dict(header))


def parse(token: str, *, limit: int = 1 << 18) -> Jws:
    """The token's parts, in the one accepted form and at most `limit` characters.

    Raises MalformedInput (`jws-…`, `json-…`, `base64url-…`), BadKey or BadSignature for a header that names
    another algorithm.
    """
    parts = take_apart(token, limit=limit)
    header = parts.header
    if header.keys() != _HEADER:
        raise MalformedInput("jws-wrong-header", "the JWS header must be exactly alg, kid and typ")
    check_algorithm(header)
    typ, kid = header["typ"], header["kid"]
    if not isinstance(typ, str) or not 0 < len(typ) <= _TYP_LIMIT:
        raise MalformedInput("jws-wrong-header", "the JWS typ must be a short string")
    if not isinstance(kid, str):
        raise MalformedInput("jws-wrong-header", "the JWS kid must be a key's thumbprint")
    # A kid is used to look a key up, so nothing but a thumbprint's spelling gets that far.
    base64url.decode_exactly(kid, _KID_SIZE)
    claims = strict_json.parse_object(parts.payload, limit=limit)
    return Jws(typ=typ, kid=kid, payload=parts.payload, claims=claims, token=token)


def verify(jws: Jws, key: PublicKey, *, typ: str) -> None:
    """Returns if `jws` is of type `typ`, names `key` and is signed by it; raises BadSignature."""
    if jws.typ != typ:
        raise BadSignature("jws-wrong-type", f"the token is not of type {typ}")
    if jws.kid != key.kid:
        raise BadSignature("jws-other-key", "the token names another key")
    signing_input, _, signature = jws.token.rpartition(".")
    verify_bytes(signing_input.encode("ascii"), base64url.decode(signature), key)


def take_apart(token: str, *, limit: int) -> Parts:
    """A compact token's three parts, decoded strictly; header members unchecked. Raises MalformedInput."""
    if len(token) > limit:
        raise MalformedInput("jws-too-large", f"the JWS is longer than {limit} characters")
    parts = token.split(".", 3)
    if len(parts) != 3:
        raise MalformedInput("jws-malformed", "a compact JWS has exactly three parts")
    signature = base64url.decode(parts[2])
    if len(signature) != SIGNATURE_SIZE:
        raise MalformedInput("jws-malformed", "an EdDSA signature is 64 bytes")
    return Parts(
        header=strict_json.parse_object(base64url.decode(parts[0]), limit=_HEADER_LIMIT, depth=3),
        payload=base64url.decode(parts[1]),
        signing_input=token[: len(parts[0]) + 1 + len(parts[1])].encode("ascii"),
        signature=signature,
    )


def check_algorithm(header: Mapping[str, JsonValue]) -> None:
    """Raises BadKey, `unknown-algorithm`, unless the header's alg is exactly EdDSA."""
    if header.get("alg") != ALGORITHM:
        raise BadKey("unknown-algorithm", f"the only signature algorithm is {ALGORITHM}")


def verify_bytes(signing_input: bytes, signature: bytes, key: PublicKey) -> None:
    """Returns if the signature holds, by PyJWT's EdDSA; raises BadSignature."""
    if not _EDDSA.verify(signing_input, key.native, signature):
        raise BadSignature("bad-signature", "the signature does not verify")
