"""Asker and source of the bare relay, in one process: real HPKE bodies, a journal each, no signatures and no
proofs.

The journal is the adapter's own (group commit, synchronous=FULL) with as many commits for
each envelope: written, declared, deposited and told at the sender; received and acknowledged at the
recipient.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any, Final

import aiohttp

from adapters.journal.writer import Writer
from adapters.transport import open_session
from deploy.bench import load
from deploy.bench.case import ASKER, CONCERN, FOUND, NECESSITY, SOURCE
from keys import sealing
from keys.sealing import Binding, SealingKey

_CLEAR: Final = "x" * 1_700
"""As long as a declaration."""
_PATIENCE: Final = 60.0
_SCHEMA: Final = """
CREATE TABLE sent (jti TEXT PRIMARY KEY, clear TEXT, body TEXT, archive BLOB, state TEXT) STRICT;
CREATE TABLE received (jti TEXT PRIMARY KEY, clear TEXT, body BLOB, state TEXT) STRICT;
"""


class Lost(Exception):
    """An exchange did not come through."""


class Peer:
    """One agency: its socket, its journal, its sealing key."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.key = SealingKey.generate()
        self.other: Peer
        folder.mkdir(parents=True)
        self._path = folder / "journal.sqlite"
        db = self._connect()
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(_SCHEMA)
        db.close()
        self._writer = Writer(self._connect(), patience_ms=1_000)
        self._socket: aiohttp.ClientWebSocketResponse[Any]
        self._numbers = itertools.count()
        self._open: dict[str, asyncio.Future[Any]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self.acknowledged: dict[str, asyncio.Future[None]] = {}
        self.answers = name == SOURCE

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = FULL")
        return db

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._working

    async def connect(self, session: aiohttp.ClientSession, relay: str) -> None:
        """Open the socket and read it from then on."""
        self._socket = await session.ws_connect(
            f"{relay}/connection?agency={self.name}", heartbeat=20.0, max_msg_size=8 << 20, decode_text=False
        )
        self._begin(self._read())

    async def close(self) -> None:
        """Close socket and journal."""
        await self._socket.close()
        self._writer.close()

    async def send(self, exchange: str, jti: str, kind: str, words: dict[str, Any]) -> None:
        """Seal, journal, declare, deposit: three commits here, three at the relay."""
        plaintext = json.dumps({"exchange": exchange, "jti": jti, **words}).encode()
        sealed = sealing.seal(
            plaintext, self.other.key.public, _binding(self.name, self.other.name, jti, kind)
        )
        values = (jti, _CLEAR, sealed.decode(), plaintext)
        await self._write("INSERT INTO sent VALUES (?, ?, ?, ?, 'ready')", *values)
        clear = {"jti": jti, "recipient": self.other.name, "kind": kind, "clear": _CLEAR}
        await self._ask("declare", clear)
        await self._write("UPDATE sent SET state = 'proved' WHERE jti = ?", jti)
        await self._ask("deposit", {"jti": jti, "recipient": self.other.name, "sealed": sealed.decode()})
        await self._write("UPDATE sent SET state = 'deposited', body = NULL WHERE jti = ?", jti)

    async def _ask(self, verb: str, body: dict[str, Any]) -> None:
        number = str(next(self._numbers))
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        await self._frame({"id": number, "verb": verb, "body": body})
        await answer

    async def _frame(self, frame: dict[str, Any]) -> None:
        await self._socket.send_frame(json.dumps(frame).encode(), aiohttp.WSMsgType.TEXT)

    async def _write(self, statement: str, *values: Any) -> None:
        await self._writer.run(lambda db: db.execute(statement, values))

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            for waiting in self.acknowledged.values():
                if not waiting.done():
                    waiting.set_exception(Lost(f"{self.name}: {fault!r}"))

    async def _read(self) -> None:
        reading = asyncio.current_task()
        assert reading is not None
        self._working.discard(reading)
        async for message in self._socket:
            frame = json.loads(message.data)
            if "re" in frame:
                self._open.pop(frame["re"]).set_result(frame["ok"])
            elif frame["verb"] == "handover":
                self._begin(self._received(frame["id"], frame["body"]))
            else:
                self._begin(self._told(frame["body"]["jti"]))

    async def _received(self, id: str, body: dict[str, Any]) -> None:
        jti, sender, kind = body["jti"], body["sender"], body["kind"]
        plaintext = sealing.open_sealed(
            body["sealed"].encode(), self.key, _binding(sender, self.name, jti, kind)
        )
        words = json.loads(plaintext)
        await self._write("INSERT INTO received VALUES (?, ?, ?, 'opened')", jti, body["clear"], plaintext)
        await self._frame({"re": id, "ok": {"jti": jti}})
        if self.answers:
            self._begin(self.send(words["exchange"], words["answer"], "item", {"found": [FOUND] * 3}))
        await self._ask("receipt", {"jti": jti, "sender": sender})
        await self._write("UPDATE received SET state = 'acknowledged' WHERE jti = ?", jti)
        self.acknowledged.pop(jti).set_result(None)

    async def _told(self, jti: str) -> None:
        await self._write("UPDATE sent SET state = 'opened' WHERE jti = ?", jti)


class Peers:
    """Both, as the load sees them."""

    def __init__(self, asker: Peer, source: Peer) -> None:
        asker.other, source.other = source, asker
        self.asker, self.source = asker, source
        self._exchanges = 0

    async def exchange(self) -> None:
        """One ask and one item, each until the relay has acknowledged its receipt."""
        ask, item = str(uuid.uuid4()), str(uuid.uuid4())
        loop = asyncio.get_running_loop()
        received = self.source.acknowledged[ask] = loop.create_future()
        answered = self.asker.acknowledged[item] = loop.create_future()
        words = {"concern": CONCERN, "necessity": NECESSITY, "answer": item}
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.asker.send(ask, ask, "ask", words)
                await received
                await answered
        except TimeoutError:
            raise Lost(f"an exchange was not over after {_PATIENCE:.0f} s") from None
        self._exchanges += 1

    async def settle(self) -> None:
        """Until neither has anything to do."""
        await load.until(lambda: self.asker.idle and self.source.idle, within=_PATIENCE)

    def checked(self) -> dict[str, Any]:
        """Nothing is proved here."""
        return {"proofs_checked": 0, "envelopes": 2 * self._exchanges}


def _binding(sender: str, recipient: str, jti: str, kind: str) -> Binding:
    return Binding(hub_id="relay", exchange=jti, jti=jti, kind=kind, sender=sender, recipient=recipient)


async def _main(options: argparse.Namespace) -> None:
    os.umask(0o077)
    peers = Peers(*(Peer(name, options.state / name) for name in (ASKER, SOURCE)))
    session = open_session(str(options.ca))
    try:
        for peer in (peers.asker, peers.source):
            await peer.connect(session, options.relay)
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        await load.serve(peers)
    finally:
        for peer in (peers.asker, peers.source):
            await peer.close()
        await session.close()


def main() -> None:
    """Connect both and do what standard input says."""
    parser = argparse.ArgumentParser(prog="deploy.bench.relay_clients")
    parser.add_argument("--relay", required=True)
    parser.add_argument("--ca", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    load.run(lambda: _main(options))


if __name__ == "__main__":
    main()
