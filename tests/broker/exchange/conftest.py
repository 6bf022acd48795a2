"""A running hub on a database of its own, a clock the test moves, and four desks."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from broker.exchange import generation, verbs
from broker.exchange.hand_over import hand_over
from broker.hub import Hub, open_hub, running
from broker.keyring import load_or_make
from broker.protocol import frame
from broker.protocol.frame import Verb
from broker.settings import Settings
from policies.vocabulary import Category, Purpose, Sector
from tests.broker.exchange.desk import Desk, Sent, new_jti

START = 1_790_000_000


@dataclass
class Clock:
    """The hub's clock, in the test's hand."""

    at: int = START

    def __call__(self) -> int:
        return self.at


@dataclass
class Play:
    """The hub and the desks, with the usual steps as one call each."""

    hub: Hub
    clock: Clock
    desks: dict[str, Desk] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Desk:
        return self.desks[name]

    async def declare(self, desk: Desk, sent: Sent) -> frame.Declared:
        answered = await verbs.answer(
            self.hub, Verb.DECLARE, desk.caller, sent.request, at=self.clock.at, seen=None
        )
        assert isinstance(answered, frame.Declared)
        return answered

    async def prove(self, desk: Desk, sent: Sent) -> frame.Proof | None:
        answered = await verbs.answer(
            self.hub, Verb.PROVE, desk.caller, frame.Prove(envelope=sent.jti), at=self.clock.at, seen=None
        )
        assert isinstance(answered, frame.Declared)
        return answered.proof

    async def deposit(self, desk: Desk, sent: Sent) -> frame.Deposited:
        answered = await verbs.answer(
            self.hub,
            Verb.DEPOSIT,
            desk.caller,
            frame.Deposit(envelope=sent.jti, body=sent.sealed),
            at=self.clock.at,
            seen=None,
        )
        assert isinstance(answered, frame.Deposited)
        return answered

    async def act(self, desk: Desk, request: frame.Act) -> frame.Acted:
        answered = await verbs.answer(self.hub, Verb.ACT, desk.caller, request, at=self.clock.at, seen=None)
        assert isinstance(answered, frame.Acted)
        return answered

    async def connect(self, desk: Desk) -> None:
        desk.generation = await generation.connect(
            self.hub, desk.agency, kid=desk.caller.kid, at=self.clock.at
        )

    async def fetch(self, desk: Desk, limit: int = 16) -> list[frame.Handover]:
        if desk.generation is None:
            await self.connect(desk)
        return await hand_over(self.hub, desk.caller, limit=limit, at=self.clock.at, seen=None)

    async def status(self, desk: Desk, *envelopes: str) -> list[frame.EnvelopeStatus]:
        answered = await verbs.answer(
            self.hub,
            Verb.STATUS,
            desk.caller,
            frame.Status(envelopes=list(envelopes)),
            at=self.clock.at,
            seen=None,
        )
        assert isinstance(answered, frame.Statuses)
        return answered.envelopes

    async def sign_agreement(self, *agencies: str) -> None:
        """An agreement between these desks for everything, straight into the store, its guard moved."""
        document = {
            "id": new_jti(),
            "controllers": [self[name].controller.id for name in agencies],
            "purposes": [p.value for p in Purpose],
            "categories": [c.value for c in Category],
            "starts": "2020-01-01T00:00:00Z",
            "ends": None,
            "version": 1,
        }
        async with self.hub.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE guard IN EXCLUSIVE MODE")
            await connection.execute(
                "INSERT INTO agreement VALUES ($1, $2::jsonb)", document["id"], json.dumps(document)
            )
            await connection.execute("UPDATE guard SET version = version + 1 WHERE kind = 'agreement'")
        self.hub.wake.held.set()


@pytest.fixture
def settings() -> Settings:
    return Settings(cadence_ms=2, sweep_interval=3600)


@pytest.fixture
async def play(database_url: str, tmp_path: Path, settings: Settings) -> AsyncIterator[Play]:
    """A hub with social care, health, police and a school enrolled, all covered by one agreement but the
    police.
    """
    clock = Clock()
    hub = await open_hub(
        url=database_url, keys=load_or_make(tmp_path / "keys"), settings=settings, clock=clock, new_id=new_jti
    )
    async with running(hub):
        play = Play(hub, clock)
        for name, sector in (
            ("care", Sector.SOCIAL_CARE),
            ("health", Sector.HEALTH),
            ("police", Sector.POLICE),
            ("school", Sector.EDUCATION),
        ):
            play.desks[name] = Desk(hub, name, sector)
            await play.desks[name].enrol(clock.at)
        await play.sign_agreement("care", "health", "school")
        yield play
