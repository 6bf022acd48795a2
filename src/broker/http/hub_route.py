"""`GET /v1/hub`: what an adapter pins at enrolment, and whether the hub can work."""

from typing import Final

from aiohttp import web

from broker.http.health import FEELER
from broker.http.respond import answer_response
from broker.http.surface import SURFACE
from broker.hub import Hub
from broker.protocol.evidence import HubKeys

SPEAKS: Final = ["1"]
"""Protocol versions this hub takes: its own and, once there is one, the one before."""


class HubAnswer(HubKeys):
    """A hub's public keys and state."""

    speaks: list[str]
    database: str


def hub_keys(hub: Hub) -> HubKeys:
    """The hub's public keys, as agencies pin them."""
    jwk = {name: str(value) for name, value in hub.keys.decision.public.jwk().items()}
    return HubKeys(
        hub=hub.hub_id, origin=hub.origin, decision_key=jwk, log_vkey=str(hub.keys.log_vkey(hub.origin))
    )


async def show_hub(request: web.Request) -> web.StreamResponse:
    """The hub's keys and state."""
    pulse, _ = await request.app[FEELER].feel()
    keys = hub_keys(request.app[SURFACE].hub)
    return answer_response(
        HubAnswer(**keys.model_dump(), speaks=SPEAKS, database="ok" if pulse.database else "unavailable")
    )
