"""Writing records: signed by the decision key, salted, and ordered by the log's one counter.

The statement that takes the counter must be the last of its transaction: the row stays locked until the
commit, so the log's order is the order of commits and has no gaps. A record's bytes do not contain its index.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.log.recorder import Recorder
from broker.protocol.wire import Wire
from broker.store.query import queries
from broker.store.transaction import Connection

_SQL = queries("log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record to append, and the rows that are to learn its index.

    decides: (sender, jti) of the envelope whose decision this is; acted: (issuer, jti) of the act it embeds.
    """

    record: Wire
    decides: tuple[str, str] | None = None
    acted: tuple[str, str] | None = None


async def append(connection: Connection, recorder: Recorder, entries: Sequence[Entry]) -> int:
    """Append records in order as the last statement of a transaction; give the first one's index."""
    written = [recorder.write(entry.record) for entry in entries]
    decided = [(place, *entry.decides) for place, entry in enumerate(entries) if entry.decides is not None]
    acted = [(place, *entry.acted) for place, entry in enumerate(entries) if entry.acted is not None]
    first = await connection.fetchval(
        _SQL["append"],
        len(entries),
        [each.entry for each in written],
        [each.salt for each in written],
        [each.text for each in written],
        [place for place, _, _ in decided],
        [sender for _, sender, _ in decided],
        [jti for _, _, jti in decided],
        [place for place, _, _ in acted],
        [issuer for _, issuer, _ in acted],
        [jti for _, _, jti in acted],
    )
    return int(first)
