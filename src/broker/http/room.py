"""Room for what is being worked on for one agency: so many frames or requests, so many bytes. On its live
connection whoever finds none waits; over plain HTTP it is told to come back."""

import asyncio


class Room:
    """Counted room, in bytes. One frame or request, of whatever size, always fits an empty room."""

    def __init__(self, *, count: int, size: int) -> None:
        self._count = count
        self._size = size
        self._taken = 0
        self._bytes = 0
        self._left = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Take room, waiting for others to leave. Only one task may wait at a time: a connection's reader."""
        while not self.try_enter(size):
            self._left.clear()
            await self._left.wait()

    def try_enter(self, size: int) -> bool:
        """Take room if there is any now; says whether."""
        if self._taken and (self._taken >= self._count or self._bytes + size > self._size):
            return False
        self._taken += 1
        self._bytes += size
        return True

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._taken

    def leave(self, size: int) -> None:
        """Give room back."""
        self._taken -= 1
        self._bytes -= size
        self._left.set()
