"""What was measured, from one round to one line of the report. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Processor seconds used by each part of one side."""

    hub: float
    database: float
    clients: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One side at one number in flight: `latencies` in seconds, one for each exchange."""

    latencies: Sequence[float]
    seconds: float
    cpu: Cpu

    @property
    def rate(self) -> float:
        """Exchanges a second."""
        return len(self.latencies) / self.seconds


@dataclass(slots=True, kw_only=True)
class Figures:
    """All rounds of one side at one number in flight."""

    rounds: list[Round] = field(default_factory=list)

    @property
    def exchanges(self) -> int:
        """How many exchanges all rounds came to."""
        return sum(len(each.latencies) for each in self.rounds)

    @property
    def rate(self) -> float:
        """Exchanges a second over all rounds."""
        return self.exchanges / sum(each.seconds for each in self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The slowest and the fastest round, in exchanges a second."""
        rates = [each.rate for each in self.rounds]
        return min(rates), max(rates)

    def document(self) -> dict[str, Any]:
        """As the JSON object has it: milliseconds of an exchange, processor microseconds for one."""
        latencies = sorted(latency for each in self.rounds for latency in each.latencies)
        used = {
            part: sum(getattr(each.cpu, part) for each in self.rounds) / self.exchanges * 1e6
            for part in ("hub", "database", "clients")
        }
        return {
            "exchanges_per_s": round(self.rate, 1),
            "p50_ms": round(percentile(latencies, 50) * 1e3, 2),
            "p95_ms": round(percentile(latencies, 95) * 1e3, 2),
            "p99_ms": round(percentile(latencies, 99) * 1e3, 2),
            "cpu_us": {part: round(value) for part, value in used.items()},
        }


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of 100 of the ordered values do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100).__trunc__() - 1)]
