"""A proxy between hub and PostgreSQL that loses the answer to a COMMIT, or the COMMIT itself.

It reads what the hub sends closely enough to know which named statements a transaction has run, so that
exactly the transaction meant is cut: with `answered` after PostgreSQL has committed, else before it hears
of it.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.broker.exchange.statements import name_of

_SSL_REQUEST = 80877103


@dataclass
class Cut:
    """Cut the next transaction that has run `statement`, `times` in a row."""

    statement: str
    answered: bool
    times: int = 1


@dataclass
class CommitProxy:
    """Listens on a Unix socket in `folder` for the server that `upstream` names."""

    upstream: str
    folder: Path
    cut: Cut | None = None
    made: int = 0
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The database's URL through the proxy."""
        parts = urlsplit(self.upstream)
        user = parts.netloc.rpartition("@")[0]
        query = urlencode({"host": str(self.folder), "port": "5432", "sslmode": "disable"})
        return f"{parts.scheme}://{user}@{parts.path}?{query}"

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._taken, self.folder / ".s.PGSQL.5432")

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        up_reader, up_writer = await self._connect()
        link = _Link(self, up_writer)
        ways = {
            asyncio.ensure_future(link.requests(reader)),
            asyncio.ensure_future(link.answers(up_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for each in (writer, up_writer):
                each.transport.abort()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.upstream)
        query = parse_qs(parts.query)
        port = parts.port or int(query.get("port", ["5432"])[0])
        if parts.hostname:
            return await asyncio.open_connection(parts.hostname, port)
        return await asyncio.open_unix_connection(Path(query["host"][0]) / f".s.PGSQL.{port}")


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: CommitProxy, server: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._server = server
        self._names: dict[bytes, str | None] = {}
        self._run: set[str | None] = set()
        self._swallow = False

    async def answers(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Pass on what the server says until its answer is to be lost."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if self._swallow:
                    return
                client.write(data)
                await client.drain()

    async def requests(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the hub says until the COMMIT that is to be cut."""
        while True:
            head = await reader.readexactly(8)
            size, code = int.from_bytes(head[:4]), int.from_bytes(head[4:])
            self._server.write(head + await reader.readexactly(size - 8))
            if code != _SSL_REQUEST:
                break
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            if head[:1] == b"Q" and body.startswith(b"COMMIT") and (cut := self._to_cut()):
                if cut.answered:
                    self._swallow = True
                    self._server.write(head + body)
                    await asyncio.get_running_loop().create_future()
                return
            self._follow(head[:1], body)
            self._server.write(head + body)
            await self._server.drain()

    def _follow(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            statement, sql = body.split(b"\0", 2)[:2]
            self._names[statement] = name_of(sql.decode())
        elif kind == b"B":
            self._run.add(self._names.get(body.split(b"\0", 2)[1]))
        elif kind == b"Q":
            self._run.clear()

    def _to_cut(self) -> Cut | None:
        cut = self._proxy.cut
        if cut is None or cut.statement not in self._run:
            return None
        cut.times -= 1
        if cut.times == 0:
            self._proxy.cut = None
        self._proxy.made += 1
        return cut
