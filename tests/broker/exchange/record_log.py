"""The hub's log as the tests read it: every record in order, straight from the store."""

from collections.abc import Callable
from typing import Any

from broker.hub import Hub
from broker.protocol.record import parse_record


async def records(hub: Hub) -> list[Any]:
    """All records by index; fails on a gap, and where the counter says otherwise."""
    rows = await hub.pool.fetch("SELECT index, text FROM record_text ORDER BY index")
    assert [row["index"] for row in rows] == list(range(len(rows))), "the log has a gap"
    assert await hub.pool.fetchval("SELECT n FROM log_head") == len(rows)
    return [parse_record(bytes(row["text"]).decode())[1] for row in rows]


async def found(hub: Hub, wanted: Callable[[Any], bool]) -> list[tuple[int, Any]]:
    """Index and record of those wanted."""
    return [(index, record) for index, record in enumerate(await records(hub)) if wanted(record)]


async def of_envelope(hub: Hub, jti: str, since: int = 0) -> list[tuple[int, str, Any]]:
    """Index, kind and record of what the log says of one envelope, from index `since` on."""
    rows = await hub.pool.fetch("SELECT index, text FROM record_text WHERE index >= $1 ORDER BY index", since)
    read = [(row["index"], parse_record(bytes(row["text"]).decode())[1]) for row in rows]
    return [(i, record.record, record) for i, record in read if getattr(record, "envelope", None) == jti]
