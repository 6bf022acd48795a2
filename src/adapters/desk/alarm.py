"""Alarms against the hub: what it showed, as evidence, and how a person ends one."""

import sqlite3
from enum import StrEnum

from adapters.contradiction import SPLIT_VIEW, Contradiction
from adapters.errors import Unusable, WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute
from adapters.view import Alarm
from keys import note
from keys.errors import Rejected

_TABLE = "alarm"


class Believed(StrEnum):
    """With which history an adapter goes on once an alarm is ended."""

    SEEN = "seen"
    """The one it had seen: what the hub shows must extend that."""
    SHOWN = "shown"
    """The one that the hub showed against it; all that was seen before is compared no more."""


def alarms(folder: Folder) -> tuple[Alarm, ...]:
    """Every alarm there ever was, oldest first."""
    return tuple(_alarm(folder, row) for row in folder.journal.rows("all_alarms"))


def _alarm(folder: Folder, row: sqlite3.Row) -> Alarm:
    sealed, evidence = row["sealed_reason"], Contradiction.model_validate_json(row["detail"])
    return Alarm(
        number=row["seq"],
        code=row["code"],
        at=row["at"],
        stops=row["code"] == SPLIT_VIEW and row["ended_at"] is None,
        shows=evidence.what_it_shows(folder.hub.log_key),
        evidence=evidence,
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        believed=row["believed"],
        why=None if sealed is None else folder.journal.open(sealed, _TABLE, str(row["seq"])).decode(),
    )


async def end_alarm(folder: Folder, *, why: str, by: str, believe: Believed) -> int:
    """End what stops this adapter; how many alarms that were. The reason is kept, sealed; `by` is a staff
    number.

    Raises:
        WrongOrder: `no-alarm`, or `no-reason`.
        Unusable: `alarm-evidence`: the checkpoint to go on with cannot be read any more.
    """
    if not why.strip():
        raise WrongOrder("no-reason", "Say why the alarm may end: it is kept in the journal.")
    at, rows = folder.clock.now(), folder.journal.rows("alarms")
    if not rows:
        raise WrongOrder("no-alarm", "No alarm stops this agency: there is nothing to end.")
    shown = Contradiction.model_validate_json(rows[-1]["detail"]).shown
    try:
        checkpoint = note.open_checkpoint(shown.encode(), folder.hub.log_key)
    except Rejected:
        raise Unusable(
            "alarm-evidence", "The checkpoint in the alarm is not signed by this hub: restore the journal."
        ) from None
    sealed = {row["seq"]: folder.journal.seal(why.encode(), _TABLE, str(row["seq"])) for row in rows}

    def end(db: sqlite3.Connection) -> None:
        for seq, reason in sealed.items():
            values = {"at": at, "by": by, "believed": believe.value, "sealed_reason": reason}
            execute(db, "end_alarm", seq=seq, **values)
        if believe is Believed.SHOWN:
            execute(db, "drop_checkpoints")
            execute(db, "put_checkpoint", size=checkpoint.size, root=checkpoint.root, note=shown)

    await folder.journal.write(end)
    return len(rows)
