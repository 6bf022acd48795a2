"""The log as static files: `checkpoint`, `tile/…` and `log.vkey`, to be served or kept by anyone (C2SP tlog-
tiles).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broker.store.query import queries
from broker.store.transaction import Pool
from keys import note, tile
from keys.errors import BadProof

_SQL = queries("log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: the checkpoint's size and root, and how many tiles."""

    size: int
    root: bytes
    tiles: int


async def export(
    pool: Pool, vkey: note.VerifierKey, folder: Path, *, progress: Callable[[int], None]
) -> Exported:
    """Write the log's tiles and newest checkpoint under `folder`, the checkpoint last.

    The root is derived again from what was written before the checkpoint is, so that a damaged store is never
    exported as if it were whole.

    Raises:
        keys.errors.Rejected: the stored tiles do not give the checkpoint's root, or its signature is not the
        log's.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(_SQL["read_checkpoint"])
        if row is None:
            raise BadProof("no-checkpoint", "The hub has no checkpoint yet.")
        signed = bytes(row["note"])
        checkpoint = note.open_checkpoint(signed, vkey)
        stored = tile.MemoryTiles()
        count = 0
        async for each in connection.cursor(_SQL["read_tiles"]):
            width = (checkpoint.size >> (8 * each["level"])) - each["index"] * tile.WIDTH
            if width <= 0:
                continue
            width = min(width, tile.WIDTH)
            one = tile.Tile(
                level=each["level"],
                index=each["index"],
                width=width,
                hashes=bytes(each["hashes"])[: width * 32],
            )
            stored.write([one])
            _write(folder / tile.tile_path(one.level, one.index, one.width), one.hashes)
            count += 1
            progress(count)
    if tile.verify_tiles(checkpoint.size, stored) != checkpoint.root:
        raise BadProof(
            "root-differs", "The stored tiles do not give the checkpoint's root; the store is damaged."
        )
    _write(folder / "log.vkey", f"{vkey}\n".encode())
    _write(folder / "checkpoint", signed)
    return Exported(size=checkpoint.size, root=checkpoint.root, tiles=count)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    os.replace(temporary, path)
