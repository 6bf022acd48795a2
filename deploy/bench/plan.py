"""How long a run takes and what it does. Seconds are of one round; a round is one side at one number in
flight.
"""

from dataclasses import dataclass
from typing import Final

IN_FLIGHT: Final = (1, 32)
"""Exchanges under way at once: one shows the latency of a single exchange, 32 what the machine carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`flat` exchanges are counted for memory after the rounds, beyond those of the rounds themselves."""

    rounds: int
    seconds: dict[int, float]
    warm_up: float
    flat: int

    def __post_init__(self) -> None:
        assert set(self.seconds) == set(IN_FLIGHT)


QUICK: Final = Plan(rounds=2, seconds={1: 1.5, 32: 4.0}, warm_up=2.0, flat=0)
"""Within a minute: enough for the ratio, not for the tail."""
FULL: Final = Plan(rounds=5, seconds={1: 4.0, 32: 8.0}, warm_up=4.0, flat=10_000)
"""A few minutes: five alternating rounds, then ten thousand exchanges for memory."""
