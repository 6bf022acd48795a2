"""One agency as the tests drive it: its commands, its adapter's process, its journal as it lies on disk."""

import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.step import Step
from tests.whole.programs import Program, Ran, command, command_line, until


@dataclass(slots=True, kw_only=True)
class Agency:
    """One agency: its state folder, its command line, and its adapter's process while it runs."""

    name: str
    state: Path
    logs: Path
    papers: Path
    running: Program | None = None

    def do(self, *arguments: str | Path, expect: int | None = 0) -> Ran:
        """Type one command of `gatehouse-adapter`."""
        return command("gatehouse-adapter", *arguments, "--state", self.state, expect=expect)

    def say(self, *arguments: str | Path, expect: int | None = 0) -> Any:
        """Type one command and give the JSON it printed."""
        return self.do(*arguments, "--json", expect=expect).json

    def begin(self, *arguments: str | Path) -> None:
        """Start its adapter, without waiting for it."""
        assert self.running is None
        line: list[str | Path] = [
            *command_line("gatehouse-adapter"),
            "run",
            "--state",
            self.state,
            *arguments,
        ]
        self.running = Program.start(self.name, line, logs=self.logs)

    def connected(self) -> None:
        """Wait until its adapter is."""
        assert self.running is not None
        self.running.ready(f"{self.name} is connected")

    def start(self, *arguments: str | Path) -> None:
        """Start its adapter and wait until it is connected."""
        self.begin(*arguments)
        self.connected()

    def die_at(self, step: Step) -> None:
        """Run its adapter until it kills itself at that step."""
        assert self.running is None
        line: list[str | Path] = [sys.executable, "-m", "tests.adapters.core.doomed", self.state, step.value]
        assert Program.start(self.name, line, logs=self.logs).ended() == -signal.SIGKILL

    def stop(self) -> None:
        """Stop its adapter cleanly."""
        if self.running is not None:
            assert self.running.stop() == 0, self.running.err.read_text()[-2000:]
            self.running = None

    def kill(self) -> None:
        """Kill its adapter."""
        if self.running is not None:
            self.running.kill()
            self.running = None

    def paper(self, name: str, text: str) -> Path:
        """Lay a form on the desk."""
        self.papers.mkdir(parents=True, exist_ok=True)
        path = self.papers / name
        path.write_text(text)
        return path

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Read its journal as it lies on disk."""
        with _journal(self.state) as db:
            return db.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row:
        """The one row of a query."""
        (row,) = self.rows(query, *values)
        return row

    def write(self, query: str, *values: object) -> None:
        """Change its journal behind its back."""
        with _journal(self.state) as db:
            db.execute(query, values)

    def knows(self, other: str) -> bool:
        """Whether it has heard of another agency."""
        return bool(self.rows("SELECT 1 FROM pin WHERE agency = ?", other))

    def settings(self, **changes: int) -> None:
        """Set habits in `agency.json`; they count from its next start."""
        path = self.state / "agency.json"
        value = json.loads(path.read_bytes())
        value["settings"] |= changes
        path.write_text(json.dumps(value))

    def reach(self, envelope: str, milestone: str) -> dict[str, Any]:
        """Wait until what it sent has got so far; its status."""
        found: dict[str, Any] = self.say("status", envelope, "--until", milestone, "--wait", "60")
        return found

    def inbox(self, exchange: str) -> list[dict[str, Any]]:
        """What came in of an exchange."""
        return [each for each in self.say("inbox")["received"] if each["exchange"] == exchange]

    def opened(self, exchange: str, kind: str) -> list[dict[str, Any]]:
        """The envelopes of a kind opened in an exchange."""
        return [each for each in self.inbox(exchange) if (each["kind"], each["outcome"]) == (kind, "opened")]

    def receives(self, exchange: str, kind: str, *, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many envelopes of a kind of an exchange have been opened here."""

        def look() -> list[dict[str, Any]] | None:
            found = self.opened(exchange, kind)
            return found if len(found) >= count else None

        return until(look, f"{self.name} opens {count} {kind} of {exchange}")


@contextmanager
def _journal(state: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(state / "journal.sqlite", isolation_level=None, timeout=15)
    db.row_factory = sqlite3.Row
    try:
        yield db
    finally:
        db.close()
