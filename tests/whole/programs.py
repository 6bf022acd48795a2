"""The two programs: those that stay as real processes, commands as calls of their `main` or as processes.

Promises: whatever a program prints goes to files of the stage, where tests read and search it; every process
started here is ended by its own id.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import adapters.command.main
import broker.command.main

ROOT: Final = Path(__file__).resolve().parents[2]
_HANG: Final = 60.0
_MAINS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "gatehouse": lambda arguments: broker.command.main.main(list(arguments)),
    "gatehouse-adapter": adapters.command.main.main,
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value it printed."""
        assert self.out, self
        return json.loads(self.out)


def command(program: str, *arguments: str | Path, expect: int | None = 0) -> Ran:
    """Run one command in this process: the same lines of code as its process would run, without its start.

    `expect` None: any exit code will do.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = _MAINS[program](list(map(str, arguments)))
        except SystemExit as ended:  # argparse ends this way
            code = ended.code if isinstance(ended.code, int) else 1
    return _expected(Ran(code=int(code), out=out.getvalue(), err=err.getvalue()), arguments, expect)


def process(
    program: str,
    *arguments: str | Path,
    expect: int | None = 0,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> Ran:
    """Run one command as a process of its own."""
    done = subprocess.run(
        [*command_line(program), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_HANG,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return _expected(Ran(code=done.returncode, out=done.stdout, err=done.stderr), arguments, expect)


def _expected(ran: Ran, arguments: Sequence[object], expect: int | None) -> Ran:
    assert expect is None or ran.code == expect, f"{' '.join(map(str, arguments))}: {ran}"
    return ran


def command_line(program: str) -> list[str]:
    """The program beside this interpreter."""
    return [str(Path(sys.executable).with_name(program))]


@dataclass(slots=True)
class Program:
    """A running program; what it prints and logs lies in two files that later starts of it continue."""

    name: str
    child: "subprocess.Popen[bytes]"
    out: Path
    err: Path
    _seen: int

    @classmethod
    def start(
        cls,
        name: str,
        arguments: Sequence[str | Path],
        *,
        logs: Path,
        env: Mapping[str, str] | None = None,
    ) -> "Program":
        """Start it; `ready` waits until it says that it is."""
        logs.mkdir(parents=True, exist_ok=True)
        out, err = logs / f"{name}.out", logs / f"{name}.err"
        with out.open("ab") as to_out, err.open("ab") as to_err:
            seen = to_out.tell()
            child = subprocess.Popen(
                list(map(str, arguments)),
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        return cls(name, child, out, err, seen)

    def ready(self, line: str) -> str:
        """Wait for the line on its standard output that begins so; give it."""

        def said() -> str | None:
            lines = self.out.read_bytes()[self._seen :].decode().splitlines()
            found = next((each for each in lines if each.startswith(line)), None)
            assert found or self.child.poll() is None, (
                f"{self.name} ended with {self.child.returncode}: {self.err.read_text()[-2000:]}"
            )
            return found

        return until(said, f"{self.name} says '{line}'")

    def kill(self) -> None:
        """Make an end of it, as a crash would: no handler runs."""
        self.child.kill()
        self.child.wait(_HANG)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(_HANG)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def ended(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self.child.wait(_HANG)

    def events(self) -> list[dict[str, Any]]:
        """Its log lines."""
        return [json.loads(line) for line in self.err.read_text().splitlines() if line.startswith("{")]


def until(look: Callable[[], T | None], what: str, *, within: float = _HANG) -> T:
    """Look until there is something, and give it; `within` only tells a hang from patience."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"this did not come about: {what}"
        time.sleep(0.02)
