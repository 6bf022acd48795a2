"""A correction in a process of its own that dies inside its one transaction
(`-m tests.adapters.core.doomed_correction STATE ENVELOPE`).
"""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from adapters.desk import correct
from adapters.folder import open_folder
from adapters.journal.journal import execute
from tests.adapters.core.made import WORKER, grounds


async def run(state: Path, envelope: str) -> None:
    """Correct, and die as a power cut kills when the last of it has been written but not committed."""
    written = 0

    def dying(db: sqlite3.Connection, query: str, /, **values: Any) -> int:
        nonlocal written
        changed = execute(db, query, **values)
        written += query == "put_correction_sent"
        if written == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return changed

    correct.execute = dying  # type: ignore[attr-defined]  # the journal's own statement, watched
    await correct.correct(
        open_folder(state),
        correct.Wrong(envelope=envelope, entries=(0,), why="It is about the made-up twin."),
        practitioner=WORKER,
        grounds=lambda people: grounds("correction-telling", subjects=people),
    )


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2]))
