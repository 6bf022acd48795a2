"""Integration: from records in order to a signed checkpoint (docs/protocol.md, "The log").

Any hub process may integrate; compare-and-swap on the checkpoint's size decides whose work counts. As a
story:

1. Read the checkpoint and the records after it. At this point nothing is promised.
2. Check each record: its place follows the last, its entry is the commitment to its text, and the hub's
   decision key signed it (this process, as its entry shows, or another, as the signature does). A row forged
   by SQL stops the log before it, loudly, and goes nowhere.
3. Derive the present root again from stored tiles and compare it: a flipped bit is found before anything is
   signed.
4. Extend the tiles, sign the new checkpoint.
5. Swap checkpoint and write tiles in one transaction. At this point every record up to the size is provable
   for good; if the swap found another size, all of this process's work is dropped and it reads again.
6. Tell who waits.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from broker.keyring import HubKeyring
from broker.log.head import LogHead
from broker.log.recent import Recent, Record
from broker.log.recorder import Recorder
from broker.log.tally import Tally
from broker.log.tiles import MissingTile, TileCache
from broker.protocol.record import ENTRY_VERSION, TYP
from broker.settings import Settings
from broker.step import Observer, Step
from broker.store.query import queries
from broker.store.transaction import LOST, CommitUnknown, Connection, Pool, committed
from keys import jws, merkle, note, tile
from keys.errors import Rejected

_SQL = queries("log")
_log = structlog.get_logger("gatehouse.log")
_LOOK: Final = 1.0
"""Seconds without a record of its own after which a process looks at what others recorded and integrated."""
_RETRY: Final = 0.5
"""Seconds before the integrator looks again after the store was away."""


class DamagedLog(Exception):
    """What is stored is not what was signed: nothing more is signed until an operator has looked."""

    def __init__(self, code: str, index: int) -> None:
        super().__init__(code)
        self.code = code
        self.index = index


@dataclass(slots=True, kw_only=True)
class Integrator:
    """One process's hand on the log."""

    pool: Pool
    keys: HubKeyring
    origin: str
    recorder: Recorder
    head: LogHead
    tiles: TileCache
    recent: Recent
    settings: Settings
    observe: Observer
    tally: Tally = field(default_factory=Tally)
    _tree: tile.TreeReader | None = None

    async def open(self) -> None:
        """Make the empty log's checkpoint if there is none, and learn the newest."""
        empty = self._checkpoint(0, merkle.EMPTY_ROOT)
        await self.pool.execute(_SQL["first_checkpoint"], merkle.EMPTY_ROOT, empty)
        await self.learn()

    async def run(self) -> None:
        """Integrate at the fixed cadence while there is something to integrate; ends when cancelled."""
        while True:
            # Now and then unasked: another process may have integrated, or died before it could.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self.head.pending.wait()
            self.head.pending.clear()
            await self._next_beat()
            try:
                while await self.integrate():
                    pass
            except DamagedLog as damage:
                self.head.forged = damage.index
                _log.error("log-damaged", code=damage.code, index=damage.index)
                await asyncio.sleep(_RETRY)
            except (*LOST, CommitUnknown, asyncpg.PostgresError) as error:
                _log.warning("log-store-unavailable", error=type(error).__name__)
                await asyncio.sleep(_RETRY)
                self.head.pending.set()
            except Exception as error:  # whatever it is, integration must not end with it
                _log.error("log-failed", error=type(error).__name__)
                await asyncio.sleep(_RETRY)

    async def _next_beat(self) -> None:
        # On a grid of the loop's own clock and not some time after a commit: when it happens tells less so.
        step = self.settings.cadence_ms / 1000
        await asyncio.sleep(step - asyncio.get_running_loop().time() % step)

    async def integrate(self) -> bool:
        """Bring what is pending under one checkpoint; tell whether there may be more.

        Raises:
            DamagedLog: see steps 2 and 3.
        """
        rows = await self.pool.fetch(_SQL["pending_records"], self.settings.integrate_limit)
        if not rows:
            raise DamagedLog("checkpoint-missing", 0)
        if rows[0]["size"] != self.head.size:
            # Another process was quicker.
            await self.learn()
            return True
        if rows[0]["index"] is None:
            return False
        self.observe(Step.INTEGRATE_READ)
        size, root = self.head.size, self.head.root
        records = await self._verified(rows, size)
        leaves = [merkle.leaf_hash(each.entry) for each in records]
        try:
            stored = await self._stored(size)
            stored_root = await self.tiles.reading(lambda _: stored.root())
        except MissingTile as missing:
            raise DamagedLog("tile-missing", size) from missing
        if stored_root != root:
            self.tiles.forget()
            raise DamagedLog("root-differs", size)
        changed = await self.tiles.reading(lambda read: tile.tiles_to_write(size, leaves, read))
        new_size = size + len(leaves)
        grown = stored.grown(new_size, _Overlay(self.tiles, changed))
        new_root = await self.tiles.reading(lambda _: grown.root())
        signed = self._checkpoint(new_size, new_root)

        async def swap(connection: Connection) -> bool:
            moved = await connection.fetchval(
                _SQL["swap_checkpoint"],
                *(size, new_size, new_root, signed),
                *([t.level for t in changed], [t.index for t in changed], [t.hashes for t in changed]),
            )
            return moved is not None

        swapped = await committed(self.pool, swap, before_commit=lambda: self.observe(Step.INTEGRATE_WRITTEN))
        if swapped:
            self.observe(Step.INTEGRATE_COMMITTED)
            self.tiles.put(changed)
            # A tree begun anew at each tile rests on few tiles, which are all compared each time.
            self._tree = grown if new_size // tile.WIDTH == size // tile.WIDTH else None
            self.recent.put(records)
            self.tally.count([self.recorder.label(each.entry, each.text) for each in records])
            self.head.publish(size=new_size, root=new_root, note=signed)
            self.head.forged = None
        else:
            self.tiles.forget()
        return not swapped or len(records) < len(rows) or len(rows) == self.settings.integrate_limit

    async def _stored(self, size: int) -> tile.TreeReader:
        # What was hashed last time holds as long as the tiles below it are the same, byte for byte.
        kept, self._tree = self._tree, None
        if kept is not None and kept.size == size and await self.tiles.reading(kept.still):
            return kept
        return tile.TreeReader(size, self.tiles)

    async def _verified(self, rows: list[asyncpg.Record], size: int) -> list[Record]:
        # What this process signed itself is known by its entry. For the rest, signatures: in a thread, for
        # verifying releases the interpreter.
        if all(self.recorder.signed(bytes(row["entry"] or b"")) for row in rows):
            return _records(rows, size, self.recorder)
        return await asyncio.to_thread(_records, rows, size, self.recorder)

    async def learn(self) -> None:
        """Take the newest checkpoint there is, whichever process made it.

        Raises:
            DamagedLog: it is not signed, or older than one seen before.
        """
        before = self.head.size
        row = await self.pool.fetchrow(_SQL["read_checkpoint"])
        if row is None:
            raise DamagedLog("checkpoint-missing", 0)
        if before == row["size"]:
            return
        try:
            checkpoint = note.open_checkpoint(bytes(row["note"]), self.keys.log_vkey(self.origin))
        except Rejected:
            raise DamagedLog("checkpoint-not-ours", int(row["size"])) from None
        if (checkpoint.size, checkpoint.root) != (row["size"], bytes(row["root"])):
            raise DamagedLog("checkpoint-differs", int(row["size"]))
        if row["size"] < before:
            raise DamagedLog("checkpoint-went-back", int(row["size"]))
        self.head.publish(size=checkpoint.size, root=checkpoint.root, note=bytes(row["note"]))

    def _checkpoint(self, size: int, root: bytes) -> bytes:
        return note.sign_checkpoint(note.Checkpoint(origin=self.origin, size=size, root=root), self.keys.log)


