"""`/metrics`: true numbers, and nobody in them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from broker.http.metrics import metrics_application
from tests.broker.http.conftest import House
from tests.broker.http.test_connection import pair, receipt, send

Shown = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def metrics(house: House) -> AsyncIterator[str]:
    """Where they are served."""
    runner = web.AppRunner(metrics_application(house.surface))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    await runner.cleanup()


async def read(url: str) -> tuple[str, Shown]:
    """The text, and its samples by name and labels."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        text = await answer.text()
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return text, {(each.name, frozenset(each.labels.items())): each.value for each in samples}


def value(shown: Shown, name: str, **labels: str) -> float:
    """One sample."""
    return shown[f"gatehouse_{name}", frozenset(labels.items())]


async def test_they_count_what_was_decided_and_what_waits_and_name_nobody(house: House, metrics: str) -> None:
    care, health = await pair(house)
    here = await care.connect()
    asks = [care.desk.ask(health.desk, at=house.clock.at) for _ in range(2)]
    for ask in asks:
        await send(here, ask)
    house.clock.at += 60
    text, shown = await read(metrics)
    assert value(shown, "records_total", record="permit", kind="ask", outcome="") == 2
    assert value(shown, "envelopes_waiting", state="deposited") == 2
    assert value(shown, "oldest_waiting_seconds", state="deposited") == 60
    assert value(shown, "envelopes_stuck") == 0
    assert value(shown, "connections") == 1
    assert value(shown, "log_size") + value(shown, "log_pending") >= 7
    assert value(shown, "frame_seconds_count", verb="declare", outcome="ok") == 2
    assert value(shown, "request_seconds_count", method="POST", route="/v1/token", status="200") == 2
    named = [peer.desk.agency for peer in (care, health)] + [ask.jti for ask in asks]
    assert not [name for name in named if name in text]


async def test_receipts_are_counted_by_outcome(house: House, metrics: str) -> None:
    care, health = await pair(house)
    await send(await care.connect(), care.desk.ask(health.desk, at=house.clock.at))
    there = await health.connect()
    await there.ask("act", receipt(health, await there.handed()))
    while await house.hub.pool.fetchval("SELECT n > size FROM log_head, checkpoint"):
        await house.hub.integrator.integrate()
    _, shown = await read(metrics)
    assert value(shown, "records_total", record="receipt", kind="", outcome="opened") == 1
    assert value(shown, "records_total", record="handover", kind="", outcome="") == 1
    assert value(shown, "envelopes_waiting", state="deposited") == 0


async def test_they_are_not_on_the_hubs_own_port(house: House) -> None:
    assert (await house.send("GET", "/metrics")).status == 404
