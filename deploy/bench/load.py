"""The load, the same for both sides: so many exchanges under way, one begun as one ends, each timed whole."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Side(Protocol):
    """A client process's hand on one side."""

    async def exchange(self) -> None:
        """One ask and one item, each to its receipt. Raises where either does not come through."""
        ...

    async def settle(self) -> None:
        """Return once nothing of what was begun is under way any more."""
        ...

    def checked(self) -> dict[str, Any]:
        """What was proved so far, and whether anything was not as it must be."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When a load ends: after so many seconds, or once so many exchanges have been begun."""

    seconds: float | None = None
    exchanges: int | None = None


async def load(side: Side, *, in_flight: int, stop: Stop) -> dict[str, Any]:
    """Run one load to its end; the latencies (seconds) and how long it took."""
    latencies: list[float] = []
    began = time.perf_counter()
    begun = 0

    def more() -> bool:
        nonlocal begun
        begun += 1
        if stop.exchanges is not None:
            return begun <= stop.exchanges
        return time.perf_counter() - began < (stop.seconds or 0.0)

    async def worker() -> None:
        while more():
            start = time.perf_counter()
            await side.exchange()
            latencies.append(time.perf_counter() - start)

    async with asyncio.TaskGroup() as workers:
        for _ in range(in_flight):
            workers.create_task(worker())
    # What follows the last receipt is paid for too: it is part of an exchange, only nobody waits for it.
    seconds = time.perf_counter() - began
    await side.settle()
    return {"latencies": [round(each, 6) for each in latencies], "seconds": seconds}


async def serve(side: Side) -> None:
    """Do what the bench says on standard input, one JSON line each, until it ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        _say(await _answer(side, json.loads(line)))


async def _answer(side: Side, command: dict[str, Any]) -> Any:
    match command:
        case {"do": "load", "in_flight": in_flight, **when}:
            try:
                return await load(side, in_flight=in_flight, stop=Stop(**when))
            except ExceptionGroup as group:
                return {"failed": "; ".join(sorted({str(each) for each in group.exceptions}))}
        case {"do": "checked"}:
            return side.checked()
        case _:
            return {"failed": f"cannot do {command}"}


async def until(condition: Callable[[], bool], *, within: float) -> None:
    """Return once something is so. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  # what is waited for is in a journal, which has no event
            await asyncio.sleep(0.01)


def run(make: "Callable[[], Awaitable[None]]") -> None:
    """Run a client on the loop that the programs run on."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_done(make))


async def _until_done(make: "Callable[[], Awaitable[None]]") -> None:
    await make()


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
