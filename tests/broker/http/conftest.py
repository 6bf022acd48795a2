"""A hub on a database of its own behind a real socket, and peers that enrol with it over HTTP."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from broker.clock import SYSTEM, Edge
from broker.http.app import application
from broker.http.limits import Limits
from broker.http.origin import origins_of
from broker.http.server import bind, serving
from broker.http.surface import SURFACE, Surface
from broker.hub import Hub, open_hub, running
from broker.keyring import load_or_make
from broker.settings import Settings
from keys import jws, strict_json
from keys.signing import SigningKey
from policies.vocabulary import Sector
from tests.broker.exchange.conftest import Clock
from tests.broker.exchange.desk import Desk, new_jti
from tests.broker.http.peer import CODE, Answer, Peer, addition


@dataclass
class House:
    """A served hub, its clock, its administrator, and whoever came to it."""

    hub: Hub
    surface: Surface
    url: str
    clock: Clock
    administrator: SigningKey
    session: aiohttp.ClientSession
    app: web.Application
    peers: dict[str, Peer] = field(default_factory=dict)

    async def send(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        *,
        media_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A request by nobody in particular."""
        sent = {"Content-Type": media_type, **(headers or {})}
        body = None if data is None else io.BytesIO(data)
        async with self.session.request(method, self.url + path, data=body, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())

    async def administer(self, token: str) -> Answer:
        """Give the hub an administrator's act."""
        return await self.send("POST", "/v1/administration", strict_json.dump({"act": token}))

    async def order(self, act: type[Any], **fields: object) -> int:
        """Sign an administrator's act and have it done."""
        from broker.protocol.act import typ_of

        at = self.clock()
        made = act(jti=new_jti(), iat=at, exp=at + 300, hub=self.hub.hub_id, iss="administrator", **fields)
        answer = await self.administer(
            jws.sign(made.model_dump_json().encode(), self.administrator, typ_of(act))
        )
        assert answer.status == 200, answer.data
        return int(answer.body["index"])

    async def invite(
        self, name: str, sector: Sector = Sector.SOCIAL_CARE, *, code: str = CODE, ttl: int = 3600
    ) -> Peer:
        """A peer that has been invited."""
        desk = Desk(self.hub, name, sector)
        answer = await self.administer(
            addition(desk, self.administrator, at=self.clock(), code=code, ttl=ttl)
        )
        assert answer.status == 200, answer.data
        peer = self.peers[name] = Peer(desk, self.url, self.session, self.clock, code=code)
        return peer

    async def surface_quiet(self, agency: str) -> None:
        """Wait until no connection of this agency is live, as the store has it."""
        async with asyncio.timeout(20):
            while await self.hub.pool.fetchval("SELECT live FROM connection WHERE agency = $1", agency):
                await asyncio.sleep(0.05)

    async def welcome(self, name: str, sector: Sector = Sector.SOCIAL_CARE) -> Peer:
        """A peer that is enrolled and has an access token."""
        peer = await self.invite(name, sector)
        await peer.enrol()
        await peer.authenticate()
        return peer


@pytest.fixture
def limits() -> Limits:
    """The surface's limits; a test module may have others."""
    return Limits(poll=0.5, finish=1.0)


@pytest.fixture
def send_buffer() -> int | None:
    """Bytes the kernel keeps for a client that does not read; None as the machine has it."""
    return None


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, limits: Limits, send_buffer: int | None
) -> AsyncIterator[House]:
    """A served hub."""
    clock = Clock()
    hub = await open_hub(
        url=database_url,
        keys=load_or_make(tmp_path / "keys"),
        settings=Settings(cadence_ms=2),
        clock=clock,
        new_id=new_jti,
    )
    listening = bind("127.0.0.1", 0)
    if send_buffer is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    port = listening.getsockname()[1]
    origins = origins_of(scheme="http", host="127.0.0.1", port=port, public=None)
    app = application(
        hub, edge=Edge(now=clock, new_id=new_jti, nonce=SYSTEM.nonce), origins=origins, limits=limits
    )
    administrator = SigningKey.from_seed((tmp_path / "keys" / "administrator").read_bytes())
    async with running(hub), serving(app, listening, tls=None), aiohttp.ClientSession() as session:
        house = House(hub, app[SURFACE], origins.public, clock, administrator, session, app)
        yield house
        for peer in house.peers.values():
            for line in peer.lines:
                await line.end()
