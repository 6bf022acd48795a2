"""A stage: one hub as a real process on a database of its own, agencies enrolled at it, their adapters as
real processes, each confirmed at the others by "telephone", and one agreement between them all.
"""

import asyncio
import io
import json
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from adapters.step import Step
from tests.whole.programs import Program, Ran, command, command_line, process, until

T = TypeVar("T")
CARE: Final = "care"
HEALTH: Final = "health"
SCHOOL: Final = "school"
SECTORS: Final = {CARE: "social_care", HEALTH: "health", SCHOOL: "education"}
_FACTS: Final = {CARE: "local_authority", HEALTH: "nhs_body", SCHOOL: "school"}
_CATEGORIES: Final = (
    "attendance,school_concerns,contact_report,household,demographics,gp_registration,health_attendances,"
    "health_conditions,health_observations,health_flags"
)


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


@dataclass(slots=True, kw_only=True)
class Stage:
    """The hub and everybody at it."""

    folder: Path
    database: str | None
    """A database of the tests' server; None for the hub's own embedded one."""
    arguments: Sequence[str | Path] = ("--port", "0")
    trust: Sequence[str | Path] = ()
    """`--ca FILE`, for the commands that talk to a hub over TLS."""
    url: str = ""
    hub: Program | None = None
    others: list[Program] = field(default_factory=list)
    agencies: dict[str, Agency] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The hub's state folder."""
        return self.folder / "hub"

    @property
    def logs(self) -> Path:
        """Where every program's output goes."""
        return self.folder / "logs"

    @property
    def env(self) -> dict[str, str]:
        """The hub's environment: its database stands on no command line."""
        return {} if self.database is None else {"GATEHOUSE_DATABASE": self.database}

    def serve(self, *, port: int | None = None) -> None:
        """Start the hub; `port` as before, so that adapters find it again."""
        arguments = self.arguments if port is None else ("--port", str(port))
        self.hub = self._serving("hub", arguments)
        self.url = self.hub.ready("gatehouse is listening on ").rsplit(" ", 1)[1]

    def serve_another(self) -> str:
        """Start a second hub process on the same database and keys; its URL."""
        another = self._serving("hub-2", self.arguments)
        self.others.append(another)
        return another.ready("gatehouse is listening on ").rsplit(" ", 1)[1]

    def _serving(self, name: str, arguments: Sequence[str | Path]) -> Program:
        line = [*command_line("gatehouse"), "serve", "--state", self.state, *arguments]
        return Program.start(name, line, logs=self.logs, env=self.env)

    @property
    def port(self) -> int:
        """Where the hub listens."""
        return int(self.url.rsplit(":", 1)[1])

    def do(self, *arguments: str | Path, expect: int | None = 0) -> Ran:
        """Type one command of `gatehouse` on the hub's state folder."""
        database = self._database_of(arguments)
        return command("gatehouse", *arguments, "--state", self.state, *database, expect=expect)

    def say(self, *arguments: str | Path, expect: int | None = 0) -> Any:
        """Type one command and give the JSON it printed."""
        return self.do(*arguments, "--json", expect=expect).json

    def process(self, *arguments: str | Path, expect: int | None = 0) -> Ran:
        """Run one command of `gatehouse` as a process."""
        return process("gatehouse", *arguments, "--state", self.state, env=self.env, expect=expect)

    def _database_of(self, arguments: Sequence[str | Path]) -> tuple[str, ...]:
        reads = arguments[:2] in (("log", "export"), ("agency", "list"), ("policy", "show"))
        return ("--database", self.database) if self.database and reads else ()

    def invite(self, name: str) -> str:
        """Add an agency; the code that enrols it."""
        facts = {
            "id": f"{name}-body",
            "name": f"{name} (invented)",
            "public_authority": True,
            _FACTS[name]: True,
        }
        added = self.say(
            "agency", "add", name, "--name", f"The invented {name}", "--sector", SECTORS[name],
            "--controller", json.dumps(facts), "--duty-contact", f"{name} duty desk, 01632 960000",
            *self.trust,
        )  # fmt: skip
        return str(added["code"])

    def enrol(self, name: str, *arguments: str | Path) -> Agency:
        """Invite and enrol an agency."""
        agency = Agency(
            name=name,
            state=self.folder / name,
            logs=self.logs,
            papers=self.folder / "papers" / name,
        )
        code = agency.paper("code", self.invite(name))
        agency.do("enrol", "--hub", self.url, "--agency", name, "--code-file", code, *arguments)
        self.agencies[name] = agency
        return agency

    def agree(self) -> None:
        """Put one agreement in force between everybody."""
        self.do(
            "agreement", "sign", "--id", "everybody",
            "--controllers", ",".join(f"{name}-body" for name in self.agencies),
            "--purposes", "child_protection_enquiry,safeguarding_contact",
            "--categories", _CATEGORIES, "--from", "2020-01-01", *self.trust,
        )  # fmt: skip

    def confirm_all(self) -> None:
        """Have everybody ring everybody."""
        digits = {
            name: each.say("keys", "fingerprint")["fingerprint"] for name, each in self.agencies.items()
        }
        for name, each in self.agencies.items():
            for other in self.agencies.keys() - {name}:
                until(partial(each.knows, other), f"{name} has heard of {other}")
                each.do("keys", "confirm", other, digits[other])

    def play(self, *names: str) -> None:
        """Set the whole stage: hub, agencies, agreement, adapters, confirmations."""
        self.serve()
        for name in names:
            self.enrol(name)
        self.agree()
        for name in names:
            self.agencies[name].begin()
        for name in names:
            self.agencies[name].connected()
        self.confirm_all()

    def sql(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Read or change the hub's database behind its back."""
        assert self.database is not None
        return asyncio.run(_fetch(self.database, query, values))

    def table_dump(self) -> dict[str, bytes]:
        """Every table of the hub's database as `COPY … TO` writes it."""
        assert self.database is not None
        return asyncio.run(_dump(self.database))

    def close(self) -> None:
        """End every process, the hub last."""
        for agency in self.agencies.values():
            agency.kill()
        for program in (*self.others, *([self.hub] if self.hub else [])):
            program.kill()


@contextmanager
def _journal(state: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(state / "journal.sqlite", isolation_level=None, timeout=15)
    db.row_factory = sqlite3.Row
    try:
        yield db
    finally:
        db.close()


async def _fetch(url: str, query: str, values: Sequence[object]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def _dump(url: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        dump = {}
        for row in names:
            out = io.BytesIO()
            await connection.copy_from_query(f"SELECT * FROM {row['name']}", output=out)
            dump[row["name"]] = out.getvalue()
        return dump
    finally:
        await connection.close()
