"""What `gatehouse doctor` looks at beside folder, keys, server and process: room, log, queues."""

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from broker.protocol.configuration import FILE

if TYPE_CHECKING:
    from broker.command.doctor import Finding
    from broker.store.transaction import Pool

_LEAST: Final = 256 << 20
_LITTLE: Final = 2 << 30
_OLD: Final = 86_400
"""Seconds after which what waits for its recipient is worth a telephone call."""


def look_at_room(state: Path) -> "list[Finding]":
    """Disk space where the state folder lies, and who may read the settings file: it may hold a password."""
    from broker.command.doctor import Finding

    found = []
    free = shutil.disk_usage(state).free if state.exists() else 0
    says = f"{free >> 20:,} MiB are free in {state}"
    if state.exists():
        verdict: Any = "failed" if free < _LEAST else "advice" if free < _LITTLE else "ok"
        act = {"failed": ": make room now, or nothing can be recorded.", "advice": ": make room soon."}
        found.append(Finding(what="disk", verdict=verdict, says=says + act.get(verdict, ".")))
    file = state / FILE
    if file.exists():
        there = file.stat()
        private = there.st_uid in (os.geteuid(), 0) and not stat.S_IMODE(there.st_mode) & 0o077
        found.append(
            Finding(what="settings", verdict="ok", says=f"{file} is read.")
            if private
            else Finding(
                what="settings",
                verdict="failed",
                says=f"Others may read {file}, which may hold the database's password: chmod 600 it.",
            )
        )
    return found


async def look_at_work(pool: "Pool", *, at: int, deposit_within: int) -> "list[Finding]":
    """The log's checkpoint, what waits for whom, and what was set aside."""
    from broker.command.doctor import Finding
    from broker.store.query import queries

    pulse = await pool.fetchrow(queries("health")["read_pulse"])
    stuck = await pool.fetch(queries("overview")["read_stuck"], at - _OLD + deposit_within)
    assert pulse is not None
    found = []
    behind = pulse["records"] - pulse["size"]
    if pulse["policy_version"] is None:
        found.append(
            Finding(
                what="policy", verdict="failed", says="none is in force, and nothing may pass: activate one."
            )
        )
    found.append(
        Finding(what="log", verdict="ok", says=f"{pulse['size']:,} records lie under a checkpoint.")
        if not behind
        else Finding(
            what="log",
            verdict="advice",
            says=f"{behind:,} records wait for a checkpoint: where that lasts, look at /readyz.",
        )
    )
    if stuck:
        whom = "; ".join(
            f"{row['recipient']}: {row['waiting']} for over a day, {row['stuck']} in vain, "
            f"{row['aside']} set aside"
            for row in stuck
        )
        found.append(
            Finding(what="queues", verdict="advice", says=f"{whom}. Ask these agencies to run their doctor.")
        )
    else:
        found.append(Finding(what="queues", verdict="ok", says="nothing waits for long or was set aside."))
    return found
