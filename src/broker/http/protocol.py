"""aiohttp's protocol with our manners for what never reaches a handler: bytes that are not HTTP at all.

aiohttp would answer those in plain text, repeating what was sent, and log it.
"""

from aiohttp import web

from broker.http.guard import harden
from broker.http.problems import problem_response
from broker.logging import log
from broker.protocol.problem import Problem


class _Bare(web.Response):
    """A response of which no application takes the banner away."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


class Protocol(web.RequestHandler):
    """One client's TCP connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem document, and the connection closed."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was under way")
        if status < 500:
            problem = Problem(
                "malformed",
                "This is not an HTTP/1.1 request the hub can read.",
                status=status,
                reason="not-http",
            )
        else:
            log.error("internal", exc_info=exc)
            problem = Problem("internal", "The hub failed at this request.", status=status)
        told = problem_response(problem)
        response = _Bare(status=told.status, body=told.body, headers=told.headers)
        harden(response, secure=request.secure)
        response.force_close()
        return response

    def log_exception(self, *args: object, **kw: object) -> None:
        """Log that something failed below the handlers: type and place only."""
        log.error("protocol-failed", exc_info=kw.get("exc_info"))
