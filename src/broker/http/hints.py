"""Hints as an adapter hears them: from wake-ups to `changed`."""

import asyncio
from typing import TYPE_CHECKING, Final

from broker.exchange.wake import Subscription, WakeEvent
from broker.protocol.frame import Changed

if TYPE_CHECKING:
    from broker.hub import Hub

_NAMED: Final = 64
"""Envelopes named in one hint."""


def hint(event: WakeEvent) -> Changed:
    """One wake-up as a hint; one that names nothing says: look at everything."""
    return Changed(
        envelopes=list(event.envelopes[:_NAMED]),
        directory=event.kind == "directory",
        subject_key=event.kind == "subject-key",
    )


class Hints:
    """Several hints told as one."""

    def __init__(self) -> None:
        self._events: list[WakeEvent] = []

    def __bool__(self) -> bool:
        return bool(self._events)

    def add(self, event: WakeEvent) -> None:
        """Take one in."""
        self._events.append(event)

    def told(self) -> Changed | None:
        """All of them; None where there is none."""
        if not self._events:
            return None
        named = list(dict.fromkeys(jti for event in self._events for jti in event.envelopes))
        directory = any(event.kind == "directory" for event in self._events)
        subject_key = any(event.kind == "subject-key" for event in self._events)
        if any(event.kind == "changed" and not event.envelopes for event in self._events):
            named = []  # one of them says: look at everything
        return Changed(
            envelopes=named if len(named) <= _NAMED else [], directory=directory, subject_key=subject_key
        )


class Ears:
    """The ears of agencies that poll, kept from one poll to the next so that no hint between them is lost."""

    def __init__(self, hub: "Hub", *, keep: float) -> None:
        self._hub = hub
        self._keep = keep
        self._kept: dict[tuple[str, int], tuple[Subscription, asyncio.TimerHandle]] = {}

    def take(self, agency: str, number: int | None) -> Subscription:
        """The ear that heard since the last poll under this number; else a new one, which says to look at
        everything."""
        kept = None if number is None else self._kept.pop((agency, number), None)
        if kept is not None:
            kept[1].cancel()
            return kept[0]
        ear = self._hub.wake.subscribe(agency)
        if number is not None:
            for kind in ("changed", "directory", "subject-key"):
                ear.put(WakeEvent(kind=kind))
        return ear

    def leave(self, agency: str, number: int | None, ear: Subscription) -> None:
        """Keep an ear open until the next poll, or for so long."""
        if number is None:
            self._hub.wake.unsubscribe(ear)
            return
        self._drop(agency, number)
        timer = asyncio.get_running_loop().call_later(self._keep, self._drop, agency, number)
        self._kept[agency, number] = ear, timer

    def _drop(self, agency: str, number: int) -> None:
        kept = self._kept.pop((agency, number), None)
        if kept is not None:
            kept[1].cancel()
            self._hub.wake.unsubscribe(kept[0])
