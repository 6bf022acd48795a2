"""`/metrics` for Prometheus, on a port of its own on this machine: numbers by code, state, route and verb.

No label names an agency, a person, an envelope or a category, so that who can read it learns how the hub
fares and not who talks to whom. Counters begin with the process, and each record counts in the process that
brought it under a checkpoint; what waits is read from the database, at most once in `_KEPT` seconds.
"""

import asyncio
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from broker.http.problems import problem_of
from broker.http.surface import Surface
from broker.log.tally import Tally
from broker.store.query import queries

_SQL = queries("health")
_KEPT: Final = 5.0
_STATES: Final = ("held", "permitted", "deposited", "handed_over")


class _Records(Collector):
    """The tally of records, read when it is asked for."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> list[CounterMetricFamily]:
        family = CounterMetricFamily(
            "gatehouse_records",
            "Records brought under a checkpoint by this process: decisions and every change of an envelope.",
            labels=("record", "kind", "outcome"),
        )
        for label, count in self._tally.counts.items():
            family.add_metric((label.record, label.kind, label.outcome), count)
        return [family]


class Metrics:
    """What is shown, beside the times that `surface.timings` keeps."""

    def __init__(self, surface: Surface) -> None:
        registry = self.registry = CollectorRegistry()
        registry.register(_Records(surface.hub.integrator.tally))
        for histogram in (surface.timings.requests, surface.timings.verbs):
            registry.register(histogram)
        self._surface = surface
        self._turn = asyncio.Lock()
        self._looked = float("-inf")
        self._waiting = _gauge(registry, "envelopes_waiting", "Envelopes on their way, by state.", "state")
        self._oldest = _gauge(
            registry, "oldest_waiting_seconds", "Age of the oldest of them, since its decision.", "state"
        )
        self._stuck = _gauge(registry, "envelopes_stuck", "Handed over twice or more without a receipt.")
        self._size = _gauge(registry, "log_size", "Records under the newest checkpoint.")
        self._pending = _gauge(registry, "log_pending", "Records that no checkpoint covers yet.")
        self._links = _gauge(registry, "connections", "Live connections and polls of this process.")
        self._database = _gauge(registry, "database_up", "1 where the database answered the last look.")

    async def shown(self) -> bytes:
        """Look, if the last look is old, and give the text format."""
        async with self._turn:
            at = self._surface.edge.ticks()
            if at - self._looked > _KEPT:
                await self._look()
                self._looked = at
        self._links.set(self._surface.links.count)
        return generate_latest(self.registry)

    async def _look(self) -> None:
        hub = self._surface.hub
        try:
            async with asyncio.timeout(self._surface.limits.database_wait):
                pulse = await hub.pool.fetchrow(_SQL["read_pulse"])
                queues = {row["state"]: row for row in await hub.pool.fetch(_SQL["read_queues"])}
        except Exception as error:  # shown as a number; problem_of logs its type
            problem_of(error)
            self._database.set(0)
            return
        assert pulse is not None
        self._database.set(1)
        self._size.set(pulse["size"])
        self._pending.set(max(0, pulse["records"] - pulse["size"]))
        now = self._surface.edge.now()
        for state in _STATES:
            row = queues.get(state)
            self._waiting.labels(state).set(row["count"] if row else 0)
            age = now - (row["oldest"] - hub.settings.deposit_within) if row else 0
            self._oldest.labels(state).set(max(0, age))
        self._stuck.set(sum(row["stuck"] for row in queues.values()))


def _gauge(registry: CollectorRegistry, name: str, says: str, *labels: str) -> Gauge:
    return Gauge(f"gatehouse_{name}", says, labels, registry=registry)


def metrics_application(surface: Surface) -> web.Application:
    """`GET /metrics` and nothing else."""
    metrics = Metrics(surface)

    async def show(_: web.Request) -> web.StreamResponse:
        return web.Response(body=await metrics.shown(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.router.add_get("/metrics", show)
    return app
