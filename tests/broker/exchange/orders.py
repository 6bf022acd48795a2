"""Every order of the SQL statements of two tasks, on real PostgreSQL.

Each task stops before each statement until it is let go. Where both stand before a statement there are two
orders; all are run, one after the other, by repeating the run with another choice at the last place where
there was one. A statement that waits for a lock the other task holds is seen by `pg_blocking_pids`: then
only the other can go on. So the orders are exactly those the database allows. What a task does after its
COMMIT is no part of its transaction and happens at once, as does what is `apart`: a statement before the
transaction that reads nothing the other one writes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from broker.store.transaction import Connection
from tests.broker.exchange.statements import WATCHER

PATIENCE: Final = 20.0
"""Seconds without any progress after which a run has failed: nothing here takes a hundredth of that."""
_LOOK: Final = 0.002


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
class _Choice:
    taken: int


@dataclass(slots=True)
class Orders:
    """All orders of two tasks that `make` sets up anew for each run."""

    locks: Connection
    apart: frozenset[str]
    make: Callable[[], Coroutine[Any, Any, dict[str, Callable[[], Awaitable[Any]]]]]
    _choices: list[_Choice] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[Ran]:
        while True:
            yield await self._one()
            while self._choices and self._choices[-1].taken == 1:
                self._choices.pop()
            if not self._choices:
                return
            self._choices[-1].taken = 1

    async def _one(self) -> Ran:
        actors = [Actor(name, work) for name, work in (await self.make()).items()]
        order: list[tuple[str, str]] = []
        met = 0
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
            chosen = (at_once or ready)[0]
            if len(ready) > 1 and not at_once:
                if met == len(self._choices):
                    self._choices.append(_Choice(taken=0))
                chosen = ready[self._choices[met].taken]
                met += 1
            assert chosen.next is not None
            order.append((chosen.name, chosen.next))
            chosen.go()
        return Ran(
            order=tuple(order),
            results={actor.name: actor.task.result() for actor in actors},
            waited=frozenset(actor.name for actor in actors if actor.waited),
        )
