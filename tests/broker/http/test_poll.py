"""Polling: what a live connection promises, one request at a time."""

import asyncio
from typing import Any

import pytest

from broker.http.limits import Limits
from broker.protocol import frame
from broker.protocol.act import AgencyStop
from tests.broker.http.conftest import House
from tests.broker.http.peer import Answer, Peer
from tests.broker.http.test_connection import closing, pair, receipt, send


@pytest.fixture
def limits() -> Limits:
    """Leases and replacements are looked for often."""
    return Limits(poll=0.3, finish=1.0)


async def take(
    peer: Peer, connection: int | None = None, *, credit: int = 8, wait: int = 0
) -> dict[str, Any]:
    """One poll that is answered."""
    answer = await poll(peer, connection, credit=credit, wait=wait)
    assert answer.status == 200, answer.data
    return answer.body


async def poll(peer: Peer, connection: int | None = None, *, credit: int = 8, wait: int = 0) -> Answer:
    """One poll."""
    return await peer.post("take", frame.Take(connection=connection, credit=credit, wait=wait))


async def test_what_waits_is_taken_and_its_receipt_taken_in(house: House) -> None:
    care, health = await pair(house)
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(await care.connect(), ask)
    taken = await take(health)
    (handed,) = taken["handovers"]
    assert (handed["envelope"], handed["body"]) == (ask.jti, ask.sealed)
    opened = await health.post("act", receipt(health, handed))
    assert opened.body["state"] == "opened"
    assert (await take(health, taken["connection"]))["handovers"] == []


async def test_a_poll_that_waits_is_answered_as_soon_as_something_comes(house: House) -> None:
    care, health = await pair(house)
    number = (await take(health))["connection"]
    waiting = asyncio.ensure_future(take(health, number, wait=20))
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(await care.connect(), ask)
    async with asyncio.timeout(10):
        answered = await waiting
        while not answered["handovers"]:  # a hint came first
            answered = await take(health, number, wait=20)
    assert answered["handovers"][0]["envelope"] == ask.jti


async def test_what_changed_between_two_polls_is_told_by_the_next(house: House) -> None:
    care = await house.welcome("northcare")
    number = (await take(care))["connection"]
    while (await take(care, number))["changed"]:
        pass
    await house.welcome("southcare")
    told = (await take(care, number, wait=20))["changed"]
    assert told["directory"]


async def test_no_more_is_handed_over_than_there_is_credit_for(house: House) -> None:
    care, health = await pair(house)
    line = await care.connect()
    for _ in range(5):
        await send(line, care.desk.ask(health.desk, at=house.clock.at))
    first = await take(health, credit=2)
    assert len(first["handovers"]) == 2
    number = first["connection"]
    assert (await take(health, number, credit=2))["handovers"] == []
    await health.post("act", receipt(health, first["handovers"][0]))
    assert len((await take(health, number, credit=2))["handovers"]) == 1
    rest = await take(health, number, credit=8)
    assert len(rest["handovers"]) == 2
    assert not rest["more"]


async def test_a_lease_without_receipt_is_handed_over_again_when_it_ends(house: House) -> None:
    care, health = await pair(house)
    await send(await care.connect(), care.desk.ask(health.desk, at=house.clock.at))
    first = await take(health)
    house.clock.at += house.hub.settings.lease + 1
    second = await take(health, first["connection"])
    assert second["handovers"][0]["generation"] == first["handovers"][0]["generation"] + 1


async def test_an_answer_that_was_lost_is_given_again_under_a_new_number_and_counts_for_nothing(
    house: House,
) -> None:
    care, health = await pair(house)
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(await care.connect(), ask)
    lost = await take(health)
    again = await take(health)
    assert again["connection"] == lost["connection"] + 1
    assert again["handovers"][0]["envelope"] == ask.jti
    assert await house.hub.pool.fetchval("SELECT fruitless FROM envelope WHERE jti = $1", ask.jti) == 0


async def test_the_newest_wins_whichever_way_it_came(house: House) -> None:
    care, health = await pair(house)
    line = await health.connect()
    number = (await take(health))["connection"]
    assert await closing(line) == 4001
    waiting = asyncio.ensure_future(poll(health, number, wait=20))
    await asyncio.sleep(0.2)
    await health.connect()
    refused = await asyncio.wait_for(waiting, 10)
    assert (refused.status, refused.reason) == (409, "replaced")
    late = care.desk.ask(health.desk, at=house.clock.at)
    assert (await care.post("declare", late.request)).status == 200


async def test_what_a_replaced_poller_still_declares_is_refused(house: House) -> None:
    care, health = await pair(house)
    old = (await take(care))["connection"]
    new = (await take(care))["connection"]
    ask = care.desk.ask(health.desk, at=house.clock.at)
    path = "/v1/declare"

    async def declare(number: int) -> Answer:
        headers = {**care.bearing("POST", path), "Gatehouse-Connection": str(number)}
        return await care.send("POST", path, data=ask.request.dump(), headers=headers)

    refused = await declare(old)
    assert (refused.status, refused.reason) == (409, "replaced")
    assert (await declare(new)).body["outcome"] == "allow"


async def test_what_may_no_longer_pass_is_recalled_and_not_handed_over(house: House) -> None:
    care, health = await pair(house)
    await send(await care.connect(), care.desk.ask(health.desk, at=house.clock.at))
    await house.order(AgencyStop, agency="northcare")
    assert (await take(health))["handovers"] == []
    assert await house.hub.pool.fetchval("SELECT count(*) FROM envelope WHERE state = 'recalled'") == 1


async def test_a_stopped_agencys_poll_ends(house: House) -> None:
    peer = await house.welcome("northcare")
    number = (await take(peer))["connection"]
    waiting = asyncio.ensure_future(poll(peer, number, wait=20))
    await asyncio.sleep(0.2)
    await house.order(AgencyStop, agency="northcare")
    assert (await asyncio.wait_for(waiting, 10)).status == 401


async def test_a_hub_that_stops_answers_the_poll_that_waits(house: House) -> None:
    peer = await house.welcome("northcare")
    number = (await take(peer))["connection"]
    waiting = asyncio.ensure_future(take(peer, number, wait=20))
    while not house.surface.links._open:
        await asyncio.sleep(0.01)
    house.surface.links.stop()
    assert (await asyncio.wait_for(waiting, 5))["handovers"] == []
    assert (await poll(peer, number)).status == 503


async def test_a_poison_envelope_is_set_aside_and_the_queue_moves_on(house: House) -> None:
    care, health = await pair(house)
    line = await care.connect()
    poison = care.desk.ask(health.desk, at=house.clock.at)
    await send(line, poison)
    number, tries = None, 0
    async with asyncio.timeout(60):
        while await state(house, poison.jti) != "set_aside":
            await health.authenticate()
            taken = await take(health, number)
            number = taken["connection"]
            tries += len(taken["handovers"])
            house.clock.at += (house.hub.settings.lease << tries) + 1
    assert tries == house.hub.settings.handovers
    await health.authenticate()
    await care.authenticate()
    later = care.desk.ask(health.desk, at=house.clock.at)
    assert (await care.post("declare", later.request)).body["outcome"] == "allow"
    deposited = await care.post("deposit", frame.Deposit(envelope=later.jti, body=later.sealed))
    assert deposited.body["state"] == "deposited"
    handed = (await take(health, number))["handovers"]
    assert [each["envelope"] for each in handed] == [later.jti]


async def state(house: House, jti: str) -> str:
    """Where an envelope is."""
    return str(await house.hub.pool.fetchval("SELECT state FROM envelope WHERE jti = $1", jti))
