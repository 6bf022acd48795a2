"""A record system that misbehaves: asks wait for a person or are honestly overdue, and nothing else waits."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from adapters.answering.automatic import answering
from adapters.answering.learn import learn
from adapters.answering.reason import FAILED, LEFT
from adapters.connectors.bounded import Bounded, BoundedLimits
from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.view import TaskState
from adapters.work import Hooks
from broker.protocol.body import ItemBody
from broker.protocol.life import State
from tests.adapters.connectors import bad_connector, json_lines
from tests.adapters.connectors.test_conformance import installed, register
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order, item_order

RULES = """\
[practitioner]
id = "records-desk"
role = "screener"
[category.health_attendances]
release = "automatic"
nil = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "It bears on the enquiry."
"""
Start = Callable[..., Awaitable[None]]


@pytest.fixture
def bad(tmp_path: Path) -> Iterator[Callable[..., Bounded]]:
    """Opens the bad connector in the manner named."""
    file = tmp_path / "bad.py"
    shutil.copy(bad_connector.__file__, file)
    file.chmod(0o600)
    opened: list[Bounded] = []

    def open_(how: str, *, seconds: float) -> Bounded:
        opened.append(Bounded(f"python:{file}:{how}", limits=BoundedLimits(find=seconds, read=seconds)))
        return opened[-1]

    yield open_
    for bounded in opened:
        bounded.close()


@pytest.fixture
async def answers_from(pair: Town, bad: Callable[..., Bounded]) -> Start:
    """Starts health anew with the bad connector and an automatic rule."""

    async def start(how: str, *, seconds: float = 2) -> None:
        await pair.halt("health")
        health = pair.folders["health"]
        (health.path / "answering.toml").write_text(RULES)
        await learn(health)
        await pair.start("health", hooks=Hooks(on_ask=answering(health, bad(how, seconds=seconds))))

    return start


@pytest.mark.parametrize(
    "how,state,why",
    [
        ("behaves", TaskState.ANSWERED, None),
        ("prints", TaskState.ANSWERED, None),
        ("million", TaskState.PREPARED, LEFT),
        ("find-hangs", TaskState.WAITING, FAILED),
        ("read-hangs", TaskState.WAITING, FAILED),
        ("dies", TaskState.WAITING, FAILED),
        ("garbage", TaskState.WAITING, FAILED),
        ("nil-of-nothing", TaskState.WAITING, FAILED),
    ],
)
async def test_the_ask_is_answered_or_waits_for_a_person_with_a_reason(
    pair: Town, answers_from: Start, how: str, state: TaskState, why: str | None
) -> None:
    await answers_from(how, seconds=20 if how == "million" else 2)
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))

    def settled() -> bool:
        found = inbox.tasks(pair.folders["health"], exchange)
        return bool(found) and (found[0].why is not None or found[0].state is TaskState.ANSWERED)

    await pair.until(settled)
    (task,) = inbox.tasks(pair.folders["health"], exchange)
    assert (task.state, task.why) == (state, why)
    if state is TaskState.WAITING:
        # A person answers in its stead.
        item = await answer(pair.folders["health"], item_order(exchange))
        assert (await pair.ended("health", item)).state is State.OPENED


async def test_what_hangs_delays_nobody_and_is_overdue_in_words(pair: Town, answers_from: Start) -> None:
    await answers_from("find-hangs", seconds=600)
    care, health = pair.folders["care"], pair.folders["health"]
    hanging = [await ask(care, ask_order(pair.clock(), due_within=120)) for _ in range(3)]
    for exchange in hanging:
        await pair.ended("care", exchange, follow.Milestone.SETTLED)
    # Meanwhile what health sends is decided, and it answers by hand.
    other = await ask(health, ask_order(pair.clock(), to="care"))
    assert (await pair.ended("health", other, follow.Milestone.DECIDED)).outcome is not None
    item = await answer(health, item_order(hanging[0]))
    assert (await pair.ended("health", item)).state is State.OPENED
    # And says of the others, before they fall due, that there is no answer yet.
    pair.clock.ahead += 110

    def said() -> bool:
        return all(
            any(
                row["act"] == "waiting" and row["done"]
                for row in health.journal.rows("acts_of_exchange", exchange=exchange)
            )
            for exchange in hanging[1:]
        )

    await pair.until(said)
    assert pair.at_work["health"].adapter.connection.connected


async def test_a_connector_written_from_the_template_answers_an_ask(pair: Town, tmp_path: Path) -> None:
    await pair.halt("health")
    care, health = pair.folders["care"], pair.folders["health"]
    (health.path / "answering.toml").write_text(RULES)
    await learn(health)
    connector = Bounded(f"python:{installed(tmp_path, json_lines)}:{register(tmp_path)}")
    try:
        await pair.start("health", hooks=Hooks(on_ask=answering(health, connector)))
        exchange = await ask(care, ask_order(pair.clock()))
        await pair.until(lambda: len(inbox.received_of(care, exchange)) == 1)
        (item,) = inbox.received_of(care, exchange)
        body = inbox.read(care, item.jti).body
        assert isinstance(body, ItemBody)
        assert [entry.what for entry in body.entries] == ["A made-up ailment."]
        assert body.searched.systems == ["Walk-in register"]
        assert inbox.tasks(health, exchange)[0].state is TaskState.ANSWERED
    finally:
        connector.close()
