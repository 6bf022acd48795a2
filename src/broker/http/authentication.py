"""Who asks: an access token with a DPoP proof for exactly this request (RFC 9449 section 7).

1. one `Authorization: DPoP <token>` and one `DPoP` header, each in its one form;
2. the proof is signed by the key it carries, for this method, this address of ours, this token, about now;
3. the token is known, not out of time, its agency active, its key unrevoked, bound to the proof's key;
4. the proof was not shown before.

A live connection does this once. Failing any step gives 401 and tells nothing about agencies.
"""

import asyncio

from aiohttp import web

from broker.enrolment.access import Bearer, bearer_of
from broker.http.read import only_header
from broker.http.surface import SURFACE
from broker.protocol.problem import Problem
from keys.dpop import Proof, verify_proof
from keys.errors import Rejected

_LONGEST_TOKEN = 128


def verify_request_proof(request: web.Request, *, access_token: str | None) -> Proof:
    """Step 2 for a request, its proof in the `DPoP` header.

    Raises:
        Problem: `unauthenticated`.
    """
    surface = request.app[SURFACE]
    token = only_header(request, "DPoP")
    if token is None:
        raise Problem(
            "unauthenticated", "Send a DPoP proof (RFC 9449) with this request.", reason="dpop-missing"
        )
    url = surface.origins.chosen(request.host) + request.rel_url.raw_path
    try:
        return verify_proof(
            token, method=request.method, url=url, at=surface.edge.now(), access_token=access_token
        )
    except Rejected as error:
        raise Problem(
            "unauthenticated",
            f"The DPoP proof is not accepted ({error.code}): make one for this method and address, now.",
            reason=error.code,
        ) from error


async def authenticate(request: web.Request) -> Bearer:
    """All four steps.

    Raises:
        Problem: `unauthenticated`; `unavailable` where the database cannot be asked.
    """
    surface = request.app[SURFACE]
    scheme, _, token = (only_header(request, "Authorization") or "").partition(" ")
    if scheme.lower() != "dpop" or not token.isascii() or not 0 < len(token) <= _LONGEST_TOKEN:
        raise Problem(
            "unauthenticated", "Send an access token: Authorization: DPoP <token>.", reason="token-missing"
        )
    proof = verify_request_proof(request, access_token=token)
    async with asyncio.timeout(surface.limits.database_wait):
        return await bearer_of(surface.hub.pool, token, proof, at=surface.edge.now())
