"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), one spelling per value.

Promises: `decode` accepts exactly what `encode` gives; no '=', whitespace, other alphabet or stray last bits.
"""

import base64
from typing import Final

from keys.errors import MalformedInput

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(data: bytes) -> str:
    """`data` in base64url, unpadded."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes `text` spells. Raises MalformedInput, `base64url-malformed`."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise _malformed() from None
    rest = len(raw) % 4
    if rest == 1 or raw.translate(None, _ALPHABET):
        raise _malformed()
    data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if rest and encode(data[len(raw) // 4 * 3 :]) != text[-rest:]:
        raise _malformed()
    return data


def decode_exactly(text: str, size: int) -> bytes:
    """As `decode`, and the value must be `size` bytes. Raises MalformedInput, `base64url-malformed`."""
    data = decode(text)
    if len(data) != size:
        raise MalformedInput("base64url-malformed", f"a value must be {size} bytes in base64url")
    return data


def _malformed() -> MalformedInput:
    return MalformedInput("base64url-malformed", "a value is not unpadded, canonical base64url")
