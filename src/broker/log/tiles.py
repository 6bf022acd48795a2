"""Tiles at hand: the widest form of each tile lately used, read from the store when missing.

A partial tile is a prefix of the wider one, so one copy serves every width. Only this process's integrator
replaces what is here; what another process has integrated is read again when a proof finds its tile too
narrow.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from broker.store.query import queries
from broker.store.transaction import Pool
from keys.tile import Tile

T = TypeVar("T")
_SQL = queries("log")
KEPT: Final = 256
"""Tiles of 8 KiB: 2 MiB at most, some sixty thousand recent records. A proof over older ones reads the few
tiles it lacks; more here would only make a busy hub grow for a million records before it is level."""
_READS: Final = 64
"""A proof over 2^64 leaves touches fewer tiles than this; more means that the store's tiles are wrong."""


class MissingTile(Exception):
    """A tile is not at hand, or not wide enough."""

    def __init__(self, level: int, index: int) -> None:
        super().__init__(f"tile {level}/{index}")
        self.level = level
        self.index = index


class TileCache:
    """A `keys.tile.HashReader` over tiles at hand; `reading` fetches what a computation misses and repeats
    it.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def put(self, tiles: Iterable[Tile]) -> None:
        """Keep these tiles as the widest known."""
        for tile in tiles:
            self._keep(tile.level, tile.index, tile.hashes)

    def forget(self) -> None:
        """Drop everything: another process moved the log."""
        self._tiles.clear()

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Give the first `width` hashes. Raises MissingTile when they are not at hand."""
        hashes = self._tiles.get((level, index))
        if hashes is None or len(hashes) < width * 32:
            raise MissingTile(level, index)
        self._tiles.move_to_end((level, index))
        return hashes[: width * 32]

    async def reading(self, compute: Callable[["TileCache"], T]) -> T:
        """Run a computation over tiles, fetching each it misses.

        Raises:
            MissingTile: the store has no such tile or a narrower one; the log is damaged.
        """
        for _ in range(_READS):
            try:
                return compute(self)
            except MissingTile as missing:
                # What was known when it was missed: meanwhile another computation may have read the same.
                before = len(self._tiles.get((missing.level, missing.index), b""))
                hashes = await self._pool.fetchval(_SQL["read_tile"], missing.level, missing.index)
                if hashes is None or len(hashes) <= before:
                    raise
                if len(hashes) > len(self._tiles.get((missing.level, missing.index), b"")):
                    self._keep(missing.level, missing.index, bytes(hashes))
        raise MissingTile(-1, -1)

    def _keep(self, level: int, index: int, hashes: bytes) -> None:
        self._tiles[level, index] = hashes
        self._tiles.move_to_end((level, index))
        while len(self._tiles) > KEPT:
            self._tiles.popitem(last=False)
