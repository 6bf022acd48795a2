"""An adapter killed at each step, sending and receiving: one effect, and the receipt signed first."""

import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from adapters.desk import follow, inbox
from adapters.desk.ask import ask
from adapters.step import Step
from broker.protocol.act import ReceiptOutcome
from broker.protocol.life import State
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order

ROOT = Path(__file__).resolve().parents[3]
RECEIVING = (Step.HANDED, Step.VERIFIED, Step.OPENED, Step.JOURNALLED, Step.TAKEN, Step.RECEIPTED)
SENDING = (Step.DECLARED, Step.PROVED, Step.DEPOSITED)


async def die(town: Town, name: str, step: Step) -> None:
    """Run an agency's adapter in a process of its own until it kills itself there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.adapters.core.doomed",
        str(town.root / name),
        step.value,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


def receipts(town: Town, name: str) -> list[tuple[str, str]]:
    """What a journal holds of received envelopes, read by somebody else."""
    with sqlite3.connect(town.root / name / "journal.sqlite") as db:
        return db.execute("SELECT jti, receipt FROM received ORDER BY seq").fetchall()


async def logged_receipts(town: Town) -> list[str]:
    """The receipts in the hub's log."""
    from broker.protocol.record import Received, parse_record

    rows = await town.hub.pool.fetch("SELECT text FROM record_text ORDER BY index")
    records = [parse_record(bytes(row["text"]).decode())[1] for row in rows]
    return [record.act for record in records if isinstance(record, Received)]


@pytest.mark.parametrize("step", RECEIVING)
async def test_killed_while_receiving(pair: Town, step: Step) -> None:
    await pair.halt("health")
    pair.close("health")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    await die(pair, "health", step)
    before = receipts(pair, "health")
    assert len(before) == (1 if step in RECEIVING[3:] else 0)

    pair.open("health")
    await pair.start("health")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert settled.state is State.OPENED
    after = receipts(pair, "health")
    assert len(after) == 1
    assert after[: len(before)] == before
    assert await logged_receipts(pair) == [after[0][1]]
    (received,) = inbox.inbox(pair.folders["health"])
    assert received.outcome is ReceiptOutcome.OPENED
    assert len(inbox.tasks(pair.folders["health"])) == 1
    await pair.until(lambda: inbox.inbox(pair.folders["health"])[0].receipt_acknowledged)


@pytest.mark.parametrize("step", SENDING)
async def test_killed_while_sending(pair: Town, step: Step) -> None:
    await pair.halt("care")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    pair.close("care")
    await die(pair, "care", step)
    pair.open("care")
    await pair.start("care")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.state, settled.replaced_by) == (State.OPENED, None)
    assert await pair.hub.pool.fetchval("SELECT count(*) FROM envelope") == 1
    assert [received.jti for received in inbox.inbox(pair.folders["health"])] == [exchange]
