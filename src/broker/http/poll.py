"""`POST /v1/take`: an agency that cannot hold a connection is handed what waits, and may wait for it a while.

What a live connection does with frames, this does with one answer: hand over within the credit, give hints,
end when replaced or stopped. What is hinted between two polls is told by the next.
"""

import asyncio
from typing import Final

from aiohttp import web

from broker.enrolment.access import Bearer, not_accepted
from broker.exchange.caller import Caller
from broker.exchange.generation import connect
from broker.exchange.take import take
from broker.exchange.wake import Subscription, WakeEvent
from broker.http.authentication import authenticate
from broker.http.hints import Hints
from broker.http.read import promised, read_body, seen_of
from broker.http.respond import answer_response
from broker.http.surface import SURFACE, Surface
from broker.protocol.frame import HandedOver, Take
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire

_STOPPING: Final = "stopping"
_HINT: Final = frozenset({"changed", "directory", "subject-key"})


async def take_by_poll(request: web.Request) -> web.StreamResponse:
    """Authenticate, take room, open a connection number where none is given, and hand over."""
    surface = request.app[SURFACE]
    limits = surface.limits
    bearer = await authenticate(request)
    size = promised(request, limit=limits.body)
    with surface.polls.taken(bearer.agency, 0), surface.shares.taken(bearer.agency, size):
        data = await read_body(
            request, media_type="application/json", limit=limits.body, wait=limits.body_wait
        )
        asked = parse_wire(Take, data, limit=limits.body)
        seen = seen_of(request)
        if surface.links.stopping:
            raise Problem("unavailable", "The hub is stopping. Ask again in a moment.", retry_after=2)
        # The ear before the generation: what replaces this poll at once must be heard.
        ear = surface.ears.take(bearer.agency, asked.connection)
        surface.links.enter()
        poll = _Poll(surface, bearer, ear)
        surface.links.opened(poll)
        number = None
        try:
            answer = await poll.run(asked, seen)
            number = answer.connection
            return answer_response(answer)
        finally:
            surface.links.closed(poll)
            surface.links.leave()
            surface.ears.leave(bearer.agency, number, ear)


class _Poll:
    """One poll under way."""

    def __init__(self, surface: Surface, bearer: Bearer, ear: Subscription) -> None:
        self._surface = surface
        self._bearer = bearer
        self._ear = ear
        self._over = False
        self._hints = Hints()

    def stop(self) -> None:
        """Answer at once: the hub is stopping."""
        self._ear.put(WakeEvent(kind=_STOPPING))

    async def run(self, asked: Take, seen: int | None) -> HandedOver:
        """Hand over what waits, or wait for it as long as was asked.

        Raises:
            Problem: `conflict` when replaced; `unauthenticated` when the agency or its key was stopped.
        """
        surface, agency = self._surface, self._bearer.agency
        hub, limits = surface.hub, surface.limits
        number = asked.connection
        if number is None:
            async with asyncio.timeout(limits.database_wait):
                number = await connect(hub, agency, kid=self._bearer.kid, at=surface.edge.now())
        caller = Caller(agency=agency, kid=self._bearer.kid, generation=number)
        # No longer than the token: what it stands for was read at the door.
        left = min(asked.wait, max(0, self._bearer.expires - surface.edge.now()))
        loop = asyncio.get_running_loop()
        end = loop.time() + left
        while True:
            handovers, more = await take(
                hub, caller, credit=asked.credit, most=limits.taken, at=surface.edge.now(), seen=seen
            )
            over = self._over or loop.time() >= end
            if handovers or self._hints or over:
                return HandedOver(
                    connection=number, handovers=handovers, changed=self._hints.told(), more=more
                )
            await self._listen(min(end - loop.time(), limits.poll), number)

    async def _listen(self, seconds: float, number: int) -> None:
        """Until a hint or the next look all the same."""
        try:
            async with asyncio.timeout(max(0, seconds)):
                event = await self._ear.next()
        except TimeoutError:
            return
        if event.kind == "stopped":
            raise not_accepted()
        if event.kind == _STOPPING:
            self._over = True
        elif event.kind in _HINT:
            self._hints.add(event)
        # "handover" and "replaced": the next look finds out.
