"""Group commit: what arrives while one transaction runs, or shortly after it began, goes into the next
together. The longer transactions take, the longer is gathered: a busy hub makes few that carry much, and a
quiet one does not wait.

One batcher per verb, one transaction in flight each. Agencies take turns, one item each: one agency's flood
waits for itself, and nobody for it. A batch that fails is tried again one by one, so that one bad declaration
costs nobody else; a commit whose answer was lost is run again behind a barrier and gives the first outcome.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import asyncpg

from broker.exchange.caller import Caller
from broker.protocol.problem import Problem
from broker.store.transaction import LOST, CommitUnknown


class Called(Protocol):
    """Work that an agency asks for."""

    @property
    def caller(self) -> Caller:
        """Whose turn it takes."""


In = TypeVar("In", bound=Called)
Out = TypeVar("Out")


class RunAgain(Exception):
    """Another transaction wrote the same id meanwhile: run again, read it, and give its outcome."""


_AGAIN: Final = (
    RunAgain,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    CommitUnknown,
    *LOST,
)
_TRIES: Final = 4
"""Attempts at one item: enough to get over a restarted database's first second, few enough to answer in time.
"""
_REST: Final = 3.0
"""A batch begins this many times as long after the one before began as that one took: every transaction costs
both processors a fixed part, so a hub that is kept busy spends it on more work each time.
"""
_LONGEST: Final = 0.25
"""Seconds: one transaction that had to wait for a lock does not make the next ones wait as long again."""
QUEUE_LIMIT: Final = 4_096
"""Work waiting beyond this is refused with 503 rather than kept: the sender has it journalled."""


class Batcher(Generic[In, Out]):
    """Collects items and runs them together; `submit` returns an item's own outcome or raises its own
    problem.
    """

    def __init__(
        self,
        run: Callable[[Sequence[In]], Awaitable[Sequence[Out | Problem]]],
        *,
        limit: int,
        gap: float,
        barrier: Callable[[], Awaitable[None]],
    ) -> None:
        self._run = run
        self._limit = limit
        self._gap = gap
        self._barrier = barrier
        self._lines: dict[str, deque[tuple[In, asyncio.Future[Out]]]] = {}
        self._count = 0
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._next = 0.0

    def start(self) -> None:
        """Begin to work off what is submitted."""
        self._task = asyncio.create_task(self._work(), name="batcher")

    async def stop(self) -> None:
        """Finish the batch in flight; refuse what still waits, and what comes later."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for _, future in self._turns(self._count):
            _settle(future, _unavailable())

    async def submit(self, item: In) -> Out:
        """Run one item with whatever else is waiting.

        Raises:
            Problem: the item's own, or `unavailable` when the database cannot be reached.
        """
        if self._stopped or self._count >= QUEUE_LIMIT:
            raise _unavailable()
        future: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(item.caller.agency, deque()).append((item, future))
        self._count += 1
        self._arrived.set()
        return await future

    def _turns(self, most: int) -> list[tuple[In, "asyncio.Future[Out]"]]:
        # The agency at the head gives one item and goes to the end of the others.
        taken: list[tuple[In, asyncio.Future[Out]]] = []
        while self._lines and len(taken) < most:
            agency = next(iter(self._lines))
            line = self._lines.pop(agency)
            taken.append(line.popleft())
            if line:
                self._lines[agency] = line
        self._count -= len(taken)
        return taken

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._lines:
                await self._gather()
                began = asyncio.get_running_loop().time()
                running = asyncio.ensure_future(self._batch(self._turns(self._limit)))
                try:
                    await asyncio.shield(running)
                except asyncio.CancelledError:
                    await running
                    raise
                took = asyncio.get_running_loop().time() - began
                self._next = began + min(max(self._gap, _REST * took), _LONGEST)

    async def _gather(self) -> None:
        wait = self._next - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _batch(self, batch: list[tuple[In, asyncio.Future[Out]]]) -> None:
        try:
            outcomes: Sequence[Out | Exception] = await self._run([item for item, _ in batch])
        except Exception as error:  # whatever one item broke must not cost the others their turn
            if isinstance(error, CommitUnknown):
                await self._quiet_barrier()
            outcomes = [await self._alone(item) for item, _ in batch]
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)

    async def _alone(self, item: In) -> Out | Exception:
        for attempt in range(_TRIES):
            try:
                return (await self._run([item]))[0]
            except _AGAIN as error:
                if isinstance(error, CommitUnknown):
                    await self._quiet_barrier()
                await asyncio.sleep(0.05 * 4**attempt)
            except Problem as problem:
                return problem
            except (
                Exception
            ) as error:  # reported to its own sender as a failure of the hub, logged at the edge
                return error
        return _unavailable()

    async def _quiet_barrier(self) -> None:
        # A barrier that fails leaves the commit unknown; the repeat reads what is there and is refused or
        # finds it.
        try:
            await self._barrier()
        except _AGAIN:
            await asyncio.sleep(0.2)


def _settle(future: "asyncio.Future[Out]", outcome: Out | Exception) -> None:
    if future.done():
        return  # its caller went away; the effect stands and a repeat will find it
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _unavailable() -> Problem:
    return Problem(
        "unavailable",
        "The hub cannot reach its database now. Repeat the same bytes in a moment.",
        retry_after=2,
    )
