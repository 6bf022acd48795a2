"""The hub killed at each of its named steps: what was acknowledged stays, each envelope has one effect, a
repeat of the same bytes gets the same answer, and nothing was handed over without its permit under a
checkpoint.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import asyncpg
import pytest

from broker.hub import Hub
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.evidence import HubKeys, TrustedHub, verify_permit
from broker.protocol.record import parse_record
from broker.step import Step
from keys import commitment, tile
from policies.vocabulary import Category, Sector
from tests.broker.exchange.administrator import administrator_key, signed_agreement
from tests.broker.exchange.desk import Desk, Sent
from tests.conftest import ROOT

START: Final = 1_790_000_000
AGAIN: Final = START + 1
"""When the clients come again: the killed process's leases have not run out, and nobody gave them back."""
DUE: Final = START + 7_200


class Gone(Exception):
    """The hub's process ended before it answered."""


@dataclass
class Nursery:
    """The process that forks hubs."""

    process: "subprocess.Popen[str]"

    def fork(self, url: str, keys: Path, socket: Path) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        wanted = {"url": url, "keys": str(keys), "socket": str(socket)}
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.broker.exchange.hub_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Remote:
    """A hub in another process, started again as often as a test likes."""

    nursery: Nursery
    url: str
    keys: Path
    folder: Path
    pid: int = 0
    starts: int = 0
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Start a process and wait until it answers."""
        self.starts += 1
        socket = self.folder / str(self.starts)
        self.pid = await asyncio.to_thread(self.nursery.fork, self.url, self.keys, socket)
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                    self.reader, self.writer = await asyncio.open_unix_connection(socket, limit=1 << 24)
                    return
                await asyncio.sleep(0.01)

    async def call(self, op: str, by: Desk | None = None, *, at: int, body: Any = None, **fields: Any) -> Any:
        """Have one operation done.

        Raises:
            Gone: no answer came.
        """
        assert self.reader is not None
        assert self.writer is not None
        asked = {"op": op, "at": at, "body": body, **fields}
        if by is not None:
            asked |= {"agency": by.agency, "kid": by.signing.public.kid, "generation": by.generation}
        try:
            self.writer.write(json.dumps(asked).encode() + b"\n")
            line = await self.reader.readline()
        except ConnectionError:
            line = b""
        if not line:
            raise Gone
        said = json.loads(line)
        assert "problem" not in said, said
        return said["ok"]

    async def stop(self) -> None:
        """Kill the process if it still runs."""
        if self.writer is not None:
            self.writer.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@dataclass
class Outside:
    """What the desks need of a hub they do not run: its id and its database."""

    hub_id: str
    pool: "asyncpg.Pool[asyncpg.Record]"


@dataclass
class Clients:
    """Social care and health with everything they will ever send, the same bytes each time."""

    care: Desk
    health: Desk
    ask: Sent
    item: Sent
    receipts: dict[str, frame.Act]
    nil: frame.Act
    told: dict[str, Any] = field(default_factory=dict)
    handed: list[frame.Handover] = field(default_factory=list)


@pytest.fixture
async def remote(nursery: Nursery, database_url: str, tmp_path: Path) -> AsyncIterator[Remote]:
    with TemporaryDirectory(prefix="gh-") as folder:
        remote = Remote(nursery, database_url, tmp_path / "keys", Path(folder))
        await remote.start()
        yield remote
        await remote.stop()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        yield pool


@pytest.fixture
async def clients(remote: Remote, pool: "asyncpg.Pool[asyncpg.Record]", tmp_path: Path) -> Clients:
    known = await remote.call("hub", at=START)
    hub = cast(Hub, Outside(known["hub"], pool))
    care, health = Desk(hub, "care", Sector.SOCIAL_CARE), Desk(hub, "health", Sector.HEALTH)
    for desk in (care, health):
        await desk.enrol(START)
    bodies = [care.controller.id, health.controller.id]
    token = signed_agreement(hub, administrator_key(tmp_path / "keys"), bodies, at=START)[0]
    await remote.call("administer", at=START, body=token)
    categories = (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS)
    ask = care.ask(health, at=START, categories=categories)
    item = health.item(care, ask, at=START)
    receipts = {
        sent.jti: desk.act(
            acts.Receipt,
            at=START,
            sender=sent.declaration.iss,
            envelope=sent.jti,
            digest=commitment.digest(sent.sealed.encode()),
            outcome=acts.ReceiptOutcome.OPENED,
        )
        for desk, sent in ((health, ask), (care, item))
    }
    nil = health.act(acts.Nil, at=START, exchange=ask.jti, category=Category.HEALTH_CONDITIONS)
    return Clients(care, health, ask, item, receipts, nil)


async def play(remote: Remote, clients: Clients, *, at: int) -> None:
    """Everything from the first declaration to the due time, each answer noted as it comes."""
    told = clients.told

    async def said(name: str, op: str, by: Desk, body: Any) -> Any:
        answer = await remote.call(op, by, at=at, body=json.loads(body.dump()))
        # Where an envelope is in its life goes on, and its proof comes to be; the rest is said once and for
        # all.
        lasting = {key: value for key, value in answer.items() if key not in {"state", "proof"}}
        assert told.setdefault(name, lasting) == lasting
        return answer

    for sender, recipient, sent in (
        (clients.care, clients.health, clients.ask),
        (clients.health, clients.care, clients.item),
    ):
        declared = await said(f"declare {sent.jti}", "declare", sender, sent.request)
        assert declared["outcome"] == "allow"
        proved = await said(f"prove {sent.jti}", "prove", sender, frame.Prove(envelope=sent.jti))
        assert proved["proof"] is not None
        body = frame.Deposit(envelope=sent.jti, body=sent.sealed)
        await said(f"deposit {sent.jti}", "deposit", sender, body)
        recipient.generation = await remote.call("connect", recipient, at=at)
        handed = await remote.call("fetch", recipient, at=at)
        clients.handed += [frame.Handover.model_validate_json(json.dumps(each)) for each in handed]
        receipt = await said(f"receipt {sent.jti}", "act", recipient, clients.receipts[sent.jti])
        assert receipt["state"] == "opened"
    await said("nil", "act", clients.health, clients.nil)
    await remote.call("sweep", at=DUE)


async def play_on(remote: Remote, clients: Clients) -> None:
    """Play, and wait for what the log still does after the last answer."""
    await play(remote, clients, at=START)
    async with asyncio.timeout(10):
        while True:
            await remote.call("hub", at=DUE)


async def judged(remote: Remote, clients: Clients, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """An outside look at what the store and the log have come to."""
    rows = await pool.fetch("SELECT index, text FROM record_text ORDER BY index")
    assert [row["index"] for row in rows] == list(range(len(rows)))
    log = [parse_record(bytes(row["text"]).decode())[1] for row in rows]
    counted = Counter((record.record, getattr(record, "envelope", "")) for record in log)
    for sent in (clients.ask, clients.item):
        assert counted["permit", sent.jti] == 1
        assert counted["receipt", sent.jti] == 1
        assert 1 <= counted["handover", sent.jti] <= 2
        states = await pool.fetch("SELECT state, handovers FROM envelope WHERE jti = $1", sent.jti)
        assert [tuple(row) for row in states] == [("opened", counted["handover", sent.jti])]
    assert counted["act", ""] == counted["closed", ""] == 1
    assert counted["silence", ""] == counted["undelivered", ""] == 0
    assert await pool.fetchval("SELECT count(*) FROM body") == 0
    assert await pool.fetchval("SELECT count(*) FROM closure") == 1
    # What was acknowledged lies where it was said to.
    for name, said in clients.told.items():
        if "index" in said:
            record = log[said["index"]]
            assert getattr(record, "envelope", "") in name or name == "nil"
    # Whatever was handed over, before or after the kill, had its permit under a checkpoint.
    hub = TrustedHub.from_keys(HubKeys.model_validate(await remote.call("hub", at=DUE)))
    assert {each.envelope for each in clients.handed} == {clients.ask.jti, clients.item.jti}
    for each in clients.handed:
        signer = clients.care if each.sender == "care" else clients.health
        verify_permit(
            hub=hub, signing_key=signer.signing.public, declaration=each.declaration, proof=each.proof
        )
    async with asyncio.timeout(10):
        while await pool.fetchval("SELECT size FROM checkpoint") < len(log):
            await asyncio.sleep(0.01)
    stored = tile.MemoryTiles()
    for row in await pool.fetch("SELECT level, index, hashes FROM tile"):
        stored.tiles[row["level"], row["index"]] = bytes(row["hashes"])
    assert tile.verify_tiles(len(log), stored) == await pool.fetchval("SELECT root FROM checkpoint")


def _places() -> list[tuple[Step, int]]:
    # The first time for the ask, the second for the item; a sweep's third part is the one that closes.
    twice = {step.value.split("-")[0] for step in Step} - {"sweep"}
    return [(step, n) for step in Step for n in ((0, 1) if step.value.split("-")[0] in twice else (2,))]


@pytest.mark.parametrize("step, passing", _places(), ids=str)
async def test_a_hub_killed_at_a_step_loses_and_doubles_nothing(
    remote: Remote,
    clients: Clients,
    pool: "asyncpg.Pool[asyncpg.Record]",
    step: Step,
    passing: int,
) -> None:
    await remote.call("arm", at=START, step=step.value, passing=passing)
    with pytest.raises(Gone):
        await play_on(remote, clients)
    await remote.stop()
    await remote.start()
    await play(remote, clients, at=AGAIN)
    await judged(remote, clients, pool)
    # And all of it once more: the answers stay what they were.
    await play(remote, clients, at=AGAIN)
    await judged(remote, clients, pool)
