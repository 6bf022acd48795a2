"""An adapter in a process of its own that dies at a step (`-m tests.adapters.core.doomed STATE STEP`)."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from adapters.folder import open_folder
from adapters.run import Adapter
from adapters.step import Step


async def run(state: Path, last: Step) -> None:
    """Serve until the step, then die as a power cut kills."""

    def observe(step: Step) -> None:
        if step is last:
            os.kill(os.getpid(), signal.SIGKILL)

    await Adapter(open_folder(state), observe=observe).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Step(sys.argv[2])))
