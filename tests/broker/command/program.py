"""The program `gatehouse` as real processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WAIT = 60
_QUIET = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}


def gatehouse(*arguments: object, state: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "broker.command.main", *(str(each) for each in arguments)],
        capture_output=True,
        text=True,
        timeout=_WAIT,
        check=False,
        stdin=subprocess.DEVNULL,
        env=_QUIET | ({"GATEHOUSE_STATE": str(state)} if state else {}),
    )


def refused(*arguments: object, state: Path | None = None) -> str:
    """The one line of a command that fails."""
    done = gatehouse(*arguments, state=state)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("gatehouse: ")
    assert "Traceback" not in done.stderr
    assert "This should not happen" not in done.stderr
    return lines[0].removeprefix("gatehouse: ")


@dataclass
class Serving:
    """A hub process that listens."""

    process: "subprocess.Popen[str]"
    url: str
    state: Path
    errors: Path

    @property
    def hub_file(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.state / "hub.json").read_text())
        return value

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_WAIT)

    def kill(self) -> None:
        """End it without asking."""
        self.process.kill()
        self.process.wait(_WAIT)


@contextlib.contextmanager
def serving(state: Path, *arguments: object) -> Iterator[Serving]:
    """A hub on `state`, stopped at the end if it still runs."""
    errors = state.parent / f"{state.name}-{os.urandom(4).hex()}.log"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "broker.command.main",
                "serve",
                "--port",
                "0",
                "--state",
                str(state),
                *(str(each) for each in arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            stdin=subprocess.DEVNULL,
            env=_QUIET,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("gatehouse is listening on "), errors.read_text()
        yield Serving(process, line.split()[-1], state, errors)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
