"""The routes, wired to one hub."""

from aiohttp import web

from broker.clock import Edge
from broker.http.administration_route import take_act
from broker.http.connection import open_connection
from broker.http.enrolment_routes import complete_enrolment, issue_token, offer_keys
from broker.http.guard import CONNECTION, guarded, set_headers
from broker.http.health import FEELER, Feeler, healthz, readyz
from broker.http.hints import Ears
from broker.http.hub_route import show_hub
from broker.http.limits import Limits
from broker.http.log_routes import show_checkpoint, show_tile
from broker.http.openapi import show_openapi
from broker.http.origin import Origins
from broker.http.policy_route import show_policy
from broker.http.poll import take_by_poll
from broker.http.shares import Shares
from broker.http.strangers import Strangers
from broker.http.surface import SURFACE, Surface
from broker.http.verbs import handler_of
from broker.hub import Hub
from broker.protocol.frame import ASKED_OF_HUB


def application(hub: Hub, *, edge: Edge, origins: Origins, limits: Limits | None = None) -> web.Application:
    """The hub's application. It starts nothing: see `broker.http.server`."""
    app = web.Application(middlewares=[guarded()])
    limits = limits or Limits()
    surface = Surface(
        hub=hub,
        edge=edge,
        origins=origins,
        limits=limits,
        shares=Shares(count=limits.agency_requests, size=limits.agency_bytes),
        strangers=Strangers(limits.strangers),
        polls=Shares(count=limits.polls, size=limits.body),
        ears=Ears(hub, keep=limits.ear),
    )
    app[SURFACE] = surface
    app[FEELER] = Feeler(surface)
    app.on_response_prepare.append(set_headers)
    app.router.add_get("/v1/hub", show_hub)
    app.router.add_post("/v1/enrolments", offer_keys)
    app.router.add_post("/v1/enrolments/complete", complete_enrolment)
    app.router.add_post("/v1/token", issue_token)
    app.router.add_get(CONNECTION, open_connection, allow_head=False)
    for verb in ASKED_OF_HUB:
        app.router.add_post(f"/v1/{verb.value}", handler_of(verb))
    app.router.add_post("/v1/take", take_by_poll)
    app.router.add_post("/v1/administration", take_act)
    app.router.add_get("/v1/policy", show_policy)
    app.router.add_get("/log/checkpoint", show_checkpoint)
    app.router.add_get("/log/tile/{path:.+}", show_tile)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/openapi.json", show_openapi)
    return app
