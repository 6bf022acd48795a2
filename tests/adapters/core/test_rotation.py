"""A key set is rotated by the running adapter before it runs out, once; one that has run out is said."""

from pathlib import Path

from adapters.agency import Settings
from adapters.desk import follow, keys
from adapters.desk.ask import ask
from adapters.desk.attention import attention
from adapters.keyring import Keyring
from adapters.run import Adapter
from broker.protocol.life import State
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER, ask_order

DAY = 86_400


def codes(town: Town, name: str) -> list[str]:
    return [matter.code for matter in attention(town.folders[name])]


async def test_a_running_adapter_rotates_before_the_end_and_goes_on(pair: Town) -> None:
    health = pair.folders["health"]
    state = keys.key_set_state(health)
    assert state.expires - state.rotates_from == 60 * DAY
    pair.clock.ahead += 339 * DAY
    assert codes(pair, "health") == []
    pair.clock.ahead += 2 * DAY
    assert codes(pair, "health") == ["keys-end-soon"]
    await pair.until(lambda: len(health.keyring.sets) == 2)
    await pair.until(lambda: len(pair.folders["care"].keyring.sets) == 2)
    assert codes(pair, "health") == []
    # Past the end of the first key set everything goes on, and nothing is rotated twice.
    pair.clock.ahead += 100 * DAY
    await pair.until(lambda: len(pair.folders["care"].directory.get("health").sets) == 2)
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED
    assert len(health.keyring.sets) == 2


async def test_a_rotation_that_was_cut_off_is_finished_and_not_begun_again(town: Town) -> None:
    health = await town.enrol("health")
    settings = health.settings
    pending = health.keyring.prepare_rotation(
        at=town.clock(), days=settings.key_set_days, overlap=settings.overlap_seconds
    )
    town.clock.ahead += 350 * DAY
    await town.start("health")
    await town.until(lambda: len(health.keyring.sets) == 2)
    assert health.keyring.sets[-1] == pending


async def test_one_that_waits_for_the_hub_is_not_queued_again(town: Town) -> None:
    health = await town.enrol("health")
    rotation = Adapter(health).rotation
    await keys.rotate_keys(health, practitioner=WORKER)
    town.clock.ahead += 350 * DAY
    for _ in range(3):
        await rotation.look()
        town.clock.ahead += 3_601
    assert len(health.journal.rows("acts_after", seq=-1)) == 1
    # The hub refuses what was signed so long ago; then another is made, and that one once.
    (row,) = health.journal.rows("acts_after", seq=-1)
    health.keyring.give_up()
    await health.journal.run("set_acted", jti=row["jti"], answer=None, problem=None)
    for _ in range(3):
        await rotation.look()
    assert len(health.journal.rows("acts_after", seq=-1)) == 1


async def test_keys_that_ran_out_are_said(town: Town) -> None:
    health = await town.enrol("health", rotate_days=0)
    assert keys.key_set_state(health).rotates_from == keys.key_set_state(health).expires
    town.clock.ahead += 400 * DAY
    assert codes(town, "health") == ["keys-ran-out"]
    assert "enrol --again" in attention(health)[0].message


def test_a_short_key_set_is_not_rotated_as_soon_as_it_is_made(tmp_path: Path) -> None:
    settings = Settings(key_set_days=20)
    made = Keyring.create(tmp_path / "k", "care", at=0, days=settings.key_set_days).current
    assert keys.rotates_from(made, settings) == 15 * DAY
