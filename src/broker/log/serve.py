"""The log as anyone may read it: the newest checkpoint and tiles of salted commitments (C2SP tlog-tiles)."""

from broker.log.head import LogHead
from broker.log.tiles import MissingTile, TileCache


def checkpoint_note(head: LogHead) -> bytes:
    """The newest checkpoint's signed note."""
    return head.note


async def tile_bytes(tiles: TileCache, head: LogHead, *, level: int, index: int, width: int) -> bytes | None:
    """A tile at a width the newest checkpoint covers; nothing for one beyond it."""
    if not 0 <= level < 8 or (index * 256 + width) << (8 * level) > head.size:
        return None
    try:
        return await tiles.reading(lambda read: read.read_tile(level, index, width))
    except MissingTile:
        return None
