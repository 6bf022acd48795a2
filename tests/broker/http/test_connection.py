"""The live connection: who has it, what it hands over and how it ends."""

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from broker.enrolment.access import Bearer
from broker.exchange.generation import connect
from broker.http import connection
from broker.http.authentication import authenticate
from broker.http.limits import Limits
from broker.hub import Hub
from broker.protocol import frame
from broker.protocol.act import AgencyKeyRevocation, AgencyStop, Receipt, ReceiptOutcome
from keys import commitment
from policies.vocabulary import Sector
from tests.broker.exchange.desk import Desk, Sent, new_jti
from tests.broker.http.conftest import House
from tests.broker.http.peer import Line, Peer


async def agree(house: House, *desks: Desk) -> None:
    """An agreement between these desks' bodies for everything."""
    from datetime import UTC, datetime

    from broker.protocol.act import AgreementSigning
    from policies.agreement import Agreement
    from policies.vocabulary import Category, Purpose

    agreement = Agreement(
        id=new_jti(),
        controllers=tuple(desk.controller.id for desk in desks),
        purposes=tuple(Purpose),
        categories=tuple(Category),
        starts=datetime(2020, 1, 1, tzinfo=UTC),
        ends=None,
        version=1,
    )
    await house.order(AgreementSigning, agreement=agreement)


async def pair(house: House) -> tuple[Peer, Peer]:
    """Social care and health, enrolled and agreed."""
    care, health = await house.welcome("northcare"), await house.welcome("northhealth", Sector.HEALTH)
    await agree(house, care.desk, health.desk)
    return care, health


async def send(line: Line, sent: Sent) -> None:
    """Declare and deposit."""
    declared = await line.ask("declare", sent.request)
    assert declared["ok"]["outcome"] == "allow", declared
    deposited = await line.ask("deposit", frame.Deposit(envelope=sent.jti, body=sent.sealed))
    assert deposited["ok"]["state"] == "deposited", deposited


def receipt(peer: Peer, handed: dict[str, Any]) -> frame.Act:
    """The signed receipt of what was handed over."""
    return peer.desk.act(
        Receipt,
        at=peer.clock(),
        sender=handed["sender"],
        envelope=handed["envelope"],
        digest=commitment.digest(handed["body"].encode()),
        outcome=ReceiptOutcome.OPENED,
    )


async def closing(line: Line) -> int | None:
    """How the hub closed a connection."""
    return await asyncio.wait_for(asyncio.shield(line.closed), 20)


