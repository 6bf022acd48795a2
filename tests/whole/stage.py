"""A stage: one hub as a real process on a database of its own, agencies enrolled at it, their adapters as
real processes, each confirmed at the others by "telephone", and one agreement between them all.
"""

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg

from tests.whole.agency import Agency
from tests.whole.programs import Program, Ran, command, command_line, process, until

CARE: Final = "care"
HEALTH: Final = "health"
SCHOOL: Final = "school"
SECTORS: Final = {CARE: "social_care", HEALTH: "health", SCHOOL: "education"}
_FACTS: Final = {CARE: "local_authority", HEALTH: "nhs_body", SCHOOL: "school"}
_CATEGORIES: Final = (
    "attendance,school_concerns,contact_report,household,demographics,gp_registration,health_attendances,"
    "health_conditions,health_observations,health_flags,outcome"
)


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
            "--purposes", "child_protection_enquiry,safeguarding_contact,outcome_feedback",
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
