"""The newest checkpoint this process knows, and whoever waits for a record to lie under one."""

import asyncio
import heapq
import itertools
from typing import Final

REST: Final = 0.1
"""Seconds that handovers and receipts may lie outside the tree; a permit waited for takes them along."""


class LogHead:
    """Size, root and signed note of the newest checkpoint; `covers` waits until an index is under it."""

    def __init__(self) -> None:
        self.size = -1
        self.root = b""
        self.note = b""
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self.pending = asyncio.Event()
        """Set when records were committed that no checkpoint covers yet."""
        self._timer: asyncio.TimerHandle | None = None
        self.forged: int | None = None
        """Index of a record the decision key did not sign: the log stops before it until an operator looks.
        """

    def recorded(self) -> None:
        """Say that records were committed on whose proof nobody waits: they are integrated within `REST`."""
        if self._timer is None and not self.pending.is_set():
            self._timer = asyncio.get_running_loop().call_later(REST, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self.pending.set()

    def publish(self, *, size: int, root: bytes, note: bytes) -> None:
        """Take a newer checkpoint; an older or equal one changes nothing."""
        if size <= self.size:
            return
        self.size, self.root, self.note = size, root, note
        while self._waiting and self._waiting[0][0] < size:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)

    async def covers(self, index: int, *, within: float) -> bool:
        """Wait until a checkpoint covers `index`, at most `within` seconds; tell whether it does."""
        if index < self.size:
            return True
        self.pending.set()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (index, next(self._order), future))
        try:
            async with asyncio.timeout(within):
                await future
        except TimeoutError:
            return index < self.size
        return True
