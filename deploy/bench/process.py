"""Processes of the bench: started here, spoken to in JSON lines, their processor time and memory read, ended
by id.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[2]
_STOP_SECONDS: Final = 30
_READY_SECONDS: Final = 120
_LINE: Final = 64 << 20
"""Bytes of one answer: a long round's latencies are one line."""


class BenchFailed(Exception):
    """No figure may be printed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running process; what it logs goes to a file of the state folder."""

    name: str
    log: Path
    _process: Process

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    async def line(self) -> str:
        """The next line it prints. Raises BenchFailed when it ends instead."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            words = self.log.read_text(errors="replace").strip().splitlines()
            raise BenchFailed(f"{self.name} ended: {words[-1] if words else 'it said nothing'}")
        return line.decode().strip()

    async def ready(self, beginning: str) -> str:
        """Wait for the line that begins so; give what follows."""
        async with asyncio.timeout(_READY_SECONDS):
            while not (line := await self.line()).startswith(beginning):
                pass
        return line.removeprefix(beginning).strip()

    async def ask(self, command: str, **values: Any) -> Any:
        """Have it do something; its answer. Raises BenchFailed where it says that something is wrong."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **values}).encode() + b"\n")
        answer = json.loads(await self.line())
        if isinstance(answer, dict) and "failed" in answer:
            raise BenchFailed(f"{self.name}: {answer['failed']}")
        return answer

    async def stop(self) -> None:
        """End it: asked first, then made to."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


async def start(name: str, *arguments: str | Path, logs: Path) -> Program:
    """Start `arguments`; the first may be a program of this environment or a file of the bench."""
    program, *rest = map(str, arguments)
    beside = Path(sys.executable).with_name(program)
    command = [sys.executable, "-m", program] if "." in program else [str(beside)]
    log = logs / f"{name}.log"
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            *rest,
            stdin=PIPE if "." in program else DEVNULL,
            stdout=PIPE,
            stderr=file,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            start_new_session=True,
            limit=_LINE,
        )
    return Program(name=name, log=log, _process=process)


async def run(program: str, *arguments: str | Path) -> str:
    """Run one command to its end; what it printed. Raises BenchFailed when it fails."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name(program)),
        *map(str, arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"{program} {arguments[0]}: {err.decode().strip()}")
    return out.decode()


def cpu_seconds(pid: int) -> float:
    """Processor seconds of a process and all below it, those that have ended since included."""
    top = psutil.Process(pid)
    own = top.cpu_times()
    used = own.user + own.system + own.children_user + own.children_system
    for child in top.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue  # ended just now: its parent has its time at the next look
        used += times.user + times.system
    return float(used)


def rss_mb(pid: int) -> float:
    """Resident memory of one process, in MiB."""
    return float(psutil.Process(pid).memory_info().rss) / (1 << 20)


def postmaster(state: Path) -> int:
    """The id of the database server of a state folder."""
    with (state / "postgres" / "data" / "postmaster.pid").open() as file:
        return int(file.readline())
