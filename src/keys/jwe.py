"""A sealed body's outer form: flattened JWE JSON (RFC 7516 section 7.2.2), `HPKE-10-KE` with `A256GCM`
(draft-ietf-jose-hpke-encrypt, draft-skokan-jose-hpke-pq-pqt).

Promises: parsing needs no key, takes one spelling of each field, and refuses by name what would weaken the
suite: several recipients, compression, other algorithms, unprotected headers. It does not say that the body
opens.
"""

import re
from dataclasses import dataclass
from typing import Final

from keys import base64url, strict_json
from keys.errors import MalformedInput
from keys.hybrid import ALGORITHM
from keys.strict_json import JsonValue

ENCRYPTION: Final = "A256GCM"
EK_SIZE: Final = 1120
"""ML-KEM-768 ciphertext (1088) ‖ X25519 ephemeral key (32)."""
WRAPPED_KEY_SIZE: Final = 48
IV_SIZE: Final = 12
TAG_SIZE: Final = 16
KID_SIZE: Final = 32
LIMIT: Final = 6 << 20
"""Bytes of the longest JWE that is looked at; the largest class needs 5.6 MB."""
_HEADER_LIMIT: Final = 4096
_ALGORITHM_NAME: Final = re.compile(r"[A-Za-z0-9+_-]{1,32}")
_HEADER: Final = frozenset({"alg", "enc", "kid", "ek"})
_MEMBERS: Final = frozenset({"protected", "encrypted_key", "iv", "ciphertext", "tag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwe:
    """The decoded parts; `associated` is what the tag covers besides the ciphertext."""

    kid: str
    ek: bytes
    encrypted_key: bytes
    iv: bytes
    ciphertext: bytes
    tag: bytes
    associated: bytes


def parse(data: bytes, *, with_aad: bool = False) -> Jwe:
    """The parts of an untrusted flattened JWE.

    Gatehouse's own bodies have no `aad` member; `with_aad` takes it, for the drafts' examples.
    Raises MalformedInput.
    """
    members = strict_json.parse_object(data, limit=LIMIT, depth=8)
    if "recipients" in members:
        raise MalformedInput("several-recipients", "an envelope has one recipient; seal one for each")
    if "header" in members or "unprotected" in members:
        raise MalformedInput("unprotected-header", "every header of a sealed body is protected")
    aad = members.pop("aad", None)
    if aad is not None and not with_aad:
        raise MalformedInput("sealed-malformed", "a sealed body has no aad member")
    if members.keys() != _MEMBERS:
        raise MalformedInput("sealed-malformed", f"a sealed body has exactly {', '.join(sorted(_MEMBERS))}")
    protected = _text(members, "protected")
    header = _header(protected)
    associated = protected if aad is None else f"{protected}.{_aad(aad)}"
    return Jwe(
        kid=_kid(header),
        ek=base64url.decode_exactly(_text(header, "ek"), EK_SIZE),
        encrypted_key=base64url.decode_exactly(_text(members, "encrypted_key"), WRAPPED_KEY_SIZE),
        iv=base64url.decode_exactly(_text(members, "iv"), IV_SIZE),
        ciphertext=base64url.decode(_text(members, "ciphertext")),
        tag=base64url.decode_exactly(_text(members, "tag"), TAG_SIZE),
        associated=associated.encode("ascii"),
    )


def protected_header(*, kid: str, ek: bytes) -> str:
    """The protected header of our own bodies, base64url."""
    header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": kid, "ek": base64url.encode(ek)}
    return base64url.encode(strict_json.dump(header))


def dump(*, protected: str, encrypted_key: bytes, iv: bytes, ciphertext: bytes, tag: bytes) -> bytes:
    """The flattened JWE of these parts; as long as the ciphertext's length makes it."""
    return strict_json.dump(
        {
            "protected": protected,
            "encrypted_key": base64url.encode(encrypted_key),
            "iv": base64url.encode(iv),
            "ciphertext": base64url.encode(ciphertext),
            "tag": base64url.encode(tag),
        }
    )


def _header(protected: str) -> dict[str, JsonValue]:
    if len(protected) > _HEADER_LIMIT:
        raise MalformedInput("sealed-malformed", "the sealed body's header is too long")
    header = strict_json.parse_object(base64url.decode(protected), limit=_HEADER_LIMIT, depth=8)
    for name, accepted in (("alg", ALGORITHM), ("enc", ENCRYPTION)):
        if header.get(name) != accepted:
            raise MalformedInput("unknown-suite", f"{name} {_shown(header.get(name))} is not {accepted}")
    if "zip" in header:
        raise MalformedInput("sealed-compressed", "a sealed body is not compressed")
    if header.keys() != _HEADER:
        raise MalformedInput(
            "sealed-malformed", f"a sealed body's header has exactly {', '.join(sorted(_HEADER))}"
        )
    return header


def _shown(name: JsonValue) -> str:
    # An algorithm's name is worth showing; anything else a peer puts there is not.
    if isinstance(name, str) and _ALGORITHM_NAME.fullmatch(name):
        return name
    return "of this header"


def _kid(header: dict[str, JsonValue]) -> str:
    kid = _text(header, "kid")
    base64url.decode_exactly(kid, KID_SIZE)
    return kid


def _aad(aad: JsonValue) -> str:
    text = aad if isinstance(aad, str) else ""
    base64url.decode(text)
    return text


def _text(members: dict[str, JsonValue], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise MalformedInput("sealed-malformed", f"{name} is a string")
    return value
