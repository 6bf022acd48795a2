"""The two programs as real processes: `gatehouse` and `gatehouse-adapter`, driven through their command lines
only.

Promises: every process started here is stopped by its own id, also after a failure. What a command printed is
kept only in memory; what a running program logs goes to a file of the state folder.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HUB: Final = "gatehouse"
ADAPTER: Final = "gatehouse-adapter"
_STOP_SECONDS: Final = 10
_COMMAND_SECONDS: Final = 60
_AT_ONCE: Final = 6
"""Commands under way together: a Python start costs a good part of a second of one core."""


class WentWrong(Exception):
    """The play cannot go on; the message says at which command and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said: its exit code and the JSON it printed, or its words where those were asked for."""

    code: int
    said: Any


@dataclass(slots=True)
class Programs:
    """Starts programs and remembers what runs."""

    logs: Path
    _running: dict[str, Process] = field(default_factory=dict)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def ask(
        self, program: str, *arguments: str | Path, expect: tuple[int, ...] = (0,), as_json: bool = True
    ) -> Answer:
        """Run one command, with `--json` where it has that, to its end.

        Raises:
            WentWrong: it ended with another code than expected; its own one-line error is in the message.
        """
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                *_command(program),
                *map(str, arguments),
                *(("--json",) if as_json else ()),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(_COMMAND_SECONDS):
                    out, err = await process.communicate()
            except (TimeoutError, asyncio.CancelledError):
                await _end(process)
                raise
        shown = " ".join(["$", program, *map(str, arguments)])
        if process.returncode not in expect:
            raise WentWrong(
                f"{shown}\n  ended with {process.returncode}: {err.decode().strip() or out.decode().strip()}"
            )
        if not as_json:
            return Answer(code=process.returncode or 0, said=out.decode())
        try:
            return Answer(code=process.returncode or 0, said=json.loads(out) if out.strip() else None)
        except ValueError:
            raise WentWrong(f"{shown}\n  printed something else than JSON") from None

    async def start(self, name: str, program: str, *arguments: str | Path, ready: str) -> str:
        """Start a program that stays, and wait for the line on stdout that begins with `ready`; give that
        line.
        """
        with (self.logs / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *_command(program),
                *map(str, arguments),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._running[name] = process
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_COMMAND_SECONDS):
                while line := (await process.stdout.readline()).decode():
                    if line.startswith(ready):
                        return line.strip()
        except TimeoutError:
            raise WentWrong(
                f"{name} is not ready after {_COMMAND_SECONDS} s; see {self.logs / name}.log"
            ) from None
        raise WentWrong(f"{name} stopped before it was ready; see {self.logs / name}.log")

    async def stop(self, name: str) -> None:
        """Stop one program: asked by SIGTERM, then made to."""
        process = self._running.pop(name, None)
        if process is not None:
            await _end(process)

    async def stop_all(self) -> None:
        """Stop whatever still runs: all others together, then the first started, which they lean on."""
        first, *others = list(self._running) or [""]
        await asyncio.gather(*(self.stop(name) for name in others))
        await self.stop(first)

    async def gone(self, name: str) -> None:
        """Wait until a program ends by itself."""
        await self._running[name].wait()


def _command(program: str) -> list[str]:
    # Beside this interpreter first: the environment that `make demo` installed into.
    beside = Path(sys.executable).with_name(program)
    return [str(beside) if os.access(beside, os.X_OK) else program]


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
