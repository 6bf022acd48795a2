"""Client assertions: an adapter says who it is, signed by its agency's signing key (RFC 7523,
private_key_jwt).

Promises: `parse_assertion` reads one strict form; `verify_assertion` returns only if it is signed by the key
    given, for this hub, by this agency, about now and briefly. Whether its id was used before is for the
    store to say.
"""

from dataclasses import dataclass
from typing import Final

from broker.protocol.problem import Problem
from keys import jws
from keys.errors import Rejected
from keys.jws import Jws
from keys.signing import PublicKey

TYP: Final = "client-authentication+jwt"
LONGEST: Final = 300
"""Seconds an assertion may last."""
LEEWAY: Final = 60
"""Seconds an adapter's clock may be ahead of the hub's."""
_LIMIT: Final = 4096
_JTI_LIMIT: Final = 128
_MEMBERS: Final = frozenset({"iss", "sub", "aud", "jti", "iat", "exp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An assertion in its one form, not yet verified. `expires` in Unix seconds."""

    signed: Jws
    issuer: str
    audience: str
    jti: str
    issued: int
    expires: int


def refused(reason: str = "client-assertion") -> Problem:
    """The answer to an assertion that proves nothing; the same for an unknown key and a bad signature."""
    return Problem(
        "unauthenticated",
        f"The client assertion is not accepted: sign a new one with your signing key in force, for this "
        f"hub, lasting at "
        f"most {LONGEST} seconds, and check the clock.",
        reason=reason,
    )


def parse_assertion(token: str) -> Assertion:
    """Read an untrusted assertion.

    Raises:
        Problem: `malformed` or `unauthenticated`.
    """
    try:
        signed = jws.parse(token, limit=_LIMIT)
    except Rejected as error:
        raise refused(error.code) from error
    claims = signed.claims
    issuer, subject, audience, jti = (claims.get(name) for name in ("iss", "sub", "aud", "jti"))
    issued, expires = claims.get("iat"), claims.get("exp")
    if (
        claims.keys() != _MEMBERS
        or not (isinstance(issuer, str) and isinstance(audience, str) and isinstance(jti, str))
        or issuer != subject
        or not (0 < len(jti) <= _JTI_LIMIT and jti.isascii() and jti.isprintable())
        or type(issued) is not int
        or type(expires) is not int
    ):
        raise refused("client-assertion-claims")
    return Assertion(signed=signed, issuer=issuer, audience=audience, jti=jti, issued=issued, expires=expires)


def verify_assertion(assertion: Assertion, *, key: PublicKey, agency: str, hub_id: str, at: int) -> None:
    """Return if the assertion is `agency`'s, by `key`, for this hub and good at `at`.

    Raises:
        Problem: `unauthenticated`; its reason names the time only once the signature held.
    """
    try:
        jws.verify(assertion.signed, key, typ=TYP)
    except Rejected as error:
        raise refused() from error
    if assertion.issuer != agency or assertion.audience != hub_id:
        raise refused()
    lasting = assertion.expires - assertion.issued
    if not 0 < lasting <= LONGEST or assertion.issued > at + LEEWAY or assertion.expires <= at:
        raise refused("client-assertion-out-of-time")
