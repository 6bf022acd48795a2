"""What a hub makes of an envelope that was leased, lapsed and answered twice differently; of a subject said
to be another; and of a source that answers twice.
"""

import pytest

from broker.exchange.sweep import sweep
from broker.protocol import frame
from broker.protocol.act import ReceiptOutcome
from broker.protocol.life import State
from broker.protocol.problem import Problem
from policies.vocabulary import Category
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import records
from tests.broker.exchange.test_life import opened_ask

LEASE = 40


async def leased_twice(play: Play) -> tuple[Sent, frame.Handover, frame.Handover]:
    """An ask handed over, its lease run out, handed over again."""
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (first,) = await play.fetch(health)
    play.clock.at += LEASE
    (second,) = await play.fetch(health)
    assert (first.generation, second.generation) == (1, 2)
    assert (first.body, first.declaration) == (second.body, second.declaration)
    return ask, first, second


async def state(play: Play, desk: str, sent: Sent) -> State:
    (found,) = await play.status(play[desk], sent.jti)
    return found.state


async def receipts(play: Play, sent: Sent) -> list[ReceiptOutcome]:
    log = await records(play.hub)
    return [each.outcome for each in log if each.record == "receipt" and each.envelope == sent.jti]


@pytest.mark.parametrize(
    "later", [ReceiptOutcome.SET_ASIDE, ReceiptOutcome.CANNOT_OPEN, ReceiptOutcome.SUBJECT_MISMATCH]
)
async def test_opened_stays_opened_whatever_is_said_of_a_later_handover(
    play: Play, later: ReceiptOutcome
) -> None:
    ask, first, second = await leased_twice(play)
    health = play["health"]
    await play.act(health, health.receipt(first, at=play.clock.at))
    with pytest.raises(Problem) as refused:
        await play.act(health, health.receipt(second, at=play.clock.at, outcome=later))
    assert refused.value.code == "wrong-state"
    assert await state(play, "care", ask) is State.OPENED
    assert await receipts(play, ask) == [ReceiptOutcome.OPENED]


async def test_an_opening_counts_though_the_envelope_was_set_aside_before(play: Play) -> None:
    ask, first, second = await leased_twice(play)
    health = play["health"]
    await play.act(health, health.receipt(first, at=play.clock.at, outcome=ReceiptOutcome.SET_ASIDE))
    assert await state(play, "care", ask) is State.SET_ASIDE
    await play.act(health, health.receipt(second, at=play.clock.at))
    assert await state(play, "care", ask) is State.OPENED
    assert await receipts(play, ask) == [ReceiptOutcome.SET_ASIDE, ReceiptOutcome.OPENED]


async def test_what_could_not_be_opened_is_not_opened_afterwards(play: Play) -> None:
    ask, first, second = await leased_twice(play)
    health = play["health"]
    await play.act(health, health.receipt(first, at=play.clock.at, outcome=ReceiptOutcome.CANNOT_OPEN))
    with pytest.raises(Problem) as refused:
        await play.act(health, health.receipt(second, at=play.clock.at))
    assert refused.value.code == "wrong-state"
    assert await state(play, "care", ask) is State.CANNOT_OPEN


async def test_two_answers_after_two_handovers_are_one_answer(play: Play) -> None:
    """The source took the ask twice, as two who do not know of each other, and answers it differently."""
    ask, first, _ = await leased_twice(play)
    care, health = play["care"], play["health"]
    await play.act(health, health.receipt(first, at=play.clock.at))
    one, other = (health.item(care, ask, at=play.clock.at, words=words) for words in ("this", "that"))
    await play.declare(health, one)
    with pytest.raises(Problem) as refused:
        await play.declare(health, other)
    assert refused.value.code == "already-answered"
    await play.deposit(health, one)
    (handed,) = await play.fetch(care)
    await play.act(care, care.receipt(handed, at=play.clock.at))
    assert handed.envelope == one.jti
    assert [each.envelope for each in await records(play.hub) if each.record == "permit"][-1] == one.jti


async def test_of_a_mislabelled_subject_the_answer_is_free_again_and_the_asker_is_told_no_more(
    play: Play,
) -> None:
    care, health = play["care"], play["health"]
    ask = await opened_ask(play)
    item = health.item(care, ask, at=play.clock.at, category=Category.HEALTH_ATTENDANCES)
    await play.declare(health, item)
    await play.deposit(health, item)
    (handed,) = await play.fetch(care)
    await play.act(care, care.receipt(handed, at=play.clock.at, outcome=ReceiptOutcome.SUBJECT_MISMATCH))
    assert await state(play, "health", item) is State.SET_ASIDE
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 0
    again = health.item(care, ask, at=play.clock.at)
    await play.declare(health, again)
    await play.deposit(health, again)
    (handed,) = await play.fetch(care)
    await play.act(care, care.receipt(handed, at=play.clock.at))
    play.clock.at += 3_601
    await sweep(play.hub, at=play.clock.at)
    assert (await play.status(care, ask.jti))[0].closures == []
