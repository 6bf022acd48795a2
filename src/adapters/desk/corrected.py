"""Who had what was wrong: for the officers of both agencies.

Of what we sent: which agency opened it and when, and whether its correction was opened; from the receipts the
hub recorded. Of what we were sent: when it came, who of ours read it before its correction came, and who has
read the correction since.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.desk.follow import sent
from adapters.folder import Folder
from broker.protocol.life import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A person of this agency, by staff number or account, who read an envelope at `at` (Unix seconds)."""

    person: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSent:
    """A correction of ours. `item_opened_at` and `opened_at`: when the hub recorded the receipts of the wrong
    envelope and of its correction; `state` is where the correction is.
    """

    item: str
    recipient: str
    notice: str
    told_at: int
    item_opened_at: int | None
    state: State | None
    opened_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionReceived:
    """A correction of something we were sent. `before` read the wrong envelope before its correction came,
    `after` only then; `read` are readers of the correction. `item_received_at` None: the envelope never came.
    """

    item: str
    sender: str
    notice: str
    received_at: int
    item_received_at: int | None
    before: tuple[Reader, ...]
    after: tuple[Reader, ...]
    read: tuple[Reader, ...]


def corrections_sent(folder: Folder) -> tuple[CorrectionSent, ...]:
    """Every correction of ours, oldest first."""
    found = []
    for row in folder.journal.rows("all_corrections_sent"):
        item, newest = sent(folder, row["item"]), sent(folder, _newest(folder, row["notice"]))
        found.append(
            CorrectionSent(
                item=item.jti,
                recipient=item.recipient,
                notice=newest.jti,
                told_at=row["created_at"],
                item_opened_at=item.opened_at,
                state=newest.state,
                opened_at=newest.opened_at,
            )
        )
    return tuple(found)


def corrections_received(folder: Folder) -> tuple[CorrectionReceived, ...]:
    """Every correction that came, oldest first."""
    found = []
    for row in folder.journal.rows("all_corrections_received"):
        of_item = folder.journal.rows("readings", sender=row["sender"], jti=row["item"])
        found.append(
            CorrectionReceived(
                item=row["item"],
                sender=row["sender"],
                notice=row["notice"],
                received_at=row["received_at"],
                item_received_at=row["item_received_at"],
                before=_readers([each for each in of_item if each["corrections"] <= row["earlier"]]),
                after=_readers([each for each in of_item if each["corrections"] > row["earlier"]]),
                read=_readers(folder.journal.rows("readings", sender=row["sender"], jti=row["notice"])),
            )
        )
    return tuple(found)


def _newest(folder: Folder, jti: str) -> str:
    row = folder.journal.row("replaced_by", jti=jti)
    return jti if row is None or row["replaced_by"] is None else _newest(folder, row["replaced_by"])


def _readers(rows: Sequence[sqlite3.Row]) -> tuple[Reader, ...]:
    return tuple(Reader(person=row["person"], at=row["at"]) for row in rows)
