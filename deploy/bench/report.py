"""What is printed: one JSON object, or the same in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.bench.figures import Figures
from deploy.bench.plan import IN_FLIGHT

_SIDES = ("relay", "gatehouse")


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything one run found."""

    database: Mapping[str, str]
    fdatasync_us: float
    primitives: Mapping[str, float]
    figures: dict[str, dict[int, Figures]] = field(
        default_factory=lambda: {side: {count: Figures() for count in IN_FLIGHT} for side in _SIDES}
    )
    rss_before_mb: float = 0.0
    rss_after_mb: float = 0.0
    exchanges_between: int = 0
    proofs_checked: int = 0

    def ratio(self, in_flight: int) -> float:
        """Gatehouse's exchanges a second for each one of the relay."""
        return self.figures["gatehouse"][in_flight].rate / self.figures["relay"][in_flight].rate

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        sides = {
            side: {f"c{count}": figures.document() for count, figures in self.figures[side].items()}
            for side in _SIDES
        }
        return {
            "fsync": self.database["fsync"],
            "fdatasync_us": round(self.fdatasync_us),
            **sides,
            **{f"ratio_c{count}": round(self.ratio(count), 3) for count in IN_FLIGHT},
            "hub_rss_mb": {"before": round(self.rss_before_mb, 1), "after": round(self.rss_after_mb, 1)},
            "proofs_checked": self.proofs_checked,
        }

    def words(self) -> str:
        """The same as a table and a few sentences."""
        head = f"{'':<22}{'exchanges/s':>12}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
        table = [
            _line(f"{side}, {count} in flight", self.figures[side][count])
            for count in IN_FLIGHT
            for side in _SIDES
        ]
        ratios = [self._ratio_words(count) for count in IN_FLIGHT]
        return "\n".join(
            [
                f"{head}   processor µs per exchange: hub, database, clients",
                *table,
                "",
                *ratios,
                *self._rest(),
            ]
        )

    def _ratio_words(self, count: int) -> str:
        low, high = self.figures["gatehouse"][count].spread
        return (
            f"With {count} in flight Gatehouse carries {self.ratio(count):.2f} of what the relay does with "
            f"the same commits (its rounds: {low:.0f} to {high:.0f} exchanges/s)."
        )

    def _rest(self) -> list[str]:
        said = self.database
        names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        durable = ", ".join(f"{name} {said[name]}" for name in names)
        before, after = self.rss_before_mb, self.rss_after_mb
        between, proofs = self.exchanges_between, self.proofs_checked
        primitives = "; ".join(f"{name} {micro:.0f} µs" for name, micro in self.primitives.items())
        return [
            "An exchange is one ask and one item, each to its receipt.",
            f"{proofs} proofs were verified, and all of them held.",
            f"The hub's memory: {before:.1f} MiB, and {after:.1f} MiB {between} exchanges later.",
            f"PostgreSQL {said['server_version']} with {durable}.",
            f"A written block is on the disk in {self.fdatasync_us:.0f} µs; {primitives}.",
        ]


def _line(name: str, figures: Figures) -> str:
    found = figures.document()
    cpu = found["cpu_us"]
    return (
        f"{name:<22}{found['exchanges_per_s']:>12.1f}{found['p50_ms']:>9.1f}{found['p95_ms']:>9.1f}"
        f"{found['p99_ms']:>9.1f}   {cpu['hub']}, {cpu['database']}, {cpu['clients']}"
    )
