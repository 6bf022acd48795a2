"""An asker's withdrawal with more under way than one transaction recalls: the rest is recalled bit by bit,
and never handed over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.settings import Settings
from broker.store.transaction import Connection
from policies.vocabulary import Category, WithdrawReason
from tests.broker.exchange.administrator import administrator_key
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.orders import Ran
from tests.broker.exchange.orders_case import Case, Cases
from tests.broker.exchange.record_log import records
from tests.broker.exchange.statements import watch_hubs
from tests.broker.exchange.test_contention import Works, all_orders, handing, withdrawing
from tests.broker.exchange.test_life import opened_ask

LIMIT = 3
CATEGORIES = (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS)


@pytest.fixture(autouse=True)
async def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
def limit() -> int:
    """Envelopes recalled in one transaction."""
    return LIMIT


@pytest.fixture
def settings(limit: int) -> Settings:
    return Settings(cadence_ms=2, sweep_interval=3600, sweep_limit=limit)


@pytest.fixture
async def locks(database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


MANY = (
    Category.ADULT_MENTAL_HEALTH,
    Category.DEMOGRAPHICS,
    Category.GP_REGISTRATION,
    Category.HEALTH_ATTENDANCES,
    Category.HEALTH_CONDITIONS,
    Category.HEALTH_FLAGS,
    Category.HEALTH_OBSERVATIONS,
    Category.HOUSEHOLD,
    Category.SEXUAL_HEALTH,
    Category.SUBSTANCE_MISUSE,
)


async def with_items(play: Play, many: int) -> tuple[Sent, list[Sent]]:
    """An ask that health has opened, and so many of its items under way."""
    care, health = play["care"], play["health"]
    ask = await opened_ask(play, categories=MANY)
    items = [health.item(care, ask, at=play.clock.at, category=each) for each in MANY[:many]]
    for n, each in enumerate(items):
        await play.declare(health, each)
        if n % 4:
            await play.deposit(health, each)
    return ask, items


def withdrawal(play: Play, ask: Sent) -> frame.Act:
    """Social care wants nothing more."""
    return play["care"].act(
        acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=WithdrawReason.NO_LONGER_NEEDED
    )


async def states(play: Play, sent: list[Sent]) -> list[State]:
    return [each.state for each in await play.status(play["health"], *(each.jti for each in sent))]


async def records_by_transaction(play: Play) -> list[int]:
    """How many records each transaction wrote."""
    rows = await play.hub.pool.fetch("SELECT count(*) FROM record_text GROUP BY xmin::text")
    return [row["count"] for row in rows]


async def test_no_transaction_recalls_more_than_its_limit_and_all_is_recalled_in_the_end(play: Play) -> None:
    ask, items = await with_items(play, 3 * LIMIT + 1)
    await play.act(play["care"], withdrawal(play, ask))
    assert (await states(play, items)).count(State.RECALLED) == LIMIT
    with pytest.raises(Problem) as refused:
        await play.declare(play["health"], play["health"].item(play["care"], ask, at=play.clock.at))
    assert refused.value.reason == "ask-withdrawn"
    await sweep(play.hub, at=play.clock.at)
    assert set(await states(play, items)) == {State.RECALLED}
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 0
    assert await play.hub.pool.fetchval("SELECT closed_at IS NOT NULL FROM exchange")
    assert max(await records_by_transaction(play)) == LIMIT + 1
    (status,) = await play.status(play["care"], ask.jti)
    assert (status.closures, status.undelivered) == ([], False)


async def test_what_the_sweep_has_not_come_to_is_recalled_instead_of_handed_over(play: Play) -> None:
    ask, items = await with_items(play, 3 * LIMIT)
    # What waits behind it still goes at once.
    other = play["health"].item(
        play["care"], await opened_ask(play), at=play.clock.at, category=Category.HEALTH_ATTENDANCES
    )
    await play.declare(play["health"], other)
    await play.deposit(play["health"], other)
    await play.act(play["care"], withdrawal(play, ask))
    assert [each.envelope for each in await play.fetch(play["care"], limit=2)] == [other.jti]
    log = await records(play.hub)
    at = next(n for n, each in enumerate(log) if each.record == "act")
    ours = {each.jti for each in items}
    after = [each for each in log[at:] if getattr(each, "envelope", None) in ours]
    assert {each.record for each in after} == {"recalled"}
    assert {each.reason.value for each in after} == {"ask_withdrawn"}
    assert State.DEPOSITED not in await states(play, items)


@pytest.mark.parametrize("limit", [1])
async def test_no_handover_follows_a_large_withdrawal_in_any_order(
    play: Play, tmp_path: Path, locks: Connection
) -> None:
    cases = Cases(play, administrator_key(tmp_path / "keys"))
    made: list[tuple[Case, list[Sent]]] = []

    async def make() -> Works:
        case = await cases.make()
        ask = case.care.ask(case.health, at=case.at, categories=CATEGORIES)
        await play.declare(case.care, ask)
        await play.deposit(case.care, ask)
        (handed,) = await play.fetch(case.health)
        await play.act(case.health, case.health.receipt(handed, at=case.at))
        items = [case.health.item(case.care, ask, at=case.at, category=each) for each in CATEGORIES]
        for each in items:
            await play.declare(case.health, each)
            await play.deposit(case.health, each)
        await play.connect(case.care)
        made.append((case, items))
        return {"handover": handing(case, case.care), "withdraw": withdrawing(case, ask)}

    async def judge(order: Ran) -> str:
        case, items = made[-1]
        ours = {each.jti for each in items}
        log = (await records(play.hub))[case.since :]
        withdrawn = max(n for n, each in enumerate(log) if each.record == "act")
        handed = [n for n, each in enumerate(log) if each.record == "handover" and each.envelope in ours]
        assert all(n < withdrawn for n in handed), order.order
        assert len(order.results["handover"]) == len(handed)
        await sweep(play.hub, at=case.at)
        kept = [each.state for each in await play.status(case.health, *ours)]
        assert set(kept) == {State.RECALLED}
        return f"{len(handed)} handed over"

    assert len(await all_orders(locks, make, judge)) == 2