class _Overlay:
    # The tree as it will be once `changed` is written; nothing is cached before that is durable.
    def __init__(self, tiles: TileCache, changed: list[tile.Tile]) -> None:
        self._tiles = tiles
        self._changed = {(t.level, t.index): t.hashes for t in changed}

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        hashes = self._changed.get((level, index))
        return self._tiles.read_tile(level, index, width) if hashes is None else hashes[: width * 32]


def _records(rows: list[asyncpg.Record], size: int, recorder: Recorder) -> list[Record]:
    found: list[Record] = []
    for place, row in enumerate(rows):
        index = size + place
        if row["index"] != index:
            # The counter has no gaps: a hole is a row somebody removed. What lies before it can still be
            # integrated.
            if found:
                break
            raise DamagedLog("record-missing", index)
        try:
            found.append(_checked(row, recorder))
        except Rejected:
            if found:
                break
            raise DamagedLog("record-forged", index) from None
    return found


def _checked(row: asyncpg.Record, recorder: Recorder) -> Record:
    if row["text"] is None:
        raise Rejected("text-missing", "a record has no text")
    text, salt, entry = bytes(row["text"]), bytes(row["salt"]), bytes(row["entry"])
    if merkle.entry(ENTRY_VERSION, salt, text) != entry:
        raise Rejected("entry-differs", "a record's entry is not the commitment to its text")
    if not recorder.signed(entry):
        try:
            token = text.decode("ascii")
        except UnicodeDecodeError:
            raise Rejected("text-malformed", "a record is not a compact JWS") from None
        jws.verify(jws.parse(token), recorder.public, typ=TYP)
    return Record(index=row["index"], entry=entry, salt=salt, text=text)
