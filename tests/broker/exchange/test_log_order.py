"""The log's order is the order of commits, without gaps; and a change is not starved by those it stops."""

import asyncio
from pathlib import Path

import pytest

from broker.exchange.administer import administer
from broker.exchange.declare import declare
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import Asked
from broker.protocol import act as acts
from broker.protocol.life import State
from tests.broker.exchange.administrator import administrator_key, signed
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import records
from tests.broker.exchange.statements import HeldBefore, watch_hubs, watched_by


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)


async def alone(play: Play, sent: Sent) -> int:
    """Declare in a transaction of its own; the record's index."""
    (told,) = await declare(
        play.hub, [Asked(caller=play["care"].caller, request=sent.request, at=play.clock.at)]
    )
    assert isinstance(told, Outcome)
    return told.index


async def test_a_record_that_commits_late_is_not_skipped(play: Play) -> None:
    care, health, hub = play["care"], play["health"], play.hub
    first = care.ask(health, at=play.clock.at)
    assert (await play.declare(care, first)).state is State.PROVED
    size = hub.head.size
    late, others = care.ask(health, at=play.clock.at), [care.ask(health, at=play.clock.at) for _ in range(6)]
    held = HeldBefore("COMMIT")

    async def held_back() -> int:
        with watched_by(held):
            return await alone(play, late)

    # It has taken the log's counter and written its record, and is stopped before its commit.
    waiting = asyncio.create_task(held_back())
    await held.there.wait()
    following = [asyncio.create_task(alone(play, other)) for other in others]
    while await hub.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < len(others):
        await asyncio.sleep(0.01)
    # No record can follow it into the log, and the integrator has nothing that it could take in its place.
    assert not await hub.integrator.integrate()
    assert await hub.pool.fetchval("SELECT n FROM log_head") == hub.head.size == size
    assert not any(task.done() for task in following)
    held.go.set()
    index = await waiting
    indices = await asyncio.gather(*following)
    assert index == size
    assert sorted(indices) == list(range(size + 1, size + 1 + len(others)))
    while await hub.integrator.integrate():
        pass
    assert hub.head.size == len(await records(hub))
    proofs = await hub.prover.prove([index, *indices], seen=None)
    assert proofs.keys() == {index, *indices}


async def test_a_revocation_is_not_starved_by_those_who_declare(play: Play, tmp_path: Path) -> None:
    care, health, loop = play["care"], play["health"], asyncio.get_running_loop()
    # A sealing key of the very agency that declares: its guard is share-locked by every declaration.
    key, kid = administrator_key(tmp_path / "keys"), care.sealing.public.kid
    token = signed(play.hub, key, acts.AgencyKeyRevocation, at=play.clock.at, agency="care", kid=kid)
    declared = [0] * 16
    over = asyncio.Event()

    async def load(worker: int) -> None:
        # Without a pause and each in a transaction of its own: there is always somebody with a share lock.
        while not over.is_set():
            await alone(play, care.ask(health, at=play.clock.at))
            declared[worker] += 1

    async def all_have_declared(since: list[int]) -> None:
        async with asyncio.timeout(120):
            while not all(now > then for now, then in zip(declared, since, strict=True)):
                await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as group:
        for worker in range(len(declared)):
            group.create_task(load(worker))
        await all_have_declared([0] * len(declared))
        began, before = loop.time(), sum(declared)
        index = await administer(play.hub, token, None, at=play.clock.at)
        waited, during, at_change = loop.time() - began, sum(declared) - before, list(declared)
        await all_have_declared(at_change)
        over.set()
    log = await records(play.hub)
    print(f"revocation under load: waited {waited * 1000:.0f} ms while {during} declarations were decided")
    assert log[index].record == "administration"
    # The load went on before and after it, on one log.
    assert sum(record.record == "permit" for record in log[:index]) >= len(declared)
    assert sum(record.record == "permit" for record in log[index:]) >= len(declared)
