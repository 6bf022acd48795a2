"""The hub, wired by hand: one function opens it, one context keeps its work going.

`open_hub` brings the database forward and makes the hub on first use; `running` starts what works in the
background (integration, sweep, wake-ups, the four batchers) and at the end finishes what is in flight.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from broker.batch import Batcher, In, Out
from broker.exchange.act import act
from broker.exchange.acting import Acting
from broker.exchange.asks import AskReader
from broker.exchange.declare import declare
from broker.exchange.deposit import Depositing, deposit
from broker.exchange.facts import FactReader
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import Asked
from broker.exchange.sweep import redecide_held, sweep
from broker.exchange.wake import Wake
from broker.founding import other_keys, settle, verify_keys
from broker.keyring import HubKeyring
from broker.log.head import LogHead
from broker.log.integrate import DamagedLog, Integrator
from broker.log.prove import Prover
from broker.log.recent import Recent
from broker.log.recorder import Recorder
from broker.log.tiles import TileCache
from broker.protocol.frame import Acted, Deposited
from broker.protocol.problem import Problem
from broker.settings import Settings
from broker.step import Observer, unobserved
from broker.store.migrate import migrate
from broker.store.transaction import LOST, CommitUnknown, Connection, Pool, barrier
from broker.store.unavailable import StoreUnavailable
from policies.catalogue import Catalogue, load_catalogue
from policies.policy_set import PolicySet

_log = structlog.get_logger("gatehouse.hub")
_STATEMENT_TIMEOUT: Final = "30s"
_LOCK_TIMEOUT: Final = "10s"
"""A lock not had by then is given up and tried again alone: nothing waits for ever behind one stuck
transaction.
"""


@dataclass(slots=True, kw_only=True)
class Hub:
    """Everything a use case needs, by name."""

    pool: Pool
    hub_id: str
    origin: str
    keys: HubKeyring
    settings: Settings
    observe: Observer
    clock: Callable[[], int]
    catalogue: Catalogue
    facts: FactReader
    asks: AskReader
    recorder: Recorder
    head: LogHead
    tiles: TileCache
    integrator: Integrator
    prover: Prover
    wake: Wake
    declaring: Batcher[Asked, Outcome]
    depositing: Batcher[Depositing, Deposited]
    acting: Batcher[Acting, Acted]
    receiving: Batcher[Acting, Acted]
    """Receipts go together; beside other acts, a transaction each, they would wait for them."""

    async def policy_in_force(self) -> PolicySet:
        """Read the policy set in force.

        Raises:
            Problem: `unavailable` when there is none that can be read.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            return (await self.facts.read(connection, agencies=(), consents=())).policy


async def open_hub(
    *,
    url: str,
    keys: HubKeyring,
    settings: Settings,
    clock: Callable[[], int],
    new_id: Callable[[], str],
    origin: str = "gatehouse.hub",
    observe: Observer = unobserved,
) -> Hub:
    """Open the hub on its database, making both on first use.

    Args:
        url: PostgreSQL, as asyncpg takes it.
        origin: the log's name, for a new hub; an existing hub keeps its own.

    Raises:
        StoreUnavailable: the database cannot be reached, is newer than this program, or belongs to other
        keys.
    """
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=2,
            max_size=settings.pool_size,
            command_timeout=None,
            reset=_nothing_to_reset,
            server_settings={
                "statement_timeout": _STATEMENT_TIMEOUT,
                "lock_timeout": _LOCK_TIMEOUT,
                "application_name": "gatehouse",
                "jit": "off",
                "plan_cache_mode": "force_generic_plan",
            },
        )
    except (*LOST, asyncpg.PostgresError, ValueError) as error:
        # A ValueError is an address that is none; what it says may hold the password.
        raise StoreUnavailable(
            "database-unreachable",
            f"The database cannot be reached ({type(error).__name__}): check that it runs and the URL.",
        ) from error
    try:
        async with pool.acquire() as connection:
            await migrate(connection)
        recorder = Recorder(keys.decision)
        hub_id, origin = await settle(pool, keys, recorder, origin=origin, new_id=new_id, at=clock())
    except BaseException:
        await pool.close()
        raise
    head, tiles, recent, wake = LogHead(), TileCache(pool), Recent(), Wake(pool)
    integrator = Integrator(
        pool=pool,
        keys=keys,
        origin=origin,
        recorder=recorder,
        head=head,
        tiles=tiles,
        recent=recent,
        settings=settings,
        observe=observe,
    )
    hub = Hub(
        pool=pool,
        hub_id=hub_id,
        origin=origin,
        keys=keys,
        settings=settings,
        observe=observe,
        clock=clock,
        catalogue=load_catalogue(),
        facts=FactReader(),
        asks=AskReader(),
        recorder=recorder,
        head=head,
        tiles=tiles,
        integrator=integrator,
        prover=Prover(pool=pool, head=head, tiles=tiles, recent=recent, learn=integrator.learn),
        wake=wake,
        declaring=_batcher(pool, settings, lambda batch: declare(hub, batch)),
        depositing=_batcher(pool, settings, lambda batch: deposit(hub, batch)),
        acting=_batcher(pool, settings, lambda batch: act(hub, batch), limit=settings.acts_limit),
        receiving=_batcher(pool, settings, lambda batch: act(hub, batch)),
    )
    try:
        await verify_keys(pool, keys)
        await hub.integrator.open()
    except DamagedLog as damage:
        await pool.close()
        raise (
            other_keys()
            if damage.code == "checkpoint-not-ours"
            else StoreUnavailable(
                "damaged-log",
                f"The stored log is damaged ({damage.code}): restore the database from a backup.",
            )
        ) from damage
    except BaseException:
        await pool.close()
        raise
    return hub


