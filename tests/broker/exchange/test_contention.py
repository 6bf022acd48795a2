"""Verbs that meet on the same envelope or exchange: wherever one overtakes the other neither waits for the
other for ever, and what each was told is what the log and the store say.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from broker.exchange.act import act
from broker.exchange.acting import Acting
from broker.exchange.declare import declare
from broker.exchange.generation import disconnect
from broker.exchange.hand_over import hand_over
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import Asked
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.store.transaction import Connection
from policies.vocabulary import Category, RecallReason, WithdrawReason
from tests.broker.exchange.administrator import administrator_key
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent
from tests.broker.exchange.orders import Orders, Ran
from tests.broker.exchange.orders_case import Case, Cases
from tests.broker.exchange.record_log import of_envelope
from tests.broker.exchange.statements import watch_hubs

Works = dict[str, Callable[[], Awaitable[Any]]]

APART: Final = frozenset({"read_key", "candidates", "read_asks", "read_ask"})


@pytest.fixture(autouse=True)
async def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)
    # A loop under debug keeps the stack of every callback: half the time of so many statements.
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def cases(play: Play, tmp_path: Path) -> Cases:
    return Cases(play, administrator_key(tmp_path / "keys"))


@pytest.fixture
async def locks(database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def acting(case: Case, by: Desk, *requests: frame.Act) -> Callable[[], Awaitable[Any]]:
    """Take these acts in one transaction, not through the batcher."""
    return lambda: act(
        case.play.hub, [Acting(caller=by.caller, request=each, at=case.at) for each in requests]
    )


def handing(case: Case, to: Desk) -> Callable[[], Awaitable[Any]]:
    return lambda: hand_over(case.play.hub, to.caller, limit=8, at=case.at, seen=None)


def withdrawing(case: Case, ask: Sent) -> Callable[[], Awaitable[Any]]:
    request = case.care.act(
        acts.Withdraw, at=case.at, exchange=ask.jti, reason=WithdrawReason.NO_LONGER_NEEDED
    )
    return acting(case, case.care, request)


async def opened(case: Case) -> Sent:
    """A s.47 ask that health has opened."""
    case.ask()
    await case.deposited()
    for handed in await case.play.fetch(case.health):
        await case.play.act(case.health, case.health.receipt(handed, at=case.at))
    return case.resting


async def all_orders(
    locks: Connection, make: Callable[[], Awaitable[Works]], judge: Callable[[Ran], Awaitable[str]]
) -> set[str]:
    """Run every order; none may end in anything but an answer. Gives what `judge` made of them."""

    async def making() -> Works:
        return await make()

    seen, ran = set(), 0
    async for order in Orders(locks, APART, making, switches=1):
        for result in order.results.values():
            if isinstance(result, Exception) and not isinstance(result, Problem):
                raise AssertionError(f"{order.order} ended in {result!r}") from result
        seen.add(await judge(order))
        ran += 1
    print(f"{ran} orders: {sorted(seen)}")
    return seen


async def test_an_ask_withdrawn_while_it_is_handed_over(cases: Cases, locks: Connection) -> None:
    made: list[Case] = []

    async def make() -> Works:
        case = await cases.make()
        case.ask()
        await case.deposited()
        made.append(case)
        return {"handover": handing(case, case.health), "withdraw": withdrawing(case, case.resting)}

    async def judge(order: Ran) -> str:
        case = made[-1]
        log = await of_envelope(case.play.hub, case.resting.jti, case.since)
        kinds = [kind for _, kind, _ in log]
        handed = bool(order.results["handover"])
        assert kinds == ["permit", *(["handover"] if handed else []), "recalled"]
        assert log[-1][2].may_have_been_received is handed
        return " ".join(kinds)

    assert len(await all_orders(locks, make, judge)) == 2


async def test_an_ask_recalled_while_it_is_handed_over(cases: Cases, locks: Connection) -> None:
    made: list[Case] = []

    async def make() -> Works:
        case = await cases.make()
        case.ask()
        await case.deposited()
        made.append(case)
        recall = case.care.act(
            acts.Recall, at=case.at, envelope=case.resting.jti, reason=RecallReason.SENT_IN_ERROR
        )
        return {"handover": handing(case, case.health), "recall": acting(case, case.care, recall)}

    async def judge(order: Ran) -> str:
        case = made[-1]
        log = await of_envelope(case.play.hub, case.resting.jti, case.since)
        assert bool(order.results["handover"]) is ("handover" in [kind for _, kind, _ in log])
        assert log[-1][1] == "recalled"
        return " ".join(kind for _, kind, _ in log)

    assert len(await all_orders(locks, make, judge)) == 2


async def test_a_held_ask_lifted_while_it_is_withdrawn(cases: Cases, locks: Connection) -> None:
    made: list[Case] = []

    async def make() -> Works:
        case = await cases.make(own_bodies=True)
        case.ask()
        (need,) = (await case.play.declare(case.care, case.resting)).needs
        made.append(case)
        lift = case.health.act(
            acts.Lift,
            at=case.at,
            sender=case.care.agency,
            envelope=case.resting.jti,
            fact=need.fact.value,
            role=need.who,
        )
        return {"lift": acting(case, case.health, lift), "withdraw": withdrawing(case, case.resting)}

    async def judge(order: Ran) -> str:
        case = made[-1]
        kinds = [kind for _, kind, _ in await of_envelope(case.play.hub, case.resting.jti, case.since)]
        assert kinds[-1] == "recalled"
        assert isinstance(order.results["lift"], Problem) is ("permit" not in kinds)
        return " ".join(kinds)

    assert len(await all_orders(locks, make, judge)) == 2


async def test_an_item_declared_while_its_ask_is_withdrawn(cases: Cases, locks: Connection) -> None:
    made: list[tuple[Case, Sent]] = []

    async def make() -> Works:
        case = await cases.make()
        ask = await opened(case)
        item = case.health.item(case.care, ask, at=case.at)
        made.append((case, item))
        asked = Asked(caller=case.health.caller, request=item.request, at=case.at)
        return {"declare": lambda: declare(case.play.hub, [asked]), "withdraw": withdrawing(case, ask)}

    async def judge(order: Ran) -> str:
        case, item = made[-1]
        (told,) = order.results["declare"]
        kinds = [kind for _, kind, _ in await of_envelope(case.play.hub, item.jti, case.since)]
        assert kinds == (["permit", "recalled"] if isinstance(told, Outcome) else [])
        return " ".join(kinds)

    assert len(await all_orders(locks, make, judge)) == 2


async def test_two_answers_to_one_category(cases: Cases, locks: Connection) -> None:
    made: list[tuple[Case, Sent]] = []

    async def make() -> Works:
        case = await cases.make()
        ask = await opened(case)
        item = case.health.item(case.care, ask, at=case.at)
        made.append((case, item))
        nil = case.health.act(acts.Nil, at=case.at, exchange=ask.jti, category=Category.HEALTH_ATTENDANCES)
        asked = Asked(caller=case.health.caller, request=item.request, at=case.at)
        return {
            "item": lambda: declare(case.play.hub, [asked]),
            "nil": acting(case, case.health, nil),
        }

    async def judge(order: Ran) -> str:
        (item,), nil = order.results["item"], order.results["nil"]
        refused = [name for name, told in (("item", item), ("nil", nil)) if isinstance(told, Problem)]
        assert len(refused) == 1
        assert {"item": item, "nil": nil}[refused[0]].code == "already-answered"
        return refused[0]

    assert await all_orders(locks, make, judge) == {"item", "nil"}


async def test_receipts_while_the_connection_closes(cases: Cases, locks: Connection) -> None:
    made: list[tuple[Case, list[str]]] = []

    async def make() -> Works:
        case = await cases.make()
        sent = [case.care.ask(case.health, at=case.at) for _ in range(3)]
        for each in sent:
            await case.play.declare(case.care, each)
            await case.play.deposit(case.care, each)
        handed = await case.play.fetch(case.health)
        made.append((case, [each.jti for each in sent]))
        # Locked in the order of their ids; a connection that closes meets them in the order they lie in.
        receipts = [case.health.receipt(each, at=case.at) for each in handed]
        generation = case.health.generation
        assert generation is not None
        return {
            "receipts": acting(case, case.health, *receipts),
            "close": lambda: disconnect(case.play.hub, case.health.agency, generation, at=case.at),
        }

    async def judge(order: Ran) -> str:
        case, jtis = made[-1]
        taken = order.results["receipts"]
        assert [each.state for each in taken] == [State.OPENED] * 3
        statuses = await case.play.status(case.care, *jtis)
        assert {each.state for each in statuses} == {State.OPENED}
        return "opened"

    assert await all_orders(locks, make, judge) == {"opened"}
