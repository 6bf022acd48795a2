"""The queue of what goes out: nothing twice at once, nothing forgotten, one fault never everybody's."""

import asyncio
from collections import Counter
from collections.abc import Collection

from adapters.errors import Unreachable
from adapters.outbox import Job, Outbox


async def nothing(_jtis: Collection[str]) -> None:
    return


async def idle(box: Outbox) -> None:
    async with asyncio.timeout(10):
        while not box.idle:
            await asyncio.sleep(0.01)


async def test_a_job_under_way_is_done_once_more_and_never_twice_at_once() -> None:
    done: Counter[str] = Counter()
    running: set[str] = set()

    async def do(job: Job) -> None:
        assert job[1] not in running
        running.add(job[1])
        await asyncio.sleep(0.01)
        running.discard(job[1])
        done[job[1]] += 1

    box = Outbox(limit=4, do=do, look=nothing)
    for _ in range(10):
        for name in ("a", "b"):
            box.put(("send", name))
        await asyncio.sleep(0)
    await idle(box)
    assert done == {"a": 2, "b": 2}


async def test_no_more_than_the_limit_at_once() -> None:
    running = most = 0

    async def do(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    box = Outbox(limit=3, do=do, look=nothing)
    for number in range(50):
        box.put(("send", str(number)))
    await idle(box)
    assert most == 3


async def test_what_cannot_be_done_now_is_done_later_and_a_fault_is_only_its_own() -> None:
    tries: Counter[str] = Counter()

    async def do(job: Job) -> None:
        tries[job[1]] += 1
        if job[1] == "later" and tries["later"] == 1:
            raise Unreachable("timed-out", "on purpose")
        if job[1] == "broken":
            raise LookupError("on purpose")

    box = Outbox(limit=3, do=do, look=nothing, later=0.01)
    for name in ("broken", "later", "fine"):
        box.put(("send", name))
    await idle(box)
    assert tries == {"broken": 1, "later": 2, "fine": 1}


async def test_hints_are_gathered_into_one_look_and_kept_while_it_fails() -> None:
    looks: list[set[str]] = []

    async def look(jtis: Collection[str]) -> None:
        looks.append(set(jtis))
        if len(looks) == 1:
            raise Unreachable("timed-out", "on purpose")

    async def do(job: Job) -> None:
        raise AssertionError(job)

    box = Outbox(limit=3, do=do, look=look, later=0.01)
    following = asyncio.ensure_future(box.follow())
    for name in ("a", "b", "a"):
        box.hint(name)
    await idle(box)
    following.cancel()
    assert looks == [{"a", "b"}, {"a", "b"}]
