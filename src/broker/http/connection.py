"""`GET /v1/connection`: an adapter opens its agency's one live connection; the newest wins.

The token is verified once, here. The agency's standing is read again in every transaction the connection asks
for, and a connection that has been replaced gets nothing and changes nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from broker.exchange.caller import Caller
from broker.exchange.generation import connect, disconnect
from broker.http.authentication import authenticate
from broker.http.link import Link
from broker.http.problems import problem_of
from broker.http.read import seen_of, whole_number
from broker.http.surface import SURFACE, UPGRADED, Surface
from broker.logging import log
from broker.protocol.problem import Problem


async def open_connection(request: web.Request) -> web.StreamResponse:
    """Upgrade to a WebSocket and serve it to its end."""
    surface = request.app[SURFACE]
    limits = surface.limits
    credit = whole_number(request.query.get("credit", ""), name="credit", least=1, most=limits.credit)
    seen = seen_of(request)
    bearer = await authenticate(request)
    socket: web.WebSocketResponse[Any] = web.WebSocketResponse(
        compress=False,
        heartbeat=limits.heartbeat,
        max_msg_size=limits.deposit,
        decode_text=False,
        timeout=limits.finish,
    )
    if not socket.can_prepare(request):
        raise Problem.malformed("not-a-websocket", "Ask to upgrade to a WebSocket (RFC 6455).")
    if surface.links.stopping:
        raise Problem("unavailable", "The hub is stopping. Connect again in a moment.", retry_after=2)
    # The ear before the generation: a connection that replaces this one at once must be heard, and so must a
    # revocation; one that came before the ear is seen when the generation is taken.
    ear = surface.hub.wake.subscribe(bearer.agency)
    surface.links.enter()
    generation: int | None = None
    try:
        # The database before the upgrade: where it is away, the answer is still a plain 503.
        async with asyncio.timeout(limits.database_wait):
            generation = await connect(surface.hub, bearer.agency, kid=bearer.kid, at=surface.edge.now())
        await socket.prepare(request)
        request[UPGRADED] = True
        caller = Caller(agency=bearer.agency, kid=bearer.kid, generation=generation)
        link = Link(
            surface,
            socket,
            caller,
            ear=ear,
            drop=_dropping(request),
            expires=bearer.expires,
            credit=credit,
            seen=seen,
        )
        await _serve(surface, link, caller)
    finally:
        surface.hub.wake.unsubscribe(ear)
        leaving = asyncio.ensure_future(_give_back(surface, bearer.agency, generation))
        leaving.add_done_callback(lambda _: surface.links.leave())
        # The client may be gone and this task cancelled with it: giving back goes on to its end.
        await asyncio.shield(leaving)
    return socket


def _dropping(request: web.Request) -> Callable[[], None]:
    def drop() -> None:
        if request.transport is not None:
            request.transport.abort()

    return drop


async def _serve(surface: Surface, link: Link, caller: Caller) -> None:
    surface.links.opened(link)
    log.info("connection-opened", agency=caller.agency, generation=caller.generation)
    try:
        end = await link.run()
        log.info("connection-closed", agency=caller.agency, generation=caller.generation, reason=end.reason)
    finally:
        surface.links.closed(link)


async def _give_back(surface: Surface, agency: str, generation: int | None) -> None:
    """Give leases back, so that the next connection is served at once. Left undone, they lapse by time."""
    if generation is None:
        return
    try:
        async with asyncio.timeout(surface.limits.database_wait):
            await disconnect(surface.hub, agency, generation, at=surface.edge.now())
    except Exception as error:  # logged by problem_of, and nothing is lost by it
        problem_of(error)
