"""Around every handler: a bound on requests at once, every failure a problem, one log line, headers that keep
browsers out."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from broker.http.problems import problem_of, problem_response
from broker.http.surface import SURFACE, UPGRADED
from broker.logging import log
from broker.protocol.problem import Problem

CONNECTION: Final = "/v1/connection"

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ONE_YEAR: Final = "max-age=31536000"


def guarded() -> Middleware:
    """The middleware of one application, with its own count of requests."""
    running = 0

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal running
        surface = request.app[SURFACE]
        began = surface.edge.ticks()
        # Live connections are bounded by the number of agencies, one each, and do not count as requests.
        counted = request.path != CONNECTION
        running += counted
        try:
            if counted and running > surface.limits.requests:
                raise Problem(
                    "unavailable", "The hub is busy. Repeat the same bytes in a moment.", retry_after=1
                )
            response = await handler(request)
        except Exception as error:
            if request.get(UPGRADED):
                raise
            response = problem_response(problem_of(error))
            if isinstance(error, web.HTTPMethodNotAllowed):
                response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        finally:
            running -= counted
        resource = request.match_info.route.resource
        route = None if resource is None else resource.canonical
        seconds = surface.edge.ticks() - began
        if counted:
            surface.timings.request(
                method=request.method, route=route, status=response.status, seconds=seconds
            )
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status,
            milliseconds=round(seconds * 1000, 1),
        )
        return response

    return guard


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set what every response carries; a handler's own value stands."""
    harden(response, secure=request.secure)


def harden(response: web.StreamResponse, *, secure: bool) -> None:
    """Forbid browsers to render, frame, guess or keep the answer, and do not say what serves it."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if secure:
        response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    response.headers.popall("Server", None)
