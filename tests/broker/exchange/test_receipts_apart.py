"""Receipts do not wait for other agencies' acts, which are a transaction each and may wait for locks."""

import asyncio

from broker.protocol import act as acts
from broker.protocol.life import State
from policies.vocabulary import WithdrawReason
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.test_life import opened_ask


async def test_a_receipt_goes_ahead_of_an_act_that_waits(play: Play) -> None:
    care, health = play["care"], play["health"]
    other = await opened_ask(play)
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    withdrawal = care.act(
        acts.Withdraw, at=play.clock.at, exchange=other.jti, reason=WithdrawReason.NO_LONGER_NEEDED
    )
    async with play.hub.pool.acquire() as holding, holding.transaction():
        await holding.fetch("SELECT 1 FROM exchange WHERE id = $1 FOR UPDATE", other.jti)
        waiting = asyncio.ensure_future(play.act(care, withdrawal))
        while not await play.hub.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        received = await play.act(health, health.receipt(handed, at=play.clock.at))
        assert not waiting.done()
    assert received.state is State.OPENED
    await waiting
