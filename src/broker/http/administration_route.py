"""`POST /v1/administration`: a person's signed act, which is its own authentication."""

from aiohttp import web
from pydantic import JsonValue

from broker.exchange.administer import administer
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.protocol.act import parse_person_act
from broker.protocol.problem import Problem
from broker.protocol.wire import Token, Wire, parse_wire
from broker.store.query import queries
from broker.store.transaction import Pool
from keys import jws
from keys.errors import Rejected
from keys.signing import public_key

_SQL = queries("administration")


class Administration(Wire):
    """A signed act, and beside a policy's activation the policy set it names by digest."""

    act: Token
    policy: dict[str, JsonValue] | None = None


class Administered(Wire):
    """The act is in the log's order, durably, at this index."""

    index: int


async def take_act(request: web.Request) -> web.StreamResponse:
    """Put an administrator's act into effect and into the log."""
    surface = request.app[SURFACE]
    limits = surface.limits
    with surface.strangers.entered() as visit:
        data = await visit.read(
            request, media_type="application/json", limit=limits.body, wait=limits.stranger_wait
        )
        asked = parse_wire(Administration, data, limit=limits.body)
        await verify_person(surface.hub.pool, asked.act)
        index = await administer(surface.hub, asked.act, asked.policy, at=surface.edge.now())
        return answer_response(Administered(index=index))


async def verify_person(pool: Pool, token: str) -> None:
    """Return if a person the hub knows signed the act.

    The use case looks again, under its lock. That lock holds up every decision of the hub, so whoever is
    nobody must not get as far: this is the door, not the judgement.

    Raises:
        Problem: `unauthenticated`, or the act's form.
    """
    parsed, act = parse_person_act(token)
    for row in await pool.fetch(_SQL["person_by_key"]):
        key = public_key(bytes(row["key"]))
        if row["id"] == act.iss and key.kid == parsed.kid:
            try:
                jws.verify(parsed, key, typ=parsed.typ)
            except Rejected:
                break
            return
    raise Problem(
        "unauthenticated", "The act is not signed by a person this hub knows.", reason="person-unknown"
    )
