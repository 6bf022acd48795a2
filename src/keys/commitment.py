"""What a declaration says about its body without showing it: the digest of the stored bytes and a hiding
commitment to the plaintext (protocol section 1).

Promises: the digest names the sealed bytes; the commitment binds the plaintext and, while the salt stays
sealed, tells nothing of it. Neither proves who sealed.
"""

import hashlib
import hmac
from typing import Final

from keys import base64url, context
from keys.errors import BadProof

SALT_SIZE: Final = 32


def digest(sealed: bytes) -> str:
    """SHA-256 of the stored JWE bytes, base64url."""
    return base64url.encode(hashlib.sha256(sealed).digest())


def commit_content(salt: bytes, plaintext: bytes) -> str:
    """HMAC-SHA256 by the 32-byte salt over context and plaintext (without the salt), base64url.

    The length of the salt is fixed because HMAC pads a shorter key, which would give one value two salts.
    Raises BadProof, `salt-wrong-size`.
    """
    if len(salt) != SALT_SIZE:
        raise BadProof("salt-wrong-size", "a content commitment's salt is 32 bytes")
    return base64url.encode(hmac.digest(salt, context.CONTENT_COMMITMENT + plaintext, "sha256"))


def verify_content(commitment: str, salt: bytes, plaintext: bytes) -> None:
    """Returns if `commitment` is to `plaintext` under `salt`; raises BadProof, `content-mismatch`."""
    if not hmac.compare_digest(commitment.encode(), commit_content(salt, plaintext).encode()):
        raise BadProof("content-mismatch", "the body is not the one the declaration committed to")
