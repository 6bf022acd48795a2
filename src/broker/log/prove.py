"""Proofs out of the log: a record with its inclusion under the newest checkpoint, and how checkpoints extend
each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker.log.head import LogHead
from broker.log.tiles import TileCache
from broker.protocol.frame import ConsistencyAnswer, Proof
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Pool
from keys import base64url, merkle, tile

_SQL = queries("log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """Makes proofs against the newest checkpoint this process knows."""

    pool: Pool
    head: LogHead
    tiles: TileCache

    async def prove(self, indices: Sequence[int], *, seen: int | None) -> Mapping[int, Proof]:
        """Prove records by index, each under the same newest checkpoint; those not yet under it are left out.

        Args:
            seen: size of the newest checkpoint the reader has verified: a consistency proof from it comes
            along.
        """
        size, root, note = self.head.size, self.head.root, self.head.note.decode()
        wanted = sorted({index for index in indices if index < size})
        if not wanted:
            return {}
        rows = await self.pool.fetch(_SQL["read_records"], wanted)
        paths = await self.tiles.reading(lambda read: tile.inclusion_proofs(wanted, size, read))
        earlier = seen if seen is not None and 0 < seen < size else None
        consistency = (
            await self.tiles.reading(lambda read: tile.consistency_proof(earlier, size, read))
            if earlier
            else []
        )
        texts = {row["index"]: row for row in rows}
        for index, path in zip(wanted, paths, strict=True):
            if index in texts:
                # A damaged tile must be found here and not by the agency that would be told to distrust the
                # log.
                merkle.verify_inclusion(
                    leaf=merkle.leaf_hash(bytes(texts[index]["entry"])),
                    index=index,
                    size=size,
                    proof=path,
                    root=root,
                )
        return {
            index: Proof(
                record=bytes(texts[index]["text"]).decode("ascii"),
                salt=base64url.encode(bytes(texts[index]["salt"])),
                index=index,
                size=size,
                path=[base64url.encode(step) for step in path],
                checkpoint=note,
                consistency_from=earlier,
                consistency=[base64url.encode(step) for step in consistency],
            )
            for index, path in zip(wanted, paths, strict=True)
            if index in texts
        }

    async def consistency(self, old: int, new: int) -> ConsistencyAnswer:
        """Prove that the tree of size `new` (0: the newest) extends that of size `old`.

        Raises:
            Problem: `unprocessable` when the sizes are out of order or beyond the log.
        """
        size, note = self.head.size, self.head.note.decode()
        end = new or size
        if not old <= end <= size:
            raise Problem(
                "unprocessable", f"Sizes must be in order and at most {size}, the newest checkpoint's."
            )
        path = (
            await self.tiles.reading(lambda read: tile.consistency_proof(old, end, read))
            if 0 < old < end
            else []
        )
        return ConsistencyAnswer(
            old=old,
            new=end,
            path=[base64url.encode(step) for step in path],
            checkpoint=note if end == size else None,
        )
