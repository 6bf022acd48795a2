"""`POST /v1/administration`: a person's signed act, which is its own authentication."""

from aiohttp import web
from pydantic import JsonValue

from broker.exchange.administer import administer
from broker.http.read import read_body
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.protocol.frame import Acted
from broker.protocol.wire import Token, Wire, parse_wire


class Administration(Wire):
    """A signed act, and beside a policy's activation the policy set it names by digest."""

    act: Token
    policy: dict[str, JsonValue] | None = None


async def take_act(request: web.Request) -> web.StreamResponse:
    """Put an administrator's act into effect and into the log."""
    surface = request.app[SURFACE]
    limits = surface.limits
    data = await read_body(request, media_type="application/json", limit=limits.body, wait=limits.body_wait)
    asked = parse_wire(Administration, data, limit=limits.body)
    index = await administer(surface.hub, asked.act, asked.policy, at=surface.edge.now())
    return answer_response(Acted(index=index))
