"""An ask that its source opens only after the due time is no longer undelivered: its time begins anew, and
what comes to nothing then is closed.
"""

import asyncio

from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol.life import State
from policies.vocabulary import Category, Rating, WithdrawReason
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import records

DUE = 3_600
CATEGORY = Category.HEALTH_ATTENDANCES


async def kinds(play: Play) -> list[str]:
    return [each.record for each in await records(play.hub)]


async def opened_after_it_was_due(play: Play) -> Sent:
    """An ask that health was handed in time, and received too late."""
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at, due_within=DUE)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    await play.fetch(health)
    play.clock.at += DUE + 1
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, ask.jti)
    assert (status.state, status.undelivered) == (State.HANDED_OVER, True)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    return ask


async def test_what_was_opened_late_and_comes_to_nothing_is_closed(play: Play) -> None:
    ask = await opened_after_it_was_due(play)
    opened_at = play.clock.at
    (status,) = await play.status(play["care"], ask.jti)
    assert (status.state, status.undelivered) == (State.OPENED, False)
    assert status.due_at == opened_at + DUE
    await sweep(play.hub, at=play.clock.at)
    assert "closed" not in await kinds(play)
    play.clock.at += DUE
    await sweep(play.hub, at=play.clock.at)
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(play["care"], ask.jti)
    assert [closure.category for closure in status.closures] == [CATEGORY]
    assert not status.undelivered
    assert (await kinds(play))[-4:] == ["handover", "receipt", "silence", "closed"]


async def test_what_was_opened_late_is_rated_from_then(play: Play) -> None:
    ask = await opened_after_it_was_due(play)
    opened_at, care = play.clock.at, play["care"]
    play.clock.at += 1
    rated = care.act(acts.Rate, at=play.clock.at, exchange=ask.jti, rating=Rating.BLUE, due_within=DUE)
    await play.act(care, rated)
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, ask.jti)
    assert (status.due_at, status.closures) == (opened_at + DUE, [])
    assert "silence" not in await kinds(play)


async def test_a_receipt_of_a_withdrawn_ask_begins_nothing(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at, due_within=DUE)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    play.clock.at += DUE + 1
    await sweep(play.hub, at=play.clock.at)
    reason = WithdrawReason.NO_LONGER_NEEDED
    await play.act(care, care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=reason))
    await play.act(health, health.receipt(handed, at=play.clock.at))
    size = len(await kinds(play))
    play.clock.at += DUE
    await sweep(play.hub, at=play.clock.at)
    assert len(await kinds(play)) == size


async def test_a_receipt_that_meets_the_sweep_is_not_overlooked(play: Play) -> None:
    care, health, hub = play["care"], play["health"], play.hub
    ask = care.ask(health, at=play.clock.at, due_within=DUE)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    play.clock.at += DUE + 1
    # As the sweep's transaction does: it locks the exchange, reads that the ask is unopened, and says so.
    async with hub.pool.acquire() as sweeping, sweeping.transaction():
        await sweeping.fetch("SELECT 1 FROM exchange WHERE id = $1 FOR UPDATE", ask.jti)
        receiving = asyncio.ensure_future(play.act(health, health.receipt(handed, at=play.clock.at)))
        async with asyncio.timeout(20):
            while not await hub.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.02)
        await sweeping.execute(
            "UPDATE exchange SET closed_at = $2, undelivered = true WHERE id = $1", ask.jti, play.clock.at
        )
    await receiving
    (status,) = await play.status(care, ask.jti)
    assert (status.state, status.undelivered) == (State.OPENED, False)
    assert await hub.pool.fetchval("SELECT closed_at FROM exchange WHERE id = $1", ask.jti) is None
