"""A hub behind a real socket and real adapters beside it, each with a state folder of its own."""

import asyncio
import contextlib
import hashlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.agency import Settings as AdapterSettings
from adapters.clock import Clock
from adapters.desk import follow, keys
from adapters.desk.enrol import enrol
from adapters.epoch import subject_key
from adapters.folder import Folder, open_folder
from adapters.run import Adapter
from adapters.step import Observer, unobserved
from adapters.view import Sent
from adapters.work import Hooks
from broker.clock import Edge
from broker.exchange.administer import administer
from broker.http.app import application
from broker.http.limits import Limits
from broker.http.origin import origins_of
from broker.http.server import bind, serving
from broker.hub import Hub, open_hub, running
from broker.keyring import load_or_make
from broker.protocol import act as acts
from broker.settings import Settings
from keys import base64url, jws
from keys.signing import SigningKey
from policies.agreement import Agreement
from policies.party import ControllerFacts
from policies.vocabulary import Category, Purpose, Sector

SECTORS = {
    "care": Sector.SOCIAL_CARE,
    "health": Sector.HEALTH,
    "school": Sector.EDUCATION,
    "police": Sector.POLICE,
}
FACTS: dict[Sector, dict[str, Any]] = {
    Sector.SOCIAL_CARE: {"local_authority": True},
    Sector.HEALTH: {"nhs_body": True},
    Sector.EDUCATION: {"school": True},
    Sector.POLICE: {"police_force": True},
}


@dataclass
class Time:
    """The machine's clock, and as many seconds more as a test says."""

    ahead: int = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Running:
    """An adapter at work in this loop."""

    adapter: Adapter
    stop: asyncio.Event
    task: "asyncio.Task[None]"


@dataclass
class Town:
    """The hub, its administrator, and the agencies that came."""

    hub: Hub
    url: str
    clock: Time
    administrator: SigningKey
    app: web.Application
    root: Path
    poll: int | None = None
    """How adapters here reach the hub: None by a connection, else by polls."""
    folders: dict[str, Folder] = field(default_factory=dict)
    at_work: dict[str, Running] = field(default_factory=dict)

    @property
    def adapter_clock(self) -> Clock:
        """What adapters in this process read."""
        return Clock(
            now=self.clock, new_id=lambda: str(uuid.uuid4()), draw=secrets.token_bytes, jitter=lambda: 0.0
        )

    async def order(self, model: type[Any], **members: Any) -> int:
        """Have an administrator's act done."""
        at = self.clock()
        act = model(
            jti=str(uuid.uuid4()), iat=at, exp=at + 300, hub=self.hub.hub_id, iss="administrator", **members
        )
        token = jws.sign(act.model_dump_json().encode(), self.administrator, acts.typ_of(model))
        return await administer(self.hub, token, None, at=at)

    async def invite(self, name: str, *, sector: Sector | None = None) -> str:
        """A single-use code."""
        sector = sector or SECTORS[name]
        code = "TESTS-" + secrets.token_hex(8).upper()
        await self.order(
            acts.AgencyAddition,
            agency=name,
            name=f"{name} (invented)",
            sector=sector,
            controllers=[
                ControllerFacts(
                    id=f"{name}-body", name=f"{name} (invented)", public_authority=True, **FACTS[sector]
                )
            ],
            duty_contact=f"duty desk of {name}, 01632 960000",
            code_digest=base64url.encode(hashlib.sha256(code.encode()).digest()),
            code_expires=self.clock() + 3_600,
        )
        return code

    async def enrol(self, name: str, **settings: Any) -> Folder:
        """An enrolled agency's state folder, open."""
        state = self.root / name
        await enrol(
            state,
            hub_url=self.url,
            agency=name,
            code=await self.invite(name),
            clock=self.adapter_clock,
            settings=AdapterSettings(watch_ms=20, follow_seconds=1, **settings),
        )
        return self.open(name)

    async def invite_again(self, name: str) -> str:
        """Another single-use code for an agency that is known."""
        code = "AGAIN-" + secrets.token_hex(8).upper()
        digest = base64url.encode(hashlib.sha256(code.encode()).digest())
        expires = self.clock() + 3_600
        await self.order(acts.AgencyInvitation, agency=name, code_digest=digest, code_expires=expires)
        return code

    async def enrol_again(self, name: str, *, code: str | None = None) -> Folder:
        """The agency with a new identity in the folder it has; its adapter must not run."""
        if name in self.folders:
            self.close(name)
        await enrol(
            self.root / name,
            hub_url=self.url,
            agency=name,
            code=code or await self.invite_again(name),
            again=True,
            clock=self.adapter_clock,
        )
        return self.open(name)

    async def lose_keys(self, name: str) -> Folder:
        """The agency with a new identity in an empty folder: the one before is lost."""
        self.close(name)
        (self.root / name).rename(self.root / f"{name}-lost")
        await enrol(
            self.root / name,
            hub_url=self.url,
            agency=name,
            code=await self.invite_again(name),
            clock=self.adapter_clock,
            settings=AdapterSettings(watch_ms=20, follow_seconds=1),
        )
        return self.open(name)

    def open(self, name: str) -> Folder:
        """Open a state folder, again after `close`."""
        folder = self.folders[name] = open_folder(self.root / name, clock=self.adapter_clock)
        return folder

    def close(self, name: str) -> None:
        """Close a folder."""
        self.folders.pop(name).close()

    async def start(
        self, name: str, *, hooks: Hooks | None = None, observe: Observer = unobserved
    ) -> Adapter:
        """Run an agency's adapter."""
        adapter, stop = (
            Adapter(self.folders[name], hooks=hooks, observe=observe, poll=self.poll),
            asyncio.Event(),
        )
        task = asyncio.ensure_future(adapter.run(stop))
        self.at_work[name] = Running(adapter, stop, task)
        await self.until(lambda: adapter.connection.connected)
        return adapter

    async def halt(self, name: str) -> None:
        """Stop an agency's adapter cleanly."""
        running = self.at_work.pop(name)
        running.stop.set()
        await running.task

    async def settle_agreement(self, *names: str) -> None:
        """An agreement between these agencies' bodies, for everything."""
        await self.order(
            acts.AgreementSigning,
            agreement=Agreement(
                id=f"agreement-{secrets.token_hex(4)}",
                controllers=tuple(f"{name}-body" for name in names),
                purposes=tuple(Purpose),
                categories=tuple(Category),
                starts=_datetime(self.clock() - 86_400),
                ends=None,
                version=1,
            ),
        )

    async def introduce(self, *names: str) -> None:
        """Everyone has everyone else's fingerprint confirmed, and K_A."""
        for name in names:
            others = [other for other in names if other != name]
            await self.until(
                lambda n=name, o=others: set(o) <= {p.agency for p in keys.peers(self.folders[n])}
            )
            for other in others:
                await keys.confirm(self.folders[name], other, keys.fingerprint(self.folders[other]))
        for name in names:
            await self.until(lambda n=name: has_subject_key(self.folders[n]))

    async def until(
        self, holds: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within: float = 60
    ) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within):
            while True:
                found = holds()
                if (await found) if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(0.02)

    async def ended(self, name: str, jti: str, milestone: follow.Milestone = follow.Milestone.ENDED) -> Sent:
        """An envelope once it has got that far."""
        folder = self.folders[name]
        found = await follow.wait_for(folder, jti, milestone, within=60)
        assert follow.reached(found, milestone), found
        return found


