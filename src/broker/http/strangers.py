"""Room for callers nobody knows before their body is read: token requests, enrolments, administrators' acts.

It is small, and apart from what known agencies have. A stranger who is slow cannot shut others out of it:
where it is full, the one whose body has been awaited longest gives way to the next. An honest request comes
whole within moments, so it is let in and is gone again before its turn to give way.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from aiohttp import web

from broker.http.read import read_body
from broker.protocol.problem import Problem

_RETRY = 1


class Strangers:
    """Room for `count` requests by strangers, read and worked on."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._inside: set[Visit] = set()
        self._reading: dict[Visit, None] = {}

    @contextlib.contextmanager
    def entered(self) -> Iterator["Visit"]:
        """Count one request for as long as the block runs.

        Raises:
            Problem: `unavailable` (503), where all room is taken by requests that are being worked on.
        """
        if len(self._inside) >= self._count:
            self._make_way()
        visit = Visit(self)
        self._inside.add(visit)
        try:
            yield visit
        finally:
            self._inside.discard(visit)

    def _make_way(self) -> None:
        longest = next(iter(self._reading), None)
        if longest is None:
            raise busy()
        longest.end()
        self.stop_reading(longest)
        self._inside.discard(longest)

    def start_reading(self, visit: "Visit") -> None:
        """Note that a visit's body is awaited from now."""
        self._reading[visit] = None

    def stop_reading(self, visit: "Visit") -> None:
        """Note that a visit's body has come, or is awaited no more."""
        self._reading.pop(visit, None)


class Visit:
    """One stranger's request."""

    def __init__(self, strangers: Strangers) -> None:
        self._strangers = strangers
        self._patience = asyncio.timeout(None)

    def end(self) -> None:
        """Await its body no longer."""
        self._patience.reschedule(asyncio.get_running_loop().time())

    async def read(self, request: web.Request, *, media_type: str, limit: int, wait: float) -> bytes:
        """The body's exact bytes, once.

        Raises:
            Problem: as `read_body`; `unavailable` (503) where the visit had to give way.
        """
        try:
            async with self._patience:
                self._strangers.start_reading(self)
                try:
                    return await read_body(request, media_type=media_type, limit=limit, wait=wait)
                finally:
                    self._strangers.stop_reading(self)
        except TimeoutError:
            raise busy() from None


def busy() -> Problem:
    """The one answer to a stranger for whom there is no room."""
    return Problem(
        "unavailable",
        "The hub has too many callers it does not know yet. Repeat the same bytes in a moment.",
        retry_after=_RETRY,
    )
