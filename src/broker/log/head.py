"""The newest checkpoint this process knows, and whoever waits for a record to lie under one."""

import asyncio
import heapq
import itertools


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
        self.forged: int | None = None
        """Index of a record the decision key did not sign: the log stops before it until an operator looks.
        """

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
