"""Two processes with the same records before them: whose checkpoint counts is decided by compare-and-swap.

The log's beat is an hour here, so that the test integrates by its own hand.
"""

import asyncio
from pathlib import Path

import pytest

from broker.hub import open_hub
from broker.keyring import load_or_make
from broker.settings import Settings
from keys import note, tile
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import new_jti
from tests.broker.exchange.statements import HeldBefore, watch_hubs, watched_by


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)


@pytest.fixture
def settings() -> Settings:
    return Settings(cadence_ms=3_600_000, sweep_interval=3600, prove_wait=0.01)


async def test_a_checkpoint_made_late_is_dropped(
    play: Play, database_url: str, tmp_path: Path, settings: Settings
) -> None:
    care, health, late = play["care"], play["health"], play.hub
    quick = await open_hub(
        url=database_url,
        keys=load_or_make(tmp_path / "keys"),
        settings=settings,
        clock=play.clock,
        new_id=new_jti,
    )
    first = await play.declare(care, care.ask(health, at=play.clock.at))
    held = HeldBefore("swap_checkpoint")

    async def integrating() -> bool:
        with watched_by(held):
            return await late.integrator.integrate()

    # It has signed a checkpoint over what there was, and is stopped before it writes it.
    slow = asyncio.create_task(integrating())
    await held.there.wait()
    second = await play.declare(care, care.ask(health, at=play.clock.at))
    while await quick.integrator.integrate():
        pass
    held.go.set()
    assert await slow
    row = await late.pool.fetchrow("SELECT size, root, note FROM checkpoint")
    assert row is not None
    signed = note.open_checkpoint(bytes(row["note"]), late.keys.log_vkey(late.origin))
    assert (
        (signed.size, signed.root) == (row["size"], bytes(row["root"])) == (second.index + 1, quick.head.root)
    )
    # The late one reads again and has the same history; so do the stored tiles.
    while await late.integrator.integrate():
        pass
    assert (late.head.size, late.head.root) == (quick.head.size, quick.head.root)
    stored = tile.MemoryTiles()
    for each in await late.pool.fetch("SELECT level, index, hashes FROM tile"):
        stored.tiles[each["level"], each["index"]] = bytes(each["hashes"])
    assert tile.verify_tiles(late.head.size, stored) == late.head.root
    for hub in (late, quick):
        assert (await hub.prover.prove([first.index, second.index], seen=None)).keys() == {
            first.index,
            second.index,
        }
    await quick.pool.close()
