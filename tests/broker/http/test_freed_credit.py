"""Freed credit is a reason to look for what waits only where credit was what was missing."""

import functools
from typing import Any

import asyncpg
import pytest

from broker.http.limits import Limits
from tests.broker.exchange.statements import WatchedConnection, name_of
from tests.broker.http.conftest import House
from tests.broker.http.peer import Line
from tests.broker.http.test_connection import pair, receipt, send

_LONG = 3_600.0


@pytest.fixture
def limits() -> Limits:
    """Nothing is looked for by the clock: only a hint or freed credit can be why."""
    return Limits(poll=_LONG, finish=1.0)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every look of the hub for what waits, as it happens."""
    found: list[str] = []

    class Counted(WatchedConnection):
        async def fetch(self, query: str, *args: Any, **kwargs: Any) -> Any:
            if name_of(query) == "candidates":
                found.append(query)
            return await super().fetch(query, *args, **kwargs)

    make = functools.partial(asyncpg.create_pool, connection_class=Counted)
    monkeypatch.setattr(asyncpg, "create_pool", make)
    return found


async def test_a_receipt_is_no_reason_to_look_where_all_there_was_is_handed_over(
    house: House, looks: list[str]
) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect(credit=8)
    handed = []
    for _ in range(3):
        await send(here, care.desk.ask(health.desk, at=house.clock.at))
        handed.append(await there.handed())
    before = 0
    while before != len(looks):
        # Until what the deposits had set going has run too: a hint may come twice.
        before = len(looks)
        await answered(there, handed[0]["envelope"])
    for each in handed:
        assert (await there.ask("act", receipt(health, each)))["ok"]["state"] == "opened"
    await answered(there, handed[0]["envelope"])
    assert len(looks) == before


async def answered(line: Line, envelope: str) -> None:
    """Have statements of other kinds run one after the other: what was set going before has run by then."""
    for _ in range(5):
        await line.ask("status", {"envelopes": [envelope]})


async def test_where_credit_was_short_each_receipt_lets_the_next_one_come(
    house: House, looks: list[str]
) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect(credit=1)
    asks = [care.desk.ask(health.desk, at=house.clock.at) for _ in range(3)]
    for ask in asks:
        await send(here, ask)
    for ask in asks:
        handed = await there.handed()
        assert handed["envelope"] == ask.jti
        await there.ask("act", receipt(health, handed))
    assert len(looks) >= len(asks)
