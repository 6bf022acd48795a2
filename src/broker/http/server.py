"""Listening: a socket, the application behind it, and a stop that loses nothing.

A clean stop: take no new connections; answer the frames being worked on, close every live connection and give
its leases back; finish the requests under way. What is cut off all the same is repeated by its sender.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from broker.http.limits import Limits
from broker.http.protocol import Protocol
from broker.http.surface import SURFACE

_BACKLOG = 1024


@contextlib.asynccontextmanager
async def serving(
    app: web.Application, listening: socket.socket, *, tls: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Serve `app` on a bound socket until the block ends; then stop cleanly."""
    surface = app[SURFACE]
    limits = surface.limits
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=limits.finish)
    await runner.setup()
    manager = runner.server
    assert manager is not None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _protocol(manager, loop, limits),
        sock=listening,
        ssl=tls,
        backlog=_BACKLOG,
        ssl_handshake_timeout=limits.idle if tls else None,
    )
    try:
        yield
    finally:
        server.close()
        surface.links.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * limits.finish + 1):
                await surface.links.none_left.wait()
        await runner.cleanup()


def _protocol(manager: web.Server, loop: asyncio.AbstractEventLoop, limits: Limits) -> Protocol:
    return Protocol(
        manager,
        loop=loop,
        access_log=None,  # type: ignore[arg-type]  # as AppRunner itself passes it to log nothing
        auto_decompress=False,
        keepalive_timeout=limits.idle,
        lingering_time=2.0,
        max_line_size=limits.line,
        max_field_size=limits.line,
        max_headers=limits.headers,
    )


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket bound to the first address of `host`; port 0 takes a free one.

    Raises:
        OSError: the name has no address, or the port is taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound
