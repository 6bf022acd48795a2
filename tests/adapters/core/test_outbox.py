"""The queue of what goes out: what fails here is tried again, and holds nobody up."""

import asyncio
from collections.abc import Collection

from adapters.outbox import Job, Outbox


async def nothing(_: Collection[str]) -> None:
    """No looks in these tests."""


def quiet(outbox: Outbox) -> bool:
    """Whether the outbox says it is idle, read anew."""
    return outbox.idle


async def test_a_fault_of_our_own_is_tried_again_and_others_go_on() -> None:
    done: list[str] = []
    failures = 3

    async def do(job: Job) -> None:
        nonlocal failures
        if job[1] == "unlucky" and failures:
            failures -= 1
            raise OSError(28, "no space left")
        done.append(job[1])

    outbox = Outbox(limit=1, do=do, look=nothing, later=0.01)
    outbox.put(("send", "unlucky"))
    outbox.put(("send", "lucky"))
    async with asyncio.timeout(10):
        while len(done) < 2:
            await asyncio.sleep(0.01)
    assert done == ["lucky", "unlucky"]
    await outbox.close()


async def test_what_keeps_failing_is_not_waited_for() -> None:
    async def do(_: Job) -> None:
        raise OSError(28, "no space left")

    outbox = Outbox(limit=1, do=do, look=nothing, later=0.01)
    outbox.put(("send", "poison"))
    assert quiet(outbox) is False
    async with asyncio.timeout(10):
        while not quiet(outbox):
            await asyncio.sleep(0.01)
    await outbox.close()


async def test_what_is_hinted_again_during_a_look_is_looked_at_again() -> None:
    looks: list[list[str]] = []
    reading, read = asyncio.Event(), asyncio.Event()

    async def look(jtis: Collection[str]) -> None:
        looks.append(sorted(jtis))
        reading.set()
        await read.wait()

    async def do(_: Job) -> None:
        return

    outbox = Outbox(limit=1, do=do, look=look)
    follow = asyncio.create_task(outbox.follow())
    outbox.hint("one")
    async with asyncio.timeout(10):
        await reading.wait()
        assert quiet(outbox) is False
        # The hub has answered as it was; what changes from here is told by another hint.
        outbox.hint("one")
        read.set()
        while not quiet(outbox):
            await asyncio.sleep(0.01)
    assert looks == [["one"], ["one"]]
    follow.cancel()
    await asyncio.gather(follow, return_exceptions=True)
