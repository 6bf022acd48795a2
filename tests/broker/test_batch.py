"""Agencies take turns: whoever floods waits for itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from broker.batch import Batcher
from broker.exchange.caller import Caller
from broker.protocol.problem import Problem


@dataclass(frozen=True)
class Work:
    """The `number`th thing an agency asks for."""

    caller: Caller
    number: int


@dataclass
class Bench:
    """A batcher whose batches are kept, each let go by the test."""

    ran: list[list[Work]] = field(default_factory=list)
    go: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    tasks: list["asyncio.Task[int]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.batcher: Batcher[Work, int] = Batcher(self.run, limit=8, gap=0, barrier=self.nothing)

    async def run(self, batch: Sequence[Work]) -> list[int | Problem]:
        await self.go.acquire()
        self.ran.append(list(batch))
        return [work.number for work in batch]

    async def nothing(self) -> None:
        pass

    def submit(self, agency: str, many: int) -> None:
        caller = Caller(agency=agency, kid="k")
        self.tasks += [
            asyncio.create_task(self.batcher.submit(Work(caller, number))) for number in range(many)
        ]

    async def finish(self) -> list[list[Work]]:
        for _ in range(len(self.tasks)):
            self.go.release()
        await asyncio.gather(*self.tasks)
        return self.ran


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    bench.batcher.start()
    yield bench
    await bench.batcher.stop()


async def test_what_others_ask_for_goes_into_the_next_batch_whatever_one_has_waiting(bench: Bench) -> None:
    bench.submit("flood", 100)
    await asyncio.sleep(0.01)
    for agency in ("care", "health"):
        bench.submit(agency, 2)
    ran = await bench.finish()
    assert Counter(work.caller.agency for work in ran[0]) == {"flood": 8}
    assert Counter(work.caller.agency for work in ran[1]) == {"flood": 4, "care": 2, "health": 2}
    assert {work.caller.agency for batch in ran[2:] for work in batch} == {"flood"}


async def test_batches_are_shared_evenly_and_each_agency_keeps_its_order(bench: Bench) -> None:
    sent = {"a": 40, "b": 9, "c": 23}
    for agency, many in sent.items():
        bench.submit(agency, many)
    ran = await bench.finish()
    assert max(len(batch) for batch in ran) == 8
    order: dict[str, list[int]] = {agency: [] for agency in sent}
    for batch in ran:
        for work in batch:
            order[work.caller.agency].append(work.number)
    assert order == {agency: list(range(many)) for agency, many in sent.items()}
    # While all three wait, no batch has of one two more than of another.
    for batch in ran[:3]:
        counts = Counter(work.caller.agency for work in batch).values()
        assert max(counts) - min(counts) <= 1, batch


async def test_a_stop_refuses_what_still_waits(bench: Bench) -> None:
    for agency in ("a", "b"):
        bench.submit(agency, 20)
    await asyncio.sleep(0.01)
    bench.go.release()
    await bench.batcher.stop()
    outcomes = await asyncio.gather(*bench.tasks, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, Problem)]
    assert len(refused) == 40 - len(bench.ran[0])
    assert {each.code for each in refused} == {"unavailable"}


async def test_what_comes_soon_after_a_long_batch_goes_into_one_next(bench: Bench) -> None:
    bench.submit("care", 1)
    await asyncio.sleep(0.05)  # the batch takes this long, so the next begins thrice as long after it began
    bench.go.release()
    await bench.tasks[0]
    for agency in ("care", "health", "police"):
        bench.submit(agency, 1)
        await asyncio.sleep(0)
    ran = await bench.finish()
    assert [len(batch) for batch in ran] == [1, 3]
