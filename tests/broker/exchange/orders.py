"""Every order of the SQL statements of two tasks, on real PostgreSQL.

Each task stops before each statement until it is let go. Where both stand before a statement there are two
orders; all are run, one after the other, by repeating the run with another choice at the last place where
there was one. A statement that waits for a lock the other task holds is seen by `pg_blocking_pids`: then
only the other can go on. So the orders are exactly those the database allows. What a task does after its
COMMIT is no part of its transaction and happens at once, as does what is `apart`: a statement before the
transaction that reads nothing the other one writes.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from broker.store.transaction import Connection
from tests.broker.exchange.statements import WATCHER

PATIENCE: Final = 20.0
"""Seconds without any progress after which a run has failed: nothing here takes a hundredth of that."""
_LOOK: Final = 0.002
MOST: Final = 200
"""Orders of one pair: guard rows leave a tenth of this, and one without them would run for ever."""


class Actor:
    """One of the two tasks: a watcher that stops it before each statement."""

    def __init__(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        self.name = name
        self.steps: list[str] = []
        self.next: str | None = None
        self.waited = False
        self.committed = False
        self.pid = 0
        self._go = asyncio.Event()
        self._moved = asyncio.Event()
        self.task: asyncio.Task[Any] = asyncio.create_task(self._run(work), name=name)

    async def _run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        WATCHER.set(self)
        try:
            return await work()
        except Exception as error:  # the outcome of this task, for the test to judge
            return error
        finally:
            self._moved.set()

    async def before(self, name: str, pid: int) -> None:
        self.next, self.pid = name, pid
        self._moved.set()
        await self._go.wait()
        self._go.clear()

    async def after(self, name: str) -> None:
        pass

    def go(self) -> None:
        """Let the statement it stands before happen."""
        assert self.next is not None
        self.steps.append(self.next)
        self.committed = self.committed or self.next == "COMMIT"
        self.next = None
        self._moved.clear()
        self._go.set()

    @property
    def finished(self) -> bool:
        return self.task.done()

    async def settled(self, locks: Connection, other: "Actor") -> bool:
        """Wait until it stands before a statement or has ended (true), or waits for the other one (false)."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while not (self.finished or self.next is not None):
            try:
                async with asyncio.timeout(_LOOK):
                    await self._moved.wait()
                    if self.next is None:
                        await asyncio.wait([self.task])
            except TimeoutError:
                # Whoever waits for the hub's own background work is let wait: it is soon over.
                if await locks.fetchval("SELECT $2 = ANY(pg_blocking_pids($1))", self.pid, other.pid):
                    self.waited = True
                    return False
            assert loop.time() < end, f"{self.name} neither moves nor waits, after {self.steps}"
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One order: the statements as they were let go, what each task came to, who had to wait."""

    order: tuple[tuple[str, str], ...]
    results: dict[str, Any]
    waited: frozenset[str]


@dataclass(slots=True)
class Orders:
    """All orders of two tasks that `make` sets up anew for each run.

    `switches`: how often at most a task that could go on is left standing for the other; None: always.
    Where no guard row makes one wait for the other from its first statement on, all orders are thousands,
    and one switch at each place finds whoever waits in a circle.
    """

    locks: Connection
    apart: frozenset[str]
    make: Callable[[], Coroutine[Any, Any, dict[str, Callable[[], Awaitable[Any]]]]]
    switches: int | None = None
    _taken: list[int] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[Ran]:
        for ran in itertools.count(1):
            assert ran <= MOST, "more orders than the guard rows should leave"
            yield await self._one()
            while self._taken and self._taken[-1] == 1:
                self._taken.pop()
            if not self._taken:
                return
            self._taken[-1] = 1

    async def _one(self) -> Ran:
        actors = [Actor(name, work) for name, work in (await self.make()).items()]
        order: list[tuple[str, str]] = []
        choices = itertools.count()
        left, running = self.switches, None
        while True:
            settled = [await actor.settled(self.locks, actors[1 - n]) for n, actor in enumerate(actors)]
            ready = [
                actor for actor, here in zip(actors, settled, strict=True) if here and not actor.finished
            ]
            if not ready:
                # Nobody stands before a statement: all have ended, or a lock given back is about to reach
                # who waits.
                if all(actor.finished for actor in actors):
                    break
                continue
            at_once = [actor for actor in ready if actor.committed or actor.next in self.apart]
            if running in ready and ready[0] is not running:
                ready.reverse()
            chosen = (at_once or ready)[0]
            if len(ready) > 1 and not at_once and (running is None or left is None or left > 0):
                chosen = ready[self._choice(next(choices))]
                if running is not None and chosen is not running and left is not None:
                    left -= 1
            if not at_once:
                running = chosen
            assert chosen.next is not None
            order.append((chosen.name, chosen.next))
            chosen.go()
        return Ran(
            order=tuple(order),
            results={actor.name: actor.task.result() for actor in actors},
            waited=frozenset(actor.name for actor in actors if actor.waited),
        )

    def _choice(self, number: int) -> int:
        if number == len(self._taken):
            self._taken.append(0)
        return self._taken[number]
