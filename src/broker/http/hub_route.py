"""`GET /v1/hub`: what an adapter pins at enrolment, and whether the hub can work."""

from typing import Final

from aiohttp import web

from broker.http.answers import HubAnswer
from broker.http.health import FEELER
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.hub import hub_document
from broker.protocol.evidence import parse_hub_keys

SPEAKS: Final = ["1"]
"""Protocol versions this hub takes: its own and, once there is one, the one before."""


async def show_hub(request: web.Request) -> web.StreamResponse:
    """The hub's keys and state."""
    pulse, _ = await request.app[FEELER].feel()
    keys = parse_hub_keys(dict(hub_document(request.app[SURFACE].hub)))
    return answer_response(
        HubAnswer(**keys.model_dump(), speaks=SPEAKS, database="ok" if pulse.database else "unavailable")
    )
