"""The queue of what goes out: envelopes, acts, receipts and looks at the hub, each in a task of its own.

Promises: everything open in the journal is taken up at the start, everything journalled later as soon as it
is seen; no row is worked on twice at once; what the hub cannot take now is tried again later; at most
`in_flight` at once, and as many of what reads a record system, which may take its time. The journal is the
truth: a kill loses this object and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from adapters.contradiction import NOT_SHOWN
from adapters.errors import Unreachable
from adapters.logs import log
from adapters.problem import HubProblem

_LATER: Final = 5.0
"""Seconds until what the hub could not take is tried again; the connection has already waited out short
troubles.
"""
_LONGEST_PAUSE: Final = 300.0
"""Seconds between tries of what keeps failing: a full disk, a database that is locked, a history that the hub
does not show.
"""
_GATHER: Final = 0.02
"""Seconds in which hints are gathered into one look."""

Job = tuple[str, ...]
"""What is to be done, and for which row: ("send", jti), ("act", jti), ("receipt", sender, jti)."""


class Outbox:
    """Runs jobs until stopped; `put` from anywhere in the loop."""

    def __init__(
        self,
        *,
        limit: int,
        do: Callable[[Job], Awaitable[None]],
        look: Callable[[Collection[str]], Awaitable[None]],
        later: float = _LATER,
        apart: Collection[str] = (),
    ) -> None:
        """`apart` names the kinds of jobs that have slots of their own, so that they hold no other up."""
        self._do = do
        self._look = look
        self._later = later
        self._slots = asyncio.Semaphore(limit)
        self._apart = {kind: asyncio.Semaphore(limit) for kind in apart}
        self._active: dict[Job, bool] = {}
        self._failing: set[Job] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hinted: set[str] = set()
        self._looking: set[str] = set()
        self._hint = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or waiting for the hub; what fails here is tried again, but not waited
        for.
        """
        return not set(self._active) - self._failing and not self._hinted and not self._looking

    def put(self, job: Job) -> None:
        """Do a job; one that is under way is done once more after it."""
        if job in self._active:
            self._active[job] = True
            return
        self._active[job] = False
        task = asyncio.ensure_future(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hint(self, jti: str) -> None:
        """An envelope of ours may have changed at the hub."""
        self._hinted.add(jti)
        self._hint.set()

    async def follow(self) -> None:
        """Turn hints into looks, until cancelled."""
        while True:
            await self._hint.wait()
            await asyncio.sleep(_GATHER)
            self._hint.clear()
            # Taken out before the look: what is hinted again meanwhile has changed since it was read.
            self._looking, self._hinted = self._hinted, set()
            try:
                if self._looking:
                    await self._look(list(self._looking))
            except (HubProblem, Unreachable) as error:
                log.warning("look-failed", code=error.code, count=len(self._looking))
                self._hinted |= self._looking
                await asyncio.sleep(self._later)
                self._hint.set()
            finally:
                self._looking = set()

    async def close(self) -> None:
        """Stop: what is under way is cut off, and taken up again from the journal at the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        pause = self._later
        try:
            while True:
                self._active[job] = False
                try:
                    async with self._apart.get(job[0], self._slots):
                        await self._do(job)
                except (HubProblem, Unreachable) as error:
                    log.warning("tried-again-later", kind=job[0], envelope=job[-1], code=error.code)
                    if error.code == NOT_SHOWN:
                        # The hub answers, but not with what is needed: asked less and less often.
                        await asyncio.sleep(pause)
                        pause = min(2 * pause, _LONGEST_PAUSE)
                    else:
                        await asyncio.sleep(self._later)
                    continue
                except Exception as error:
                    # One row's fault must not stop the others, nor wait for a restart: disks are emptied.
                    log.error("job-failed", kind=job[0], envelope=job[-1], error=type(error).__name__)
                    self._failing.add(job)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                self._failing.discard(job)
                if not self._active[job]:
                    return
        finally:
            self._failing.discard(job)
            del self._active[job]
