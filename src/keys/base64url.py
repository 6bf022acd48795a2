"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), one spelling per value.

Promises: `decode` accepts exactly what `encode` gives; no '=', whitespace, other alphabet or stray last bits.
"""

import binascii
from typing import Final

from keys.errors import MalformedInput

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_LAST: Final = {2: frozenset(_ALPHABET[::16]), 3: frozenset(_ALPHABET[::4])}
"""Last characters whose bits beyond the last whole byte are zero, by how many characters are over."""


def encode(data: bytes) -> str:
    """`data` in base64url, unpadded."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes `text` spells. Raises MalformedInput, `base64url-malformed`."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise _malformed() from None
    rest = len(raw) % 4
    if rest == 1 or raw.translate(None, _ALPHABET) or (rest and raw[-1] not in _LAST[rest]):
        raise _malformed()
    return binascii.a2b_base64(raw.translate(_FROM_URL) + b"=" * (-len(raw) % 4))


def decode_exactly(text: str, size: int) -> bytes:
    """As `decode`, and the value must be `size` bytes. Raises MalformedInput, `base64url-malformed`."""
    data = decode(text)
    if len(data) != size:
        raise MalformedInput("base64url-malformed", f"a value must be {size} bytes in base64url")
    return data


def _malformed() -> MalformedInput:
    return MalformedInput("base64url-malformed", "a value is not unpadded, canonical base64url")
