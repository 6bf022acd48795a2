"""Run an agency's adapter as `gatehouse-adapter run` does, and kill this very process at a named step.

python -m tests.whole.killed_at STATE STEP
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from adapters import logs
from adapters.folder import open_folder
from adapters.run import Adapter
from adapters.step import Step


def main(state: Path, step: Step) -> None:
    """Run until the step comes."""

    def observe(here: Step) -> None:
        if here is step:
            os.kill(os.getpid(), signal.SIGKILL)

    async def run() -> None:
        await Adapter(open_folder(state), observe=observe).run(asyncio.Event())

    logs.configure()
    asyncio.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Step(sys.argv[2]))