def has_subject_key(folder: Folder) -> bool:
    """Whether K_A of the open epoch is there."""
    return subject_key(folder).key is not None


def _datetime(at: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC)


@pytest.fixture
def hub_settings() -> Settings:
    """The hub's settings; a module may have others."""
    return replace(Settings(), cadence_ms=2, sweep_interval=0.2, lease=2)


@pytest.fixture
def limits() -> Limits:
    """The limits of the hub's surface; a module may have others."""
    return Limits(poll=0.5, finish=1.0)


@pytest.fixture
def poll() -> int | None:
    """How adapters reach the hub; a module that tests every way has others."""
    return None


@pytest.fixture
async def town(
    database_url: str, tmp_path: Path, hub_settings: Settings, limits: Limits, poll: int | None
) -> AsyncIterator[Town]:
    """A served hub and nobody enrolled."""
    clock = Time()
    hub_keys = tmp_path / "hub-keys"
    hub = await open_hub(
        url=database_url,
        keys=load_or_make(hub_keys),
        settings=hub_settings,
        clock=clock,
        new_id=lambda: str(uuid.uuid4()),
    )
    listening = bind("127.0.0.1", 0)
    origins = origins_of(scheme="http", host="127.0.0.1", port=listening.getsockname()[1], public=None)
    edge = Edge(now=clock, new_id=lambda: str(uuid.uuid4()), nonce=lambda: secrets.token_bytes(32))
    app = application(hub, edge=edge, origins=origins, limits=limits)
    administrator = SigningKey.from_seed((hub_keys / "administrator").read_bytes())
    async with running(hub), serving(app, listening, tls=None):
        town = Town(hub, origins.public, clock, administrator, app, tmp_path / "agencies", poll)
        try:
            yield town
        finally:
            for name in list(town.at_work):
                with contextlib.suppress(Exception):
                    await town.halt(name)
            for name in list(town.folders):
                town.close(name)


@pytest.fixture
async def pair(town: Town) -> Town:
    """Social care and health: enrolled, running, confirmed to each other, under an agreement."""
    for name in ("care", "health"):
        await town.enrol(name)
        await town.start(name)
    await town.settle_agreement("care", "health")
    await town.introduce("care", "health")
    return town
