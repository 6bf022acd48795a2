"""`/log/…`: the log as anyone may read it, in tlog-tiles layout (C2SP). Entries are salted commitments."""

from typing import Final

from aiohttp import web

from broker.http.surface import SURFACE
from broker.log.serve import checkpoint_note, tile_bytes
from broker.protocol.problem import Problem
from keys.errors import MalformedInput
from keys.tile import WIDTH, parse_tile_path

_FOR_EVER: Final = "public, max-age=31536000, immutable"


async def show_checkpoint(request: web.Request) -> web.StreamResponse:
    """The newest checkpoint, a signed note."""
    note = checkpoint_note(request.app[SURFACE].hub.head)
    if not note:
        raise Problem("not-found", "The log has no checkpoint yet.")
    return web.Response(body=note, content_type="text/plain", charset="utf-8")


async def show_tile(request: web.Request) -> web.StreamResponse:
    """A tile at the width asked for; what a tile's address names never changes."""
    hub = request.app[SURFACE].hub
    try:
        level, index, width = parse_tile_path("tile/" + request.match_info["path"])
    except MalformedInput:
        raise _no_tile() from None
    hashes = await tile_bytes(hub.tiles, hub.head, level=level, index=index, width=width)
    if hashes is None:
        raise _no_tile()
    kept = _FOR_EVER if width == WIDTH else "public, max-age=3600"
    return web.Response(body=hashes, content_type="application/octet-stream", headers={"Cache-Control": kept})


def _no_tile() -> Problem:
    return Problem("not-found", "The log has no such tile.")
