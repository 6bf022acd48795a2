"""However a category comes to nothing, the asker is told the same, hears the same, and the log grows as
much.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from broker.exchange.sweep import sweep
from broker.exchange.wake import Subscription
from broker.protocol import act as acts
from broker.protocol.frame import CLOSURE_SENTENCE
from broker.protocol.life import State
from policies.vocabulary import Category, Outcome, Rating
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent, preset
from tests.broker.exchange.record_log import records

INCIDENTS: Final = Category.POLICE_INCIDENTS

Answer = Callable[[Play, Sent], Awaitable[None]]


async def _acts(play: Play, model: Any, ask: Sent, **fields: Any) -> None:
    police = play["police"]
    request = police.act(model, at=play.clock.at, exchange=ask.jti, category=INCIDENTS, **fields)
    await play.act(police, request)


async def _declares(play: Play, ask: Sent, outcome: Outcome, **fields: Any) -> None:
    item = play["police"].item(play["care"], ask, at=play.clock.at, category=INCIDENTS, **fields)
    assert (await play.declare(play["police"], item)).outcome is outcome


async def nil(play: Play, ask: Sent) -> None:
    await _acts(play, acts.Nil, ask)


async def decline(play: Play, ask: Sent) -> None:
    await _acts(play, acts.Decline, ask, reason="A" * 43)


async def waiting(play: Play, ask: Sent) -> None:
    await _acts(play, acts.Waiting, ask)


async def refused(play: Play, ask: Sent) -> None:
    grounds = replace(preset("s47-answering-police"), article9=None)
    await _declares(play, ask, Outcome.REFUSE, rating=Rating.RED, grounds=grounds)


async def held(play: Play, ask: Sent) -> None:
    # No agreement covers the police; in no immediate danger that holds.
    await _declares(play, ask, Outcome.HOLD, rating=Rating.AMBER)


async def permitted(play: Play, ask: Sent) -> None:
    await _declares(play, ask, Outcome.ALLOW, rating=Rating.RED)


async def silent(play: Play, ask: Sent) -> None:
    pass


def heard(ear: Subscription) -> list[tuple[str, tuple[str, ...]]]:
    """What the asker's connection was told meanwhile."""
    events = []
    while not ear.queue.empty():
        event = ear.queue.get_nowait()
        events.append((event.kind, event.envelopes))
    return events


async def test_each_way_of_nothing_looks_the_same_to_the_asker(play: Play) -> None:
    care, police, hub = play["care"], play["police"], play.hub
    seen: dict[str, tuple[str, str, str, int]] = {}
    for how in (nil, decline, waiting, refused, held, silent, permitted):
        start = play.clock.at
        ask = care.ask(police, at=start, categories=(INCIDENTS,), rating=Rating.RED, due_within=1_800)
        assert (await play.declare(care, ask)).outcome is Outcome.ALLOW
        await play.deposit(care, ask)
        (handed,) = [each for each in await play.fetch(police) if each.envelope == ask.jti]
        await play.act(police, police.receipt(handed, at=start))
        size = len(await records(hub))
        # Notifications of what came before may still be on their way round.
        await asyncio.sleep(0.1)
        ear = hub.wake.subscribe("care")
        await how(play, ask)
        (before,) = await play.status(care, ask.jti)
        play.clock.at += 1_801
        await sweep(hub, at=play.clock.at)
        (after,) = await play.status(care, ask.jti)
        await asyncio.sleep(0.1)

        def plain(value: Any, start: int = start, ask: Sent = ask, index: int = before.index) -> str:
            # Ids and times by what they stand for.
            text = value if isinstance(value, str) else value.dump().decode()
            for name, part in {"the ask": ask.jti, "its index": f'"index":{index}'}.items():
                text = text.replace(part, name)
            for seconds in (0, 1_800, 1_801, 3_600, 86_400):
                text = text.replace(str(start + seconds), f"start + {seconds}")
            return text

        grown = len(await records(hub)) - size
        seen[how.__name__] = (
            plain(before),
            plain(after),
            plain(json.dumps(sorted(set(heard(ear))))),
            grown,
        )
        hub.wake.unsubscribe(ear)
        assert not before.closures
        (closure,) = after.closures
        assert (closure.category, closure.sentence) == (INCIDENTS, CLOSURE_SENTENCE)
        assert not after.undelivered
    assert len(set(seen.values())) == 1, seen
    assert {grown for *_, grown in seen.values()} == {2}


@pytest.mark.parametrize("how", [nil, decline, waiting, refused, held, permitted])
async def test_nothing_is_heard_of_an_answer_before_its_time(play: Play, how: Answer) -> None:
    care, police, hub = play["care"], play["police"], play.hub
    ask = care.ask(police, at=play.clock.at, categories=(INCIDENTS,), rating=Rating.RED)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(police)
    await play.act(police, police.receipt(handed, at=play.clock.at))
    (before,) = await play.status(care, ask.jti)
    assert before.state is State.OPENED
    await asyncio.sleep(0.1)
    ear = hub.wake.subscribe("care")
    await how(play, ask)
    await sweep(hub, at=play.clock.at)
    await asyncio.sleep(0.1)
    (after,) = await play.status(care, ask.jti)
    assert after == before
    assert heard(ear) == []
    assert await play.fetch(care) == []
