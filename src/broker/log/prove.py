"""Proofs out of the log: a record with its inclusion under the newest checkpoint, and how checkpoints extend
each other.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

from broker.log.head import LogHead
from broker.log.integrate import DamagedLog
from broker.log.recent import Recent, Record
from broker.log.tiles import TileCache
from broker.protocol.frame import ConsistencyAnswer, Proof
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Pool
from keys import base64url, merkle, tile
from keys.errors import BadProof

_SQL = queries("log")


class Prover:
    """Makes proofs against the newest checkpoint this process knows; where that is not enough it learns the
    newest there is, since another process may have proved more.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        head: LogHead,
        tiles: TileCache,
        recent: Recent,
        learn: Callable[[], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._head = head
        self._learn = learn
        self._tiles = tiles
        self._recent = recent
        self._tree = tile.TreeReader(0, tiles)

    async def prove(self, indices: Sequence[int], *, seen: int | None) -> Mapping[int, Proof]:
        """Prove records by index, each under the same newest checkpoint; those not yet under it are left out.

        Args:
            seen: size of the newest checkpoint the reader has verified: a consistency proof from it comes
            along.
        """
        # A reader that is shown less than it has seen must take it for a rollback.
        await self.reach(max([seen or 0, *(index + 1 for index in indices)]))
        size, root, note = self._head.size, self._head.root, self._head.note.decode()
        wanted = sorted({index for index in indices if index < size})
        if not wanted:
            return {}
        records = await self._read(wanted)
        tree = self._tree_at(size)
        paths = await self._tiles.reading(lambda _: {index: tree.inclusion(index) for index in records})
        self._verify(records, paths, size, root)
        earlier = seen if seen is not None and 0 < seen < size else None
        consistency: list[str] = []
        if earlier is not None:
            steps = await self._tiles.reading(lambda _: tree.consistency(earlier))
            consistency = [base64url.encode(step) for step in steps]
        return {
            index: Proof(
                record=record.text.decode("ascii"),
                salt=base64url.encode(record.salt),
                index=index,
                size=size,
                path=[base64url.encode(step) for step in paths[index]],
                checkpoint=note,
                consistency_from=earlier,
                consistency=consistency,
            )
            for index, record in records.items()
        }

    async def reach(self, size: int) -> None:
        """Learn the newest checkpoint if this process knows none of that size; another may have made it.

        Nothing is waited for: what is not under the newest checkpoint now is not proved yet.
        """
        if size > self._head.size:
            with contextlib.suppress(DamagedLog):
                await self._learn()

    async def _read(self, wanted: Sequence[int]) -> dict[int, Record]:
        """The records there are of those wanted: lately integrated ones are at hand."""
        found = {index: record for index in wanted if (record := self._recent.get(index)) is not None}
        missing = [index for index in wanted if index not in found]
        if missing:
            for row in await self._pool.fetch(_SQL["read_records"], missing):
                entry, salt, text = bytes(row["entry"]), bytes(row["salt"]), bytes(row["text"])
                found[row["index"]] = Record(index=row["index"], entry=entry, salt=salt, text=text)
        return found

    def _tree_at(self, size: int) -> tile.TreeReader:
        if self._tree.size != size:
            self._tree = self._tree.grown(size, self._tiles)
        return self._tree

    def _verify(
        self, records: Mapping[int, Record], paths: Mapping[int, list[bytes]], size: int, root: bytes
    ) -> None:
        # A damaged tile must be found here and not by the agency that would be told to distrust the log.
        try:
            for index, record in records.items():
                leaf = merkle.leaf_hash(record.entry)
                merkle.verify_inclusion(leaf=leaf, index=index, size=size, proof=paths[index], root=root)
        except BadProof:
            self._tree = tile.TreeReader(0, self._tiles)
            raise

    async def consistency(self, old: int, new: int) -> ConsistencyAnswer:
        """Prove that the tree of size `new` (0: the newest) extends that of size `old`.

        Raises:
            Problem: `unprocessable` when the sizes are out of order or beyond the log.
        """
        await self.reach(max(old, new))
        size, note = self._head.size, self._head.note.decode()
        end = new or size
        if not old <= end <= size:
            raise Problem(
                "unprocessable", f"Sizes must be in order and at most {size}, the newest checkpoint's."
            )
        path = (
            await self._tiles.reading(lambda read: tile.consistency_proof(old, end, read))
            if 0 < old < end
            else []
        )
        return ConsistencyAnswer(
            old=old,
            new=end,
            path=[base64url.encode(step) for step in path],
            checkpoint=note if end == size else None,
        )
