"""Both sides set up from nothing: a certificate, relay and hub with a database each, their clients; ended in
order.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from broker.store import postgres
from deploy.bench.case import ASKER, CATEGORY, SOURCE
from deploy.bench.certificate import make_certificate
from deploy.bench.figures import Cpu, Round
from deploy.bench.process import BenchFailed, Program, cpu_seconds, postmaster, run, start

_BODIES: Final[dict[str, dict[str, Any]]] = {
    ASKER: {
        "id": "benchford-council", "name": "Benchford Council (invented)",
        "public_authority": True, "local_authority": True,
    },
    SOURCE: {
        "id": "benchford-trust", "name": "Benchford Hospital Trust (invented)",
        "public_authority": True, "nhs_body": True,
    },
}  # fmt: skip
_SECTORS: Final = {ASKER: "social_care", SOURCE: "health"}
_DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "server_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side running: its server, its database's first process, its clients."""

    name: str
    server: Program
    database: int
    clients: Program

    async def load(self, in_flight: int, **when: float) -> Round:
        """One round: latencies, and what each part used of the processor until all was quiet again."""
        before = self._used()
        done = await self.clients.ask("load", in_flight=in_flight, **when)
        after = self._used()
        cpu = Cpu(**{part: after[part] - before[part] for part in before})
        return Round(latencies=done["latencies"], seconds=done["seconds"], cpu=cpu)

    async def proofs_checked(self) -> int:
        """How many proofs its clients verified. Raises BenchFailed where one envelope was not proved."""
        found = await self.clients.ask("checked")
        return int(found["proofs_checked"])

    def _used(self) -> dict[str, float]:
        return {
            "hub": cpu_seconds(self.server.pid),
            "database": cpu_seconds(self.database),
            "clients": cpu_seconds(self.clients.pid),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Both sides, and how their databases say they are set; the two are set alike."""

    relay: Side
    gatehouse: Side
    database: dict[str, str]


@contextlib.asynccontextmanager
async def staged(state: Path) -> AsyncIterator[Stage]:
    """Set up below `state`, which is empty; what was started is stopped at the end, also after a failure."""
    started: list[Program] = []
    certificate, key = make_certificate(state)
    tls = ("--tls-cert", certificate, "--tls-key", key)

    async def program(name: str, *arguments: str | Path, ready: str) -> tuple[Program, str]:
        begun = await start(name, *arguments, logs=state)
        started.append(begun)
        return begun, await begun.ready(ready)

    async def relay_side() -> Side:
        place = state / "relay"
        place.mkdir(mode=0o700)
        server, url = await program(
            "relay", "deploy.bench.relay", "--state", place, *tls, ready="relay is listening on "
        )
        clients, _ = await program(
            *("relay-clients", "deploy.bench.relay_clients", "--relay", url, "--ca", certificate),
            *("--state", state / "relay-clients"),
            ready="ready",
        )
        return Side(name="relay", server=server, database=postmaster(place), clients=clients)

    async def gatehouse_side() -> Side:
        place = state / "hub"
        server, url = await program(
            *("hub", "gatehouse", "serve", "--state", place, "--port", "0", *tls),
            ready="gatehouse is listening on ",
        )
        codes = await asyncio.gather(*(_add(place, agency, certificate) for agency in (ASKER, SOURCE)))
        await _agree(place, certificate)
        clients, _ = await program(
            *("clients", "deploy.bench.gatehouse_clients", "--hub", url, "--ca", certificate),
            *("--state", state / "clients", "--asker-code", codes[0], "--source-code", codes[1]),
            ready="ready",
        )
        return Side(name="gatehouse", server=server, database=postmaster(place), clients=clients)

    try:
        async with asyncio.TaskGroup() as sides:
            peer, ours = sides.create_task(relay_side()), sides.create_task(gatehouse_side())
        settings = await _settings(state / "hub")
        if await _settings(state / "relay") != settings:
            raise BenchFailed("the two databases are not set alike")
        yield Stage(relay=peer.result(), gatehouse=ours.result(), database=settings)
    finally:
        for begun in reversed(started):
            await begun.stop()


async def _add(hub: Path, agency: str, certificate: Path) -> str:
    said = await run(
        *(
            "gatehouse",
            "agency",
            "add",
            agency,
            "--name",
            f"{agency} (invented)",
            "--sector",
            _SECTORS[agency],
        ),
        *(
            "--controller",
            json.dumps(_BODIES[agency]),
            "--duty-contact",
            "Duty desk, 01632 960000 (invented)",
        ),
        *("--state", hub, "--ca", certificate, "--json"),
    )
    return str(json.loads(said)["code"])


async def _agree(hub: Path, certificate: Path) -> None:
    await run(
        *("gatehouse", "agreement", "sign", "--id", "bench", "--purposes", "child_protection_enquiry"),
        *("--controllers", ",".join(str(body["id"]) for body in _BODIES.values())),
        *("--categories", CATEGORY.value, "--from", "2020-01-01", "--state", hub, "--ca", certificate),
    )


async def _settings(state: Path) -> dict[str, str]:
    """What the database of a state folder says of how durable its commits are."""
    database = await postgres.start(state)
    try:
        connection = await asyncpg.connect(database.url)
        try:
            return {name: str(await connection.fetchval(f"SHOW {name}")) for name in _DURABLE}
        finally:
            await connection.close()
    finally:
        await database.stop()