def _batcher(
    pool: Pool,
    settings: Settings,
    run: Callable[[Sequence[In]], Awaitable[Sequence[Out | Problem]]],
    *,
    limit: int | None = None,
) -> Batcher[In, Out]:
    return Batcher(
        run,
        limit=limit or settings.batch_limit,
        gap=settings.batch_gap_ms / 1000,
        barrier=lambda: barrier(pool),
    )


@contextlib.asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[Hub]:
    """Keep the hub's work going inside the block; afterwards finish what is in flight and close the store."""
    batchers = (hub.declaring, hub.depositing, hub.acting, hub.receiving)
    for batcher in batchers:
        batcher.start()
    tasks = [
        asyncio.create_task(hub.integrator.run(), name="integrate"),
        asyncio.create_task(hub.wake.run(), name="wake"),
        asyncio.create_task(_sweep(hub), name="sweep"),
        asyncio.create_task(_redecide(hub), name="redecide"),
    ]
    hub.head.pending.set()
    try:
        yield hub
    finally:
        for batcher in batchers:
            await batcher.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # What was committed last should not wait for the next start to be provable.
        with contextlib.suppress(*LOST, asyncpg.PostgresError, CommitUnknown, DamagedLog, TimeoutError):
            while await asyncio.wait_for(hub.integrator.integrate(), 10):
                pass
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hub.pool.close(), 10)


async def _nothing_to_reset(_: Connection) -> None:
    # Nothing of ours outlives its transaction in a session: no setting, cursor or lasting lock; the one
    # LISTEN ends with its own listener. asyncpg has rolled back what was open. Its own reset would cost each
    # use of a connection a round trip that PostgreSQL parses anew every time.
    return


async def _sweep(hub: Hub) -> None:
    while True:
        await asyncio.sleep(hub.settings.sweep_interval)
        await _quietly("sweep", sweep(hub, at=hub.clock()))


async def _redecide(hub: Hub) -> None:
    while True:
        await hub.wake.held.wait()
        hub.wake.held.clear()
        await _quietly("redecide", redecide_held(hub, at=hub.clock()))


async def _quietly(what: str, work: "asyncio.Future[int] | object") -> None:
    # Background work that fails is logged by kind and tried again at its next turn; it must never end.
    try:
        await work  # type: ignore[misc]  # a coroutine of int
    except (*LOST, asyncpg.PostgresError, CommitUnknown) as error:
        _log.warning(f"{what}-store-unavailable", error=type(error).__name__)
    except Exception as error:  # see above
        _log.error(f"{what}-failed", error=type(error).__name__)


def hub_document(hub: Hub) -> dict[str, str | dict[str, str]]:
    """The hub's public keys, as agencies pin them (`broker.protocol.evidence.HubKeys`)."""
    return {
        "hub": hub.hub_id,
        "origin": hub.origin,
        "decision_key": hub.keys.decision.public.jwk(),
        "log_vkey": str(hub.keys.log_vkey(hub.origin)),
    }
