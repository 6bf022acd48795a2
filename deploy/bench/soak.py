"""A long run: 32 exchanges under way, and each minute what might grow: latency, memory, files."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from deploy.bench.figures import percentile
from deploy.bench.plan import IN_FLIGHT
from deploy.bench.process import rss_mb
from deploy.bench.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """One minute of it."""

    exchanges_per_s: float
    p50_ms: float
    p99_ms: float
    hub_rss_mb: float
    clients_rss_mb: float


@dataclass(slots=True, kw_only=True)
class Soaked:
    """The whole of it."""

    minutes: list[Minute] = field(default_factory=list)
    exchanges: int = 0
    proofs_checked: int = 0

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        return asdict(self)

    def words(self) -> str:
        """One sentence."""
        first, last = self.minutes[0], self.minutes[-1]
        return (
            f"{self.exchanges} exchanges, {self.proofs_checked} proofs, all of which held: from the first to "
            f"the last minute {first.exchanges_per_s:.0f} to {last.exchanges_per_s:.0f} exchanges/s, p99 "
            f"{first.p99_ms:.0f} to {last.p99_ms:.0f} ms, the hub's memory {first.hub_rss_mb:.0f} to "
            f"{last.hub_rss_mb:.0f} MiB."
        )


async def soak(stage: Stage, *, minutes: float, say: Callable[[str], None]) -> Soaked:
    """Keep Gatehouse under load for so many minutes. Raises BenchFailed where a proof does not hold."""
    side, soaked = stage.gatehouse, Soaked()
    until = time.monotonic() + minutes * 60
    while not soaked.minutes or time.monotonic() < until:
        found = await side.load(max(IN_FLIGHT), seconds=min(60.0, minutes * 60))
        ordered = sorted(found.latencies)
        minute = Minute(
            exchanges_per_s=round(found.rate, 1),
            p50_ms=round(percentile(ordered, 50) * 1e3, 2),
            p99_ms=round(percentile(ordered, 99) * 1e3, 2),
            hub_rss_mb=round(rss_mb(side.server.pid), 1),
            clients_rss_mb=round(rss_mb(side.clients.pid), 1),
        )
        soaked.minutes.append(minute)
        soaked.exchanges += len(ordered)
        say(f"minute {len(soaked.minutes)}: {minute}")
    soaked.proofs_checked = await side.proofs_checked()
    return soaked
