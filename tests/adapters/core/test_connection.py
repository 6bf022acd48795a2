"""The one live connection: renewed before its token runs out, lost and found again, replaced, refused."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.enrol import enrol
from adapters.errors import Unreachable, Untrusted, Unusable, WrongOrder
from adapters.folder import open_folder
from adapters.run import Adapter
from adapters.transport import check_url
from adapters.work import Hooks
from broker.http.limits import Limits
from broker.http.link import Link
from broker.http.surface import SURFACE
from broker.protocol import act as acts
from broker.protocol.life import State
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order, item_order


@pytest.fixture
def limits() -> Limits:
    """Access tokens of two seconds, so that connections are renewed all the time."""
    return Limits(poll=0.5, finish=1.0, token=2)


async def test_exchanges_go_on_over_renewed_and_lost_connections(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]

    async def on_ask(exchange: str) -> None:
        await answer(health, item_order(exchange))

    await pair.halt("health")
    await pair.start("health", hooks=Hooks(on_ask=on_ask))
    exchanges = []
    for number in range(24):
        exchanges.append(await ask(care, ask_order(pair.clock())))
        await asyncio.sleep(0.2)
        if number % 6 == 5:
            # The hub's side of every connection, cut without a word.
            for link in list(pair.app[SURFACE].links._open):
                assert isinstance(link, Link)
                link._drop()
    for exchange in exchanges:
        assert (await pair.ended("care", exchange)).state is State.OPENED
    assert len(inbox.inbox(health)) == len(inbox.inbox(care)) == len(exchanges)
    assert len({each.jti for each in inbox.inbox(care)}) == len(exchanges)
    generation = await pair.hub.pool.fetchval("SELECT generation FROM connection WHERE agency = 'care'")
    assert generation > 3
    # Nothing was declared twice, nothing written again.
    assert await pair.hub.pool.fetchval("SELECT count(*) FROM envelope") == 2 * len(exchanges)


async def test_a_second_process_on_the_same_keys_replaces_the_first_without_loss(pair: Town) -> None:
    health = open_folder(pair.root / "health", clock=pair.adapter_clock)
    stop = asyncio.Event()
    second = asyncio.ensure_future(Adapter(health).run(stop))
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED
    assert len(inbox.inbox(health)) == 1
    stop.set()
    await second
    health.close()


async def test_a_command_in_another_process_is_seen(pair: Town) -> None:
    other = open_folder(pair.root / "care", clock=pair.adapter_clock)
    exchange = await ask(other, ask_order(pair.clock()))
    found = await follow.wait_for(other, exchange, follow.Milestone.SETTLED, within=15)
    assert found.state is State.OPENED
    other.close()


async def test_an_agency_that_was_stopped_sends_no_more_and_says_why(pair: Town) -> None:
    await pair.order(acts.AgencyStop, agency="health")
    await pair.until(lambda: not pair.at_work["health"].adapter.connection.connected)
    await pair.until(lambda: not pair.folders["care"].directory.get("health").entry.active)
    with pytest.raises(Untrusted) as stopped:
        await ask(pair.folders["care"], ask_order(pair.clock()))
    assert stopped.value.code == "stopped-agency"


async def test_an_adapter_told_to_stop_when_idle_does(pair: Town) -> None:
    await pair.halt("health")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    async with asyncio.timeout(15):
        await Adapter(pair.folders["health"]).run(asyncio.Event(), once_idle=True)
    assert inbox.inbox(pair.folders["health"])[0].receipt_acknowledged


class Losing:
    """A proxy before the hub that passes everything on, and loses the first answer to one path."""

    def __init__(self, hub: str, path: str) -> None:
        self._hub, self._path = hub, path
        self.lost = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        data = await request.read()
        headers = {"Content-Type": request.headers.get("Content-Type", "")} if data else {}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self._hub + request.path, data=data or None, headers=headers
            ) as answer,
        ):
            body, status = await answer.read(), answer.status
        if request.path == self._path and not self.lost:
            self.lost += 1
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=body, status=status, content_type="application/json")


async def test_enrolment_may_be_repeated_when_its_last_answer_was_lost(town: Town) -> None:
    code, state = await town.invite("care"), town.root / "care"
    losing = Losing(town.url, "/v1/enrolments/complete")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", losing.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with pytest.raises(Unreachable):
            await enrol(state, hub_url=url, agency="care", code=code, clock=town.adapter_clock)
        assert losing.lost == 1
        with pytest.raises(Unusable) as not_yet:
            town.open("care")
        assert not_yet.value.code == "not-enrolled"
        await enrol(state, hub_url=url, agency="care", code=code, clock=town.adapter_clock)
        with pytest.raises(Unusable) as done:
            await enrol(state, hub_url=url, agency="care", code=code)
        assert done.value.code == "already-enrolled"
    finally:
        await runner.cleanup()
    assert not list(state.glob("enrolling*"))
    assert town.open("care").me == "care"


async def test_a_wrong_code_enrols_nobody(town: Town) -> None:
    await town.invite("care")
    with pytest.raises(WrongOrder) as refused:
        await enrol(town.root / "care", hub_url=town.url, agency="care", code="WRONG-CODE-2345-6789")
    assert refused.value.code == "enrolment-refused"
    with pytest.raises(Unusable) as nobody:
        open_folder(town.root / "care")
    assert nobody.value.code == "not-enrolled"


async def test_where_no_hub_is_that_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(Unreachable) as nothing:
        await enrol(
            tmp_path_factory.mktemp("none"), hub_url="http://127.0.0.1:9", agency="care", code="X" * 20
        )
    assert nothing.value.code == "no-connection"


@pytest.mark.parametrize(
    "url",
    ["http://hub.example", "ftp://127.0.0.1", "https://", "https://a@hub.example", "https://hub.example/?x"],
)
def test_a_url_that_would_leak_is_refused(url: str) -> None:
    with pytest.raises(WrongOrder) as refused:
        check_url(url)
    assert refused.value.code == "hub-url"
