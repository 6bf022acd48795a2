"""What every handler works with: the hub, the edge, our addresses and limits, and who is connected."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

from aiohttp import web

from broker.clock import Edge
from broker.http.hints import Ears
from broker.http.limits import Limits
from broker.http.origin import Origins
from broker.http.shares import Shares
from broker.http.strangers import Strangers
from broker.http.timings import Timings
from broker.hub import Hub


class Stoppable(Protocol):
    """What a hub that stops has to tell: a live connection, or a poll that waits."""

    def stop(self) -> None:
        """Answer what is being worked on and end."""


class Links:
    """The live connections of this process, and whether new ones are still taken.

    A connection counts from before it takes its generation until its leases are given back.
    """

    def __init__(self) -> None:
        self._open: set[Stoppable] = set()
        self._count = 0
        self.stopping = False
        self.none_left = asyncio.Event()
        self.none_left.set()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    def enter(self) -> None:
        """Count a connection in."""
        self._count += 1
        self.none_left.clear()

    def leave(self) -> None:
        """Count a connection out."""
        self._count -= 1
        if not self._count:
            self.none_left.set()

    def opened(self, link: Stoppable) -> None:
        """Take a connection into the care of `stop`."""
        self._open.add(link)
        if self.stopping:
            link.stop()

    def closed(self, link: Stoppable) -> None:
        """Let a connection go that has ended."""
        self._open.discard(link)

    def stop(self) -> None:
        """Take no more connections, and ask those there are to end."""
        self.stopping = True
        for link in tuple(self._open):
            link.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Wired once in `application`, read by every handler."""

    hub: Hub
    edge: Edge
    origins: Origins
    limits: Limits
    shares: Shares
    strangers: Strangers
    polls: Shares
    ears: Ears
    timings: Timings = field(default_factory=Timings)
    links: Links = field(default_factory=Links)


SURFACE: Final = web.AppKey("surface", Surface)
UPGRADED: Final = web.RequestKey("upgraded", bool)
"""Set on a request that has become a WebSocket: no answer can follow."""
