"""`/healthz`: this process answers. `/readyz`: it can do its work, and says which part cannot: the database,
the policy, the checkpoint (stands still while records wait), the log (a stored record is not the hub's), or
taking requests.

One look at the database serves everybody who asks within a second, so that asking costs nothing.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from broker.http.answers import Alive, Part, Readiness
from broker.http.problems import problem_of
from broker.http.respond import answer_response
from broker.http.surface import SURFACE, Surface
from broker.store.query import queries

_SQL = queries("health")
_KEPT: Final = 1.0
_LAG: Final = 30
"""Seconds a checkpoint may stand still while records wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a look at the database showed."""

    database: bool
    policy: bool
    records: int
    size: int

    @property
    def ready(self) -> bool:
        """Whether the database answers and a policy is in force; the log's lag needs two looks."""
        return self.database and self.policy


class Feeler:
    """Looks at the database at most once a second, one look at a time."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._turn = asyncio.Lock()
        self._looked = float("-inf")
        self._pulse = Pulse(database=False, policy=False, records=0, size=0)
        self._standing: tuple[int, float] | None = None

    async def feel(self) -> tuple[Pulse, bool]:
        """The newest pulse, and whether the log's checkpoint keeps up."""
        async with self._turn:
            at = self._surface.edge.ticks()
            if at - self._looked > _KEPT:
                self._pulse = await self._look()
                self._looked = at
                self._note(at)
            return self._pulse, self._standing is None or at - self._standing[1] <= _LAG

    def _note(self, at: float) -> None:
        if self._pulse.records <= self._pulse.size:
            self._standing = None
        elif self._standing is None or self._standing[0] != self._pulse.size:
            self._standing = (self._pulse.size, at)

    async def _look(self) -> Pulse:
        try:
            async with asyncio.timeout(self._surface.limits.database_wait):
                row = await self._surface.hub.pool.fetchrow(_SQL["read_pulse"])
        except Exception as error:  # whatever it was, the answer is "not ready"; problem_of logs its type
            problem_of(error)
            return Pulse(database=False, policy=False, records=self._pulse.records, size=self._pulse.size)
        assert row is not None
        return Pulse(
            database=True, policy=row["policy_version"] is not None, records=row["records"], size=row["size"]
        )


FEELER: Final = web.AppKey("feeler", Feeler)


async def healthz(request: web.Request) -> web.StreamResponse:
    """This process answers."""
    return answer_response(Alive())


async def readyz(request: web.Request) -> web.StreamResponse:
    """Database, policy and checkpoint; 503 unless all are well and the hub is not stopping."""
    pulse, keeps_up = await request.app[FEELER].feel()
    surface = request.app[SURFACE]
    parts = {
        "database": pulse.database,
        "policy": pulse.policy,
        "checkpoint": keeps_up,
        "log": surface.hub.head.forged is None,
        "taking": not surface.links.stopping,
    }
    shown: dict[str, Part] = {part: "ok" if ok else "failed" for part, ok in parts.items()}
    ready = all(parts.values())
    return answer_response(
        Readiness(status="ready" if ready else "not-ready", **shown), status=200 if ready else 503
    )
