"""`GET /v1/policy`: the sharing policy in force, to any enrolled agency."""

import asyncio

from aiohttp import web

from broker.http.answers import PolicyAnswer
from broker.http.authentication import authenticate
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.protocol.problem import Problem
from broker.store.query import queries
from keys import strict_json

_SQL = queries("health")


async def show_policy(request: web.Request) -> web.StreamResponse:
    """The policy set's version, digest and text."""
    surface = request.app[SURFACE]
    bearer = await authenticate(request)
    with surface.shares.taken(bearer.agency, 0):
        async with asyncio.timeout(surface.limits.database_wait):
            row = await surface.hub.pool.fetchrow(_SQL["read_policy"])
    if row is None:
        raise Problem(
            "unavailable", "No sharing policy is in force: nothing may pass. Tell the administrator."
        )
    document = strict_json.parse_object(bytes(row["document"]))
    return answer_response(PolicyAnswer(version=row["version"], digest=row["digest"], policy=document))
