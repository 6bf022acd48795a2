"""Tiles at hand, where several computations miss the same tile at once."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from broker.log.tiles import MissingTile, TileCache

_HASHES = bytes(range(32)) * 3


def reads(index: int, width: int) -> Callable[[TileCache], bytes]:
    """A computation over one tile."""
    return lambda tiles: tiles.read_tile(0, index, width)


@pytest.fixture
async def tiles(database_url: str) -> AsyncIterator[TileCache]:
    """A cache over a store with one tile of three hashes."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=2) as pool:
        await pool.execute("INSERT INTO tile VALUES (0, 0, $1)", _HASHES)
        yield TileCache(pool)


async def test_several_that_miss_one_tile_at_once_all_get_it(tiles: TileCache) -> None:
    read = await asyncio.gather(*(tiles.reading(reads(0, width)) for width in (3, 2, 3)))
    assert read == [_HASHES, _HASHES[:64], _HASHES]


async def test_a_tile_the_store_has_too_narrow_or_not_at_all_is_missing(tiles: TileCache) -> None:
    for index, width in ((0, 4), (1, 1), (0, 4)):
        with pytest.raises(MissingTile):
            await tiles.reading(reads(index, width))
