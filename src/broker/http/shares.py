"""Each agency's share of what the hub works on over plain HTTP: an agency that fills its own is told to come
back, and no other agency notices."""

import contextlib
from collections.abc import Iterator

from broker.http.room import Room
from broker.protocol.problem import Problem

_RETRY = 1


class Shares:
    """A `Room` of `count` requests and `size` bytes for each agency that has any request now."""

    def __init__(self, *, count: int, size: int) -> None:
        self._count = count
        self._size = size
        self._rooms: dict[str, Room] = {}

    @contextlib.contextmanager
    def taken(self, agency: str, size: int) -> Iterator[None]:
        """Count one request of `size` bytes for as long as the block runs.

        Raises:
            Problem: `too-many` (429), where the agency's share is full.
        """
        room = self._rooms.setdefault(agency, Room(count=self._count, size=self._size))
        if not room.try_enter(size):
            raise Problem(
                "too-many",
                "Your agency has as many requests under way as this hub takes from one. "
                "Wait for their answers, then repeat the same bytes.",
                retry_after=_RETRY,
            )
        try:
            yield
        finally:
            room.leave(size)
            if room.empty:
                self._rooms.pop(agency, None)
