"""An ask rated anew: the due time moves, counted from the handover, and its source is told."""

import pytest

from broker.exchange.status import status
from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.life import State
from broker.protocol.problem import Problem
from policies.vocabulary import Rating, WithdrawReason
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent
from tests.broker.exchange.record_log import records
from tests.broker.exchange.test_life import opened_ask


def rate(play: Play, desk: Desk, ask: Sent, rating: Rating, due_within: int) -> frame.Act:
    return desk.act(acts.Rate, at=play.clock.at, exchange=ask.jti, rating=rating, due_within=due_within)


async def asked_of(play: Play, desk: Desk, ask: Sent) -> list[frame.AskedStatus]:
    return (await status(play.hub, desk.agency, frame.Status(envelopes=[ask.jti]))).asked


async def test_rating_anew_moves_the_due_time_counted_from_the_handover(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = await opened_ask(play)
    (seen,) = await asked_of(play, health, ask)
    handed_at = seen.due_at - 3_600
    assert seen.rating is Rating.AMBER
    play.clock.at = handed_at + 600
    acted = await play.act(care, rate(play, care, ask, Rating.RED, 900))
    assert (await records(play.hub))[acted.index].record == "act"
    (seen,) = await asked_of(play, health, ask)
    assert (seen.rating, seen.due_at) == (Rating.RED, handed_at + 900)
    (of_the_asker,) = await play.status(care, ask.jti)
    assert of_the_asker.due_at == handed_at + 900
    assert await asked_of(play, play["school"], ask) == []
    assert await asked_of(play, care, ask) == []
    play.clock.at = handed_at + 899
    await sweep(play.hub, at=play.clock.at)
    assert (await play.status(care, ask.jti))[0].closures == []
    play.clock.at = handed_at + 901
    await sweep(play.hub, at=play.clock.at)
    assert len((await play.status(care, ask.jti))[0].closures) == 1
    with pytest.raises(Problem) as late:
        await play.act(care, rate(play, care, ask, Rating.BLUE, 86_400))
    assert late.value.code == "wrong-state"


async def test_a_rating_before_the_handover_counts_from_it_and_none_follows_a_withdrawal(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask, other = care.ask(health, at=play.clock.at), care.ask(health, at=play.clock.at)
    for each in (other, ask):
        await play.declare(care, each)
        await play.deposit(care, each)
    await play.act(care, rate(play, care, ask, Rating.RED, 60))
    assert await asked_of(play, health, ask) == []
    play.clock.at += 300
    # Red goes first.
    assert [each.envelope for each in await play.fetch(health, limit=1)] == [ask.jti]
    (seen,) = await asked_of(play, health, ask)
    assert (seen.rating, seen.due_at) == (Rating.RED, play.clock.at + 60)
    with pytest.raises(Problem) as not_mine:
        await play.act(health, rate(play, health, ask, Rating.BLUE, 86_400))
    assert not_mine.value.code == "not-found"
    reason = WithdrawReason.NO_LONGER_NEEDED
    await play.act(care, care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=reason))
    with pytest.raises(Problem) as withdrawn:
        await play.act(care, rate(play, care, ask, Rating.BLUE, 86_400))
    assert withdrawn.value.reason == "ask-withdrawn"
    assert (await play.status(care, other.jti))[0].state is State.DEPOSITED
