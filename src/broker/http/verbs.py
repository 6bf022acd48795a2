"""`POST /v1/<verb>`: one handler for every verb an adapter may ask of the hub."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from broker.exchange.caller import Caller
from broker.exchange.verbs import answer
from broker.http.authentication import authenticate
from broker.http.read import connection_of, promised, read_body, seen_of
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.protocol.frame import ASKED_OF_HUB, Verb
from broker.protocol.wire import parse_wire


def handler_of(verb: Verb) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one verb: authenticate, take room, read, parse, ask the use case, dump."""
    model = ASKED_OF_HUB[verb]

    async def handle(request: web.Request) -> web.StreamResponse:
        surface = request.app[SURFACE]
        limits = surface.limits
        # Before the body: a stranger's bytes are not worth reading.
        bearer = await authenticate(request)
        limit = limits.deposit if verb is Verb.DEPOSIT else limits.body
        with surface.shares.taken(bearer.agency, promised(request, limit=limit)):
            data = await read_body(request, media_type="application/json", limit=limit, wait=limits.body_wait)
            asked = parse_wire(model, data, limit=limit)
            caller = Caller(agency=bearer.agency, kid=bearer.kid, generation=connection_of(request))
            return answer_response(
                await answer(surface.hub, verb, caller, asked, at=surface.edge.now(), seen=seen_of(request))
            )

    return handle
