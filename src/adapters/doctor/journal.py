"""The journal: whole, and nothing in it waiting for too long."""

import sqlite3
from pathlib import Path
from typing import Final

from adapters.doctor.finding import Finding, advice, failed, well
from adapters.folder import JOURNAL, Folder

_PATIENCE: Final = 900
"""Seconds after which what waits for the hub is stuck: short troubles have been waited out by then."""
_HOUR: Final = 3_600


def look_at_integrity(state: Path) -> Finding:
    """Every page of the journal read as SQLite checks it, without changing it."""
    what = "journal"
    path = state / JOURNAL
    if not path.is_file():
        return failed(what, f"{path} is not there: restore it from the backup, or run enrol.")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "unknown")
        return failed(what, f"{path} is damaged or no journal ({name}): restore it from the backup.")
    finally:
        db.close()
    if found != ["ok"]:
        return failed(what, f"{path} is damaged: stop gatehouse-adapter run and restore it from the backup.")
    return well(what, f"{path} is whole.")


def look_at_queues(folder: Folder) -> list[Finding]:
    """What has waited too long for the hub, what a person has left waiting past its time, and alarms."""
    at, found = folder.clock.now(), []
    for row in folder.journal.rows("stuck", before=at - _PATIENCE):
        if row["count"]:
            hours = (at - row["oldest"]) / _HOUR
            found.append(
                failed(
                    "queue",
                    f"{row['count']} {row['what']} wait for the hub, the oldest for {hours:.1f} hours: see "
                    "that gatehouse-adapter run is running, and what status says of them.",
                )
            )
    late = [row for row in folder.journal.rows("tasks") if _late(row, at)]
    if late:
        found.append(
            advice(
                "inbox",
                f"{len(late)} questions are past their time and unanswered: see gatehouse-adapter inbox.",
            )
        )
    if folder.journal.rows("alarms"):
        found.append(
            failed(
                "log",
                "The hub has shown two histories of its log, and nothing more is sent: tell your officer and "
                "the hub's administrator, and keep this folder as it is.",
            )
        )
    return found or [well("queue", "nothing has waited for long.")]


def _late(row: sqlite3.Row, at: int) -> bool:
    return bool(row["state"] == "waiting" and row["due_at"] <= at)
