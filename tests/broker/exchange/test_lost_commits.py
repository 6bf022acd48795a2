"""The answer to a COMMIT is lost, or the COMMIT itself: exactly one effect, the same answer, nothing lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from broker.exchange.administer import administer
from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol.life import State
from broker.store.transaction import CommitUnknown
from policies.vocabulary import Category, Outcome
from tests.broker.exchange.administrator import administrator_key, signed
from tests.broker.exchange.commit_proxy import CommitProxy, Cut
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import found, of_envelope, records

CUTS = pytest.mark.parametrize("answered", [True, False], ids=["answer-lost", "commit-lost"])


@pytest.fixture
def proxies() -> list[CommitProxy]:
    return []


@pytest.fixture
async def database_url(database_url: str, proxies: list[CommitProxy]) -> AsyncIterator[str]:
    """The hub's way to its database is the proxy."""
    # A socket's path is short, a test's folder is not.
    with TemporaryDirectory(prefix="gh-") as folder:
        proxy = CommitProxy(database_url, Path(folder))
        await proxy.start()
        proxies.append(proxy)
        yield proxy.url
        await proxy.stop()


@pytest.fixture
def proxy(play: Play, proxies: list[CommitProxy]) -> CommitProxy:
    """The proxy, once the hub runs behind it."""
    return proxies[0]


async def kinds(play: Play, sent: Sent) -> list[str]:
    return [kind for _, kind, _ in await of_envelope(play.hub, sent.jti)]


@CUTS
async def test_a_declaration(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    proxy.cut = Cut("add_envelopes", answered, times=2)
    told = await play.declare(care, ask)
    assert proxy.made == (1 if answered else 2)
    assert (told.outcome, told.state) == (Outcome.ALLOW, State.PROVED)
    ((index, kind, _),) = await of_envelope(play.hub, ask.jti)
    assert (index, kind) == (told.index, "permit")
    again = await play.declare(care, ask)
    assert again.model_copy(update={"proof": None}) == told.model_copy(update={"proof": None})
    assert await play.hub.pool.fetchval("SELECT count(*) FROM subject WHERE jti = $1", ask.jti) == 1


@CUTS
async def test_a_batch_of_declarations(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    asks = [care.ask(health, at=play.clock.at) for _ in range(8)]
    proxy.cut = Cut("add_envelopes", answered)
    told = await asyncio.gather(*(play.declare(care, ask) for ask in asks))
    assert proxy.made == 1
    permits = {r.envelope: i for i, r in await found(play.hub, lambda r: r.record == "permit")}
    assert permits == {ask.jti: each.index for ask, each in zip(asks, told, strict=True)}


@CUTS
async def test_a_deposit(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    proxy.cut = Cut("add_bodies", answered)
    assert (await play.deposit(care, ask)).state is State.DEPOSITED
    assert proxy.made == 1
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 1
    (handed,) = await play.fetch(health)
    assert handed.body == ask.sealed


@CUTS
async def test_a_handover(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    asks = [care.ask(health, at=play.clock.at) for _ in range(3)]
    for ask in asks:
        await play.declare(care, ask)
        await play.deposit(care, ask)
    await play.connect(health)
    proxy.cut = Cut("hand_over", answered)
    handed = await play.fetch(health)
    assert proxy.made == 1
    # If it happened it is delivered, at once; if not, nothing was, and all still wait.
    assert len(handed) == (3 if answered else 0)
    handed += await play.fetch(health)
    assert {each.envelope for each in handed} == {ask.jti for ask in asks}
    assert {each.generation for each in handed} == {1}
    for ask, each in zip(asks, handed, strict=True):
        assert each.body == ask.sealed
        assert await kinds(play, ask) == ["permit", "handover"]
    assert await play.fetch(health) == []


async def test_a_handover_that_recalls(play: Play, proxy: CommitProxy, tmp_path: Path) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    key, kid = administrator_key(tmp_path / "keys"), care.signing.public.kid
    token = signed(play.hub, key, acts.AgencyKeyRevocation, at=play.clock.at, agency="care", kid=kid)
    await administer(play.hub, token, None, at=play.clock.at)
    await play.connect(health)
    proxy.cut = Cut("lease", answered=True)
    assert await play.fetch(health) == []
    assert proxy.made == 1
    assert await kinds(play, ask) == ["permit", "recalled"]


@CUTS
async def test_a_receipt(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    receipt = health.receipt(handed, at=play.clock.at)
    proxy.cut = Cut("take", answered)
    told = await play.act(health, receipt)
    assert proxy.made == 1
    assert told.state is State.OPENED
    assert await play.act(health, receipt) == told
    assert await kinds(play, ask) == ["permit", "handover", "receipt"]
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 0


@CUTS
async def test_a_nil(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    nil = health.act(acts.Nil, at=play.clock.at, exchange=ask.jti, category=Category.HEALTH_ATTENDANCES)
    proxy.cut = Cut("take_answers", answered)
    told = await play.act(health, nil)
    assert proxy.made == 1
    assert await found(play.hub, lambda r: r.record == "act") == [
        (told.index, (await records(play.hub))[told.index])
    ]
    assert await play.act(health, nil) == told


@CUTS
async def test_what_an_administrator_does(
    play: Play, proxy: CommitProxy, tmp_path: Path, answered: bool
) -> None:
    token = signed(
        play.hub, administrator_key(tmp_path / "keys"), acts.AgencyStop, at=play.clock.at, agency="police"
    )
    proxy.cut = Cut("stop_agency", answered)
    index = await administer(play.hub, token, None, at=play.clock.at)
    assert proxy.made == 1
    assert await administer(play.hub, token, None, at=play.clock.at) == index
    assert [i for i, _ in await found(play.hub, lambda r: r.record == "administration")] == [index]


@CUTS
async def test_a_sweep(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    play.clock.at += 3601
    proxy.cut = Cut("close_exchanges", answered)
    with pytest.raises(CommitUnknown):
        await sweep(play.hub, at=play.clock.at)
    await sweep(play.hub, at=play.clock.at)
    assert proxy.made == 1
    ends = ("silence", "closed")
    assert [r.record for _, r in await found(play.hub, lambda r: r.record in ends)] == list(ends)
    (status,) = await play.status(care, ask.jti)
    assert len(status.closures) == 1


@CUTS
async def test_an_integration(play: Play, proxy: CommitProxy, answered: bool) -> None:
    care, health = play["care"], play["health"]
    proxy.cut = Cut("swap_checkpoint", answered)
    told = await play.declare(care, care.ask(health, at=play.clock.at))
    assert proxy.made == 1
    assert told.proof is not None
    assert told.proof.size == await play.hub.pool.fetchval("SELECT size FROM checkpoint")


@CUTS
async def test_a_new_connection(play: Play, proxy: CommitProxy, answered: bool) -> None:
    proxy.cut = Cut("open", answered)
    with pytest.raises(CommitUnknown):
        await play.connect(play["health"])
    await play.connect(play["health"])
    assert proxy.made == 1
    assert play["health"].generation == (2 if answered else 1)
    assert await play.fetch(play["health"]) == []
