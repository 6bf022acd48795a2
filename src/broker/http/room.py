"""Room for what one connection has being worked on: so many frames, so many bytes. Whoever finds none
waits."""

import asyncio


class Room:
    """Counted room; `enter` waits until a frame of `size` bytes fits. One frame always fits an empty room."""

    def __init__(self, *, count: int, size: int) -> None:
        self._count = count
        self._size = size
        self._taken = 0
        self._bytes = 0
        self._left = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Take room, waiting for others to leave. Only one task may wait at a time: a connection's reader."""
        while self._taken and (self._taken >= self._count or self._bytes + size > self._size):
            self._left.clear()
            await self._left.wait()
        self._taken += 1
        self._bytes += size

    def leave(self, size: int) -> None:
        """Give room back."""
        self._taken -= 1
        self._bytes -= size
        self._left.set()
