"""Who waits for a permit is served at once; what nobody waits for comes soon all the same."""

import asyncio

from broker.log.head import LogHead


async def test_what_nobody_waits_for_becomes_pending_by_itself_once() -> None:
    head = LogHead()
    head.recorded()
    head.recorded()
    assert not head.pending.is_set()
    async with asyncio.timeout(30):
        await head.pending.wait()
    head.pending.clear()
    head.recorded()
    async with asyncio.timeout(30):
        await head.pending.wait()


async def test_whoever_waits_for_a_proof_makes_it_pending_at_once() -> None:
    head = LogHead()
    head.publish(size=1, root=b"", note=b"")
    head.recorded()
    waiting = asyncio.ensure_future(head.covers(1, within=30))
    await asyncio.sleep(0)
    assert head.pending.is_set()
    head.publish(size=2, root=b"", note=b"")
    assert await waiting
