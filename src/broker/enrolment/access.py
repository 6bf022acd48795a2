"""Access tokens: opaque, short, bound to a key of the adapter's own (DPoP, RFC 9449), kept only as a digest.

Promises: a token is issued for an assertion and a proof neither of which was seen before, and stands for its
    agency only while the agency is active and the key it was asked for with is unrevoked. It decides nothing
    about envelopes: every deciding transaction reads agency and keys again under their guards.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from broker.enrolment.assertion import LEEWAY, parse_assertion, refused, verify_assertion
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection, Pool
from keys import base64url
from keys.dpop import Proof
from keys.errors import MalformedInput
from keys.signing import public_key

_SQL = queries("access")
_TOKEN_SIZE: Final = 32
LIFETIME: Final = 600
"""Seconds an access token, and any connection opened with it, lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An access token and how many seconds it lasts."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom an access token stands for, and until when (Unix seconds)."""

    agency: str
    kid: str
    expires: int


async def issue(
    pool: Pool,
    hub_id: str,
    assertion: str,
    proof: Proof,
    *,
    at: int,
    nonce: Callable[[], bytes],
    lifetime: int = LIFETIME,
) -> Issued:
    """Give an access token for a client assertion, bound to the key of an already verified DPoP proof.

    Raises:
        Problem: `unauthenticated`.
    """
    parsed = parse_assertion(assertion)
    row = await pool.fetchrow(_SQL["read_signing_key"], parsed.signed.kid, at)
    if row is None:
        raise refused()
    verify_assertion(parsed, key=public_key(bytes(row["raw"])), agency=row["agency"], hub_id=hub_id, at=at)
    secret = nonce()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_SQL["forget_spent"], at)
        await connection.execute(_SQL["forget_access_tokens"], at)
        await _spend(
            connection, f"agency:{parsed.issuer}", parsed.jti, parsed.expires + LEEWAY, refused("replayed")
        )
        await spend_proof(connection, proof)
        await connection.execute(
            _SQL["write_access_token"],
            _digest(secret),
            row["agency"],
            parsed.signed.kid,
            proof.thumbprint,
            at + lifetime,
        )
    return Issued(token=base64url.encode(secret), expires_in=lifetime)


async def bearer_of(pool: Pool, token: str, proof: Proof, *, at: int) -> Bearer:
    """Whom a token stands for, if `proof`, already verified for this request, is by its key and was not seen
    before.

    Raises:
        Problem: `unauthenticated`.
    """
    try:
        secret = base64url.decode_exactly(token, _TOKEN_SIZE)
    except MalformedInput as error:
        raise not_accepted() from error
    async with pool.acquire() as connection:
        row = await connection.fetchrow(_SQL["read_access_token"], _digest(secret), at)
        if row is None or not hmac.compare_digest(row["thumbprint"].encode(), proof.thumbprint.encode()):
            raise not_accepted()
        await spend_proof(connection, proof)
    return Bearer(agency=row["agency"], kid=row["kid"], expires=row["expires"])


async def spend_proof(connection: Connection, proof: Proof) -> None:
    """Remember a proof's id for as long as the proof could be shown again.

    Raises:
        Problem: `unauthenticated`, reason `dpop-replayed`.
    """
    problem = Problem(
        "unauthenticated", "This DPoP proof was used before: make one per request.", reason="dpop-replayed"
    )
    await _spend(connection, f"dpop:{proof.thumbprint}", proof.jti, proof.iat + 2 * LEEWAY + 1, problem)


def not_accepted() -> Problem:
    """The one answer to an access token that is unknown, out of time, revoked, or shown with another key's
    proof."""
    return Problem(
        "unauthenticated",
        "The access token is not accepted with this DPoP proof: ask for a new one.",
        reason="invalid-token",
    )


async def _spend(connection: Connection, issuer: str, jti: str, expires: int, problem: Problem) -> None:
    if not await connection.fetchval(_SQL["spend"], issuer, jti, expires):
        raise problem


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
