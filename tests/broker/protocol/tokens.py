"""Tokens in the one accepted form that nobody signed: what a parser must read and a verifier must refuse."""

from typing import Any

from keys import base64url, strict_json

KID = base64url.encode(bytes(32))


def unsigned(typ: str, payload: bytes, **header: Any) -> str:
    """A compact JWS of these bytes, its signature 64 zero bytes."""
    head = strict_json.dump({"alg": "EdDSA", "kid": KID, "typ": typ, **header})
    return ".".join(base64url.encode(part) for part in (head, payload, bytes(64)))
