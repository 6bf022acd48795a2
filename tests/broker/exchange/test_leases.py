"""Leases: what is handed over too often or too late is not handed over again, however eager its recipient."""

from dataclasses import replace

import pytest

from broker.exchange import generation
from broker.exchange.sweep import sweep
from broker.protocol.life import State
from broker.protocol.problem import Problem
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.record_log import of_envelope


async def test_a_recipient_that_asks_at_once_when_a_lease_ends_cannot_keep_a_poison_alive(play: Play) -> None:
    care, health, settings = play["care"], play["health"], play.hub.settings
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    handed = await play.fetch(health)
    leases = [handed[0].lease_until - play.clock.at]
    while handed:
        assert len(leases) <= settings.handovers
        assert [each.envelope for each in handed] == [ask.jti]
        # The connection looks again in the very second in which the lease ends, before any sweep.
        play.clock.at = handed[0].lease_until
        handed = await play.fetch(health)
        leases += [each.lease_until - play.clock.at for each in handed]
    assert leases == [settings.lease << n for n in range(settings.handovers)]
    play.clock.at += 1
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, ask.jti)
    assert status.state is State.SET_ASIDE
    kinds = [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)]
    assert kinds == ["permit", *["handover"] * settings.handovers, "set-aside"]


async def test_what_is_no_longer_needed_is_not_handed_over_before_the_sweep_finds_it(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    play.clock.at = ask.declaration.needed_until
    await play.connect(health)
    play.clock.at += 1
    assert await play.fetch(health) == []
    await sweep(play.hub, at=play.clock.at)
    assert [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)] == ["permit", "expired"]


async def test_a_closed_connection_gives_its_leases_back_to_the_next(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (first,) = await play.fetch(health)
    assert await play.fetch(health) == []
    assert health.generation is not None
    await generation.disconnect(play.hub, "health", health.generation, at=play.clock.at)
    await play.connect(health)
    (again,) = await play.fetch(health)
    assert (again.envelope, first.generation, again.generation) == (ask.jti, 1, 2)
    assert again.body == first.body
    assert again.proof.record == first.proof.record


async def test_a_newer_connection_takes_over_the_leases_of_one_that_never_closed(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (first,) = await play.fetch(health)
    old = replace(health)
    for again in (2, 3):
        await play.connect(health)
        with pytest.raises(Problem) as refused:
            await play.fetch(old)
        assert refused.value.reason == "replaced"
        (handed,) = await play.fetch(health)
        assert (handed.envelope, handed.generation, handed.body) == (ask.jti, again, first.body)
        # Not one that ran out: the next lease is no longer than the first.
        assert handed.lease_until == first.lease_until
    # The old connection's receipt still counts, and once.
    assert (await play.act(old, old.receipt(first, at=play.clock.at))).state is State.OPENED
    await play.connect(health)
    assert await play.fetch(health) == []
