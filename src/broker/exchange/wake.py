"""Wake-ups: who has something to fetch. A hint and never the truth: whoever is woken reads the database.

Within this process directly, across processes by LISTEN/NOTIFY, one notification per transaction.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import structlog

from broker.store.query import queries
from broker.store.transaction import LOST, Connection, Pool

_SQL = queries("connection")
_log = structlog.get_logger("gatehouse.wake")
CHANNEL: Final = "gatehouse"
_CHECK: Final = 5.0
"""Seconds between looks at whether the listening connection is alive."""
_NAMED: Final = 64
"""Envelopes named to one agency; more are not named one by one."""
_PART: Final = 150
"""Agencies and envelopes in one notification: each takes up to 47 of its 8,000 bytes."""
_QUEUE: Final = 256
"""Hints waiting for one connection; beyond this one that says "look at everything" stands for all."""

Told = Mapping[str, Sequence[str]]
"""Agencies, each with the envelopes it is to look at: its own, and never another's."""
EVERYONE: Final[Told] = {"*": ()}


def by_sender(envelopes: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Envelopes given as (sender, jti), by their senders: nobody hears of another's."""
    told: dict[str, list[str]] = {}
    for sender, jti in envelopes:
        told.setdefault(sender, []).append(jti)
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeEvent:
    """kind: handover, changed, replaced, stopped, directory, subject-key, or held (for the hub's sweep)."""

    kind: str
    envelopes: tuple[str, ...] = ()
    generation: int | None = None


@dataclass(slots=True, eq=False)
class Subscription:
    """One connection's ear."""

    agency: str
    queue: "asyncio.Queue[WakeEvent]" = field(default_factory=lambda: asyncio.Queue(_QUEUE))

    async def next(self) -> WakeEvent:
        """Wait for the next hint."""
        return await self.queue.get()

    def at_once(self) -> WakeEvent | None:
        """The next hint if one is there."""
        return None if self.queue.empty() else self.queue.get_nowait()

    def put(self, event: WakeEvent) -> None:
        """Take a hint; when too many wait, the oldest gives way, as every hint means "look"."""
        if self.queue.full():
            with contextlib.suppress(asyncio.QueueEmpty):
                self.queue.get_nowait()
        self.queue.put_nowait(event)


class Wake:
    """The hints of one hub process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._ear = 0
        self.held = asyncio.Event()
        """Set when a fact changed that held envelopes may wait for."""

    def subscribe(self, agency: str) -> Subscription:
        """Listen for one agency."""
        subscription = Subscription(agency)
        self._subscriptions.setdefault(agency, set()).add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop listening."""
        ears = self._subscriptions.get(subscription.agency, set())
        ears.discard(subscription)
        if not ears:
            self._subscriptions.pop(subscription.agency, None)

    async def tell(
        self,
        connection: Connection,
        kind: str,
        to: Told,
        *,
        generation: int | None = None,
        here: bool = False,
    ) -> None:
        """Tell every hub process when the transaction commits.

        Args:
            to: whom, each with envelopes of its own to look at; `*` is everyone, and names none.
            here: this process is told by `tell_here` after the commit, and need not hear it again.
        """
        for part in _parts(to):
            message: dict[str, object] = {"kind": kind, "to": part}
            if generation is not None:
                message["generation"] = generation
            if here:
                message["from"] = self._ear
            await connection.execute(_SQL["notify"], json.dumps(message))

    def tell_here(self, kind: str, to: Told, *, generation: int | None = None) -> None:
        """Tell this process at once, without waiting for the database's notification to come round."""
        if kind == "held":
            self.held.set()
        for agency, envelopes in to.items():
            event = WakeEvent(kind=kind, envelopes=tuple(envelopes), generation=generation)
            for name in self._subscriptions if agency == "*" else [agency]:
                for subscription in self._subscriptions.get(name, ()):
                    subscription.put(event)

    async def run(self) -> None:
        """Listen until cancelled; after a lost connection everyone is told to look."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    self._ear = connection.get_server_pid()
                    await connection.add_listener(CHANNEL, self._heard)
                    try:
                        self._look_everywhere()
                        while not connection.is_closed():
                            await asyncio.sleep(_CHECK)
                            await connection.execute("SELECT 1")
                    finally:
                        if not connection.is_closed():
                            await connection.remove_listener(CHANNEL, self._heard)
            except (*LOST, asyncpg.PostgresError, TimeoutError) as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # Told to stop while the database was gone: its error must not stand in for the stop.
                    raise asyncio.CancelledError from error
                _log.warning("wake-lost", error=type(error).__name__)
                await asyncio.sleep(0.5)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        message = json.loads(payload)
        if message.get("from") != self._ear:
            self.tell_here(message["kind"], message["to"], generation=message.get("generation"))

    def _look_everywhere(self) -> None:
        self.held.set()
        for kind in ("handover", "changed"):
            self.tell_here(kind, EVERYONE)


def _parts(to: Told) -> Iterator[dict[str, Sequence[str]]]:
    # Each part fits a notification; an agency with too many envelopes is told to look at everything.
    part: dict[str, Sequence[str]] = {}
    count = 0
    for agency in sorted(to):
        named = to[agency] if len(to[agency]) <= _NAMED else ()
        if count + 1 + len(named) > _PART:
            yield part
            part, count = {}, 0
        part[agency] = list(named)
        count += 1 + len(named)
    if part:
        yield part
