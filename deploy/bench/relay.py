"""The peer: a bare relay on the same transport, with the same durable commits and nothing else.

WebSocket over TLS by aiohttp and uvloop, PostgreSQL of the same kind with the same settings, group commit.
For each envelope five commits, one after the other, as Gatehouse has them: declared, "integrated", deposited,
handed over, received. It decides nothing, signs nothing, verifies nothing and keeps no log; whoever connects
is who they say. What it does not have to do, it does not do: this is the measure, so it is written to be
fast.
"""

import argparse
import asyncio
import gc
import json
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
from aiohttp import WSMsgType, web

from broker.command.tls import tls_context
from broker.http.server import bind
from broker.store import postgres

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS envelope (
    seq bigint GENERATED ALWAYS AS IDENTITY, jti text PRIMARY KEY, sender text NOT NULL, recipient text NOT
    NULL, kind text NOT NULL, clear text NOT NULL, state text NOT NULL);
CREATE INDEX IF NOT EXISTS waiting ON envelope (recipient, seq) WHERE state = 'deposited';
CREATE TABLE IF NOT EXISTS body (jti text PRIMARY KEY, sealed bytea NOT NULL);
ALTER TABLE body ALTER COLUMN sealed SET STORAGE EXTERNAL;
"""
_DECLARE: Final = """
INSERT INTO envelope (jti, sender, recipient, kind, clear, state)
SELECT j, s, r, k, c, 'declared' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
AS u(j, s, r, k, c)
"""
_MOVE: Final = "UPDATE envelope SET state = $2 WHERE jti = ANY($1::text[])"
_DEPOSIT: Final = """
WITH kept AS (INSERT INTO body SELECT * FROM unnest($1::text[], $2::bytea[]))
UPDATE envelope SET state = 'deposited' WHERE jti = ANY($1::text[])
"""
_HAND_OVER: Final = """
WITH next AS (SELECT jti FROM envelope WHERE recipient = $1 AND state = 'deposited' ORDER BY seq LIMIT $2 FOR
UPDATE),
     moved AS (UPDATE envelope e SET state = 'handed_over' FROM next WHERE e.jti = next.jti
               RETURNING e.jti, e.sender, e.kind, e.clear)
SELECT m.jti, m.sender, m.kind, m.clear, b.sealed FROM moved m JOIN body b USING (jti)
"""
_RECEIVE: Final = """
WITH gone AS (DELETE FROM body WHERE jti = ANY($1::text[]))
UPDATE envelope SET state = 'opened' WHERE jti = ANY($1::text[])
"""
_AT_ONCE: Final = 64
_HANDOVERS: Final = 8
"""The two bounds are Gatehouse's own."""

Pool = Any
Item = dict[str, Any]


class Group:
    """Group commit: what comes while one transaction runs goes into the next."""

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
        self._run = run
        self._waiting: deque[tuple[Item, asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> None:
        """Return once the item is durable."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())
        await future

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            await self._run([item for item, _ in batch])
            for _, future in batch:
                future.set_result(None)
        self._task = None


class Relay:
    """Who is connected, and the five commits."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sockets: dict[str, web.WebSocketResponse[Any]] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self.declaring = Group(self._declare)
        self.integrating = Group(self._integrate)
        self.depositing = Group(self._deposit)
        self.receiving = Group(self._receive)

    async def connection(self, request: web.Request) -> web.StreamResponse:
        """Serve one agency's WebSocket to its end."""
        agency = request.query["agency"]
        socket: web.WebSocketResponse[Any] = web.WebSocketResponse(
            compress=False, heartbeat=20.0, max_msg_size=8 << 20, decode_text=False
        )
        await socket.prepare(request)
        self._sockets[agency] = socket
        waiting = self._waiting[agency] = asyncio.Event()
        waiting.set()
        pump = asyncio.create_task(self._pump(agency, socket, waiting))
        working: set[asyncio.Task[None]] = set()
        async for message in socket:
            frame = json.loads(message.data)
            if "re" not in frame:
                task = asyncio.create_task(self._work(agency, socket, frame))
                working.add(task)
                task.add_done_callback(working.discard)
        pump.cancel()
        return socket

    async def _work(self, agency: str, socket: "web.WebSocketResponse[Any]", frame: dict[str, Any]) -> None:
        body = frame["body"]
        match frame["verb"]:
            case "declare":
                await self.declaring.submit({**body, "sender": agency})
                await self.integrating.submit(body)
            case "deposit":
                await self.depositing.submit(body)
                self._waiting[body["recipient"]].set()
            case "receipt":
                await self.receiving.submit(body)
                teller = self._sockets[body["sender"]]
                await _send(teller, {"id": "c", "verb": "changed", "body": {"jti": body["jti"]}})
            case other:
                raise ValueError(f"nobody asks a relay to {other}")
        await _send(socket, {"re": frame["id"], "ok": {"jti": body["jti"]}})

    async def _pump(self, agency: str, socket: "web.WebSocketResponse[Any]", waiting: asyncio.Event) -> None:
        while True:
            await waiting.wait()
            waiting.clear()
            while True:
                rows = await self._pool.fetch(_HAND_OVER, agency, _HANDOVERS)
                for row in rows:
                    body = {**row, "sealed": row["sealed"].decode()}
                    await _send(socket, {"id": "h", "verb": "handover", "body": body})
                if not rows:
                    break

    async def _declare(self, batch: Sequence[Item]) -> None:
        names = ("jti", "sender", "recipient", "kind", "clear")
        await self._pool.execute(_DECLARE, *([each[name] for each in batch] for name in names))

    async def _integrate(self, batch: Sequence[Item]) -> None:
        await self._pool.execute(_MOVE, [each["jti"] for each in batch], "permitted")

    async def _deposit(self, batch: Sequence[Item]) -> None:
        bodies = [each["sealed"].encode() for each in batch]
        await self._pool.execute(_DEPOSIT, [each["jti"] for each in batch], bodies)

    async def _receive(self, batch: Sequence[Item]) -> None:
        await self._pool.execute(_RECEIVE, [each["jti"] for each in batch])


async def _send(socket: "web.WebSocketResponse[Any]", frame: dict[str, Any]) -> None:
    await socket.send_frame(json.dumps(frame).encode(), WSMsgType.TEXT)


async def _serve(options: argparse.Namespace) -> None:
    embedded = await postgres.start(options.state)
    try:
        settings = {"application_name": "relay", "jit": "off"}
        pool = await asyncpg.create_pool(embedded.url, min_size=2, max_size=12, server_settings=settings)
        await pool.execute(_SCHEMA)
        relay, stop = Relay(pool), asyncio.Event()
        app = web.Application()
        app.router.add_get("/connection", relay.connection)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        listening = bind("127.0.0.1", 0)
        await web.SockSite(
            runner, listening, ssl_context=tls_context(options.tls_cert, options.tls_key)
        ).start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        gc.collect()
        gc.freeze()
        print(f"relay is listening on https://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await stop.wait()
        await runner.cleanup()
        await pool.close()
    finally:
        await embedded.stop()


def main() -> None:
    """Serve until SIGTERM."""
    import uvloop

    parser = argparse.ArgumentParser(prog="deploy.bench.relay")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--tls-cert", type=Path, required=True)
    parser.add_argument("--tls-key", type=Path, required=True)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options))


if __name__ == "__main__":
    main()