async def test_an_ask_goes_from_one_connection_to_the_other_and_its_sender_hears_of_it(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect()
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(here, ask)
    handed = await there.handed()
    assert (handed["envelope"], handed["body"], handed["sender"]) == (ask.jti, ask.sealed, "northcare")
    opened = await there.ask("act", receipt(health, handed))
    assert opened["ok"]["state"] == "opened"
    while ask.jti not in (await here.hint())["envelopes"]:
        pass
    status = await here.ask("status", {"envelopes": [ask.jti]})
    assert status["ok"]["envelopes"][0]["state"] == "opened"


async def test_what_waited_is_handed_over_as_soon_as_its_recipient_connects(house: House) -> None:
    care, health = await pair(house)
    here = await care.connect()
    asks = [care.desk.ask(health.desk, at=house.clock.at) for _ in range(3)]
    for ask in asks:
        await send(here, ask)
    there = await health.connect()
    assert [(await there.handed())["envelope"] for _ in asks] == [ask.jti for ask in asks]


async def test_no_more_is_handed_over_than_there_is_credit_for(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect(credit=2)
    asks = [care.desk.ask(health.desk, at=house.clock.at) for _ in range(5)]
    for ask in asks:
        await send(here, ask)
    first = [await there.handed() for _ in range(2)]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(there.handed(), 1.2)
    await there.ask("act", receipt(health, first[0]))
    third = await there.handed()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(there.handed(), 1.2)
    for handed in (first[1], third):
        await there.ask("act", receipt(health, handed))
    last = [await there.handed() for _ in range(2)]
    assert {each["envelope"] for each in (*first, third, *last)} == {ask.jti for ask in asks}


async def test_a_lease_without_receipt_is_handed_over_again_when_it_ends(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect(credit=1)
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(here, ask)
    first = await there.handed()
    house.clock.at += house.hub.settings.lease + 1
    second = await there.handed()
    assert (second["envelope"], second["body"]) == (first["envelope"], first["body"])
    assert second["generation"] == first["generation"] + 1


async def test_the_newest_connection_wins_and_takes_over_what_was_leased(house: House) -> None:
    care, health = await pair(house)
    here, old = await care.connect(), await health.connect()
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(here, ask)
    await old.handed()
    new = await health.connect()
    assert await closing(old) == 4001
    assert (await new.handed())["envelope"] == ask.jti


async def test_a_replaced_connections_writes_are_refused(house: House) -> None:
    care, health = await pair(house)
    line = await care.connect()
    generation = await house.hub.pool.fetchval("SELECT generation FROM connection WHERE agency = 'northcare'")
    await house.hub.pool.execute(
        "UPDATE connection SET generation = generation + 1 WHERE agency = 'northcare'"
    )
    refused = await line.ask("declare", care.desk.ask(health.desk, at=house.clock.at).request)
    assert (refused["problem"]["status"], refused["problem"]["reason"]) == (409, "replaced")
    assert generation is not None


async def test_a_connection_ends_with_its_access_token(house: House) -> None:
    peer = await house.welcome("northcare")
    house.clock.at += 599
    line = await peer.connect()
    house.clock.at += 1
    assert await closing(line) == 4002


async def test_a_stopped_agencys_connection_is_closed_and_no_other(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect()
    await house.order(AgencyStop, agency="northhealth")
    assert await closing(there) == 4003
    assert "ok" in await here.ask("directory", {})
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await health.connect()
    assert refused.value.status == 401


async def test_a_revoked_keys_connection_is_closed(house: House) -> None:
    peer = await house.welcome("northcare")
    line = await peer.connect()
    await house.order(AgencyKeyRevocation, agency="northcare", kid=peer.desk.signing.public.kid)
    assert await closing(line) == 4003


async def test_a_key_revoked_while_its_connection_opens_opens_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await house.welcome("northcare")

    async def revoked_then(request: web.Request) -> Bearer:
        bearer = await authenticate(request)
        await house.order(AgencyKeyRevocation, agency="northcare", kid=bearer.kid)
        return bearer

    monkeypatch.setattr(connection, "authenticate", revoked_then)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await peer.connect()
    assert refused.value.status == 401


async def test_a_revoked_keys_connection_that_heard_nothing_gets_nothing_and_is_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    care, health = await pair(house)
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(await care.connect(), ask)

    async def deaf(hub: Hub, agency: str, *, kid: str, at: int) -> int:
        generation = await connect(hub, agency, kid=kid, at=at)
        for ear in tuple(hub.wake._subscriptions[agency]):
            hub.wake.unsubscribe(ear)
        await house.order(AgencyKeyRevocation, agency=agency, kid=kid)
        return generation

    monkeypatch.setattr(connection, "connect", deaf)
    assert await closing(await health.connect()) == 4003
    assert await house.hub.pool.fetchval("SELECT handovers FROM envelope WHERE jti = $1", ask.jti) == 0


async def test_what_a_vanished_connection_had_leased_is_handed_over_at_once_again(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect()
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(here, ask)
    await there.handed()
    transport = there.socket._response.connection.transport  # type: ignore[union-attr]
    assert transport is not None
    transport.abort()
    await house.surface_quiet("northhealth")
    assert (await (await health.connect()).handed())["envelope"] == ask.jti


async def test_others_joining_is_hinted(house: House) -> None:
    care = await house.welcome("northcare")
    line = await care.connect()
    await house.welcome("southcare")
    while not (await line.hint())["directory"]:
        pass


async def test_both_ways_of_asking_are_one_use_case(house: House) -> None:
    care, health = await pair(house)
    line = await care.connect()
    ask = care.desk.ask(health.desk, at=house.clock.at)
    by_frame = await line.ask("declare", ask.request)
    by_post = await care.post("declare", ask.request)
    assert by_post.status == 200
    for changing in ("proof", "state"):
        by_frame["ok"].pop(changing)
    body = {name: value for name, value in by_post.body.items() if name not in ("proof", "state")}
    assert body == by_frame["ok"]
    refused = await care.post("prove", frame.Prove(envelope=new_jti()))
    framed = await line.ask("prove", frame.Prove(envelope=new_jti()))
    assert refused.body == framed["problem"]


async def test_a_proof_extends_the_checkpoint_that_was_seen(house: House) -> None:
    care, health = await pair(house)
    line = await care.connect(seen=2)
    first = (await line.ask("declare", care.desk.ask(health.desk, at=house.clock.at).request))["ok"]["proof"]
    assert first["consistency_from"] == 2
    ask = care.desk.ask(health.desk, at=house.clock.at)
    second = (await line.ask("declare", ask.request, seen=first["size"]))["ok"]["proof"]
    assert second["consistency_from"] == first["size"]


async def test_many_frames_at_once_are_each_answered_once(house: House) -> None:
    peer = await house.welcome("northcare")
    line = await peer.connect()
    answers = await asyncio.gather(*(line.ask("directory", {}) for _ in range(300)))
    assert all("ok" in answer for answer in answers)


async def test_at_a_clean_stop_connections_are_told_and_leases_given_back(house: House) -> None:
    care, health = await pair(house)
    here, there = await care.connect(), await health.connect()
    ask = care.desk.ask(health.desk, at=house.clock.at)
    await send(here, ask)
    await there.handed()
    house.surface.links.stop()
    assert await closing(there) == aiohttp.WSCloseCode.GOING_AWAY
    await asyncio.wait_for(house.surface.links.none_left.wait(), 5)
    row = await house.hub.pool.fetchrow("SELECT lease_until FROM envelope WHERE jti = $1", ask.jti)
    assert row is not None
    assert row["lease_until"] is None  # given back, and not one that ran out
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await care.connect()
    assert refused.value.status == 503
    assert (await house.send("GET", "/readyz")).body["taking"] == "failed"


async def test_a_connection_asked_for_wrongly_is_refused(house: House) -> None:
    peer = await house.welcome("northcare")
    wrong = (
        "",
        "credit=0",
        "credit=257",
        "credit=x",
        "credit=1e1",
        "credit=-1",
        "credit=01",
        "credit=1&seen=-1",
        "credit=1&seen=x",
    )
    for query in wrong:
        headers = peer.bearing("GET", "/v1/connection")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await house.session.ws_connect(f"{house.url}/v1/connection?{query}", headers=headers)
        assert refused.value.status == 400, query
    plain = await peer.send("GET", "/v1/connection?credit=1", headers=peer.bearing("GET", "/v1/connection"))
    assert (plain.status, plain.reason) == (400, "not-a-websocket")


class TestSlow:
    """A client that reads nothing costs the others nothing."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(poll=0.2, finish=0.5, send_wait=1.0, in_flight=4)

    @pytest.fixture
    def send_buffer(self) -> int:
        return 16 << 10

    async def test_a_client_that_reads_nothing_is_dropped_and_others_go_on(self, house: House) -> None:
        care, health = await pair(house)
        here, there = await care.connect(), await health.connect(credit=64)
        # Stop reading; then ask for far more than fits the buffers between us.
        assert there.reader is not None
        there.reader.cancel()
        await asyncio.gather(there.reader, return_exceptions=True)
        transport = there.socket._response.connection.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.pause_reading()
        asks = [care.desk.ask(health.desk, at=house.clock.at) for _ in range(2)]
        for ask in asks:
            await send(here, ask)
        flood = b'{"id":"a","verb":"directory","body":{}}'

        async def pour() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await there.socket._writer.send_frame(flood, aiohttp.WSMsgType.TEXT)

        pouring = asyncio.ensure_future(pour())
        await house.surface_quiet("northhealth")
        assert "ok" in await here.ask("directory", {})
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
        # What it had been handed waits for its next connection.
        transport.abort()
        assert {(await (line := await health.connect()).handed())["envelope"]} <= {ask.jti for ask in asks}
        assert line is not None
