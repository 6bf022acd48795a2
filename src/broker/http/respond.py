"""Giving answers out: JSON bytes as the models dump them."""

from aiohttp import web

from broker.protocol.wire import Wire


def answer_response(answer: Wire, *, status: int = 200) -> web.Response:
    """A model's JSON."""
    return json_response(answer.dump(), status=status)


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """JSON bytes as they are."""
    return web.Response(status=status, body=body, content_type="application/json")
