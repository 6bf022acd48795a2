"""`gatehouse doctor`: what is wrong with this installation, and what a production hub wants differently."""

import argparse
import asyncio
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from broker.command.failed import CommandFailed
from broker.command.options import add_database
from broker.command.show import say, show

_OLDEST_SERVER: Final = 150_000
_DURABLE: Final = ("on", "remote_apply", "remote_write", "local")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `advice` is no failure: it works, but is not how a production hub should be."""

    what: str
    verdict: Literal["ok", "advice", "failed"]
    says: str


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "doctor",
        help="look at the installation and say what to do",
        epilog="example: gatehouse doctor --json",
    )
    add_database(parser)
    parser.add_argument("--ca", metavar="FILE", help="certificates to trust for https")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at everything; 0 only if nothing failed."""
    from broker.command.doctor_work import look_at_room
    from broker.command.state import default_state

    state: Path = options.state or default_state()
    findings = [
        *(_folder(state), _keys(state), *look_at_room(state)),
        *(*_database(options), *_hub(state, options.ca)),
    ]
    failed = any(finding.verdict == "failed" for finding in findings)
    if options.json:
        rows = [{"what": each.what, "verdict": each.verdict, "says": each.says} for each in findings]
        show({"ok": not failed, "findings": rows})
    else:
        for each in findings:
            say(f"{each.verdict:<7} {each.what}: {each.says}")
    return 1 if failed else 0


def _folder(state: Path) -> Finding:
    what = "state folder"
    try:
        there = os.stat(state)
    except OSError:
        return Finding(what=what, verdict="failed", says=f"{state} is not there: `gatehouse serve` makes it.")
    if there.st_uid != os.geteuid() or stat.S_IMODE(there.st_mode) & 0o077:
        return Finding(what=what, verdict="failed", says=f"{state} must be yours alone: chmod 700 it.")
    return Finding(what=what, verdict="ok", says=f"{state} is yours alone.")


def _keys(state: Path) -> Finding:
    from broker.command.state import OWN_KEYS
    from keys import store
    from keys.errors import UnsafeFile

    what, missing = "keys", []
    for name in (*OWN_KEYS, "administrator"):
        try:
            store.read_secret(state / "keys" / name)
        except FileNotFoundError:
            missing.append(name)
        except UnsafeFile as error:
            return Finding(what=what, verdict="failed", says=f"keys/{name}: {error.message}.")
    if missing == ["administrator"]:
        return Finding(
            what=what,
            verdict="ok",
            says="present; the administrator's key is kept elsewhere, as it should be.",
        )
    if len(missing) > len(OWN_KEYS):
        return Finding(
            what=what,
            verdict="failed",
            says="there are none: `gatehouse serve` makes a new hub's; those of one that ran before are in "
            "its backup.",
        )
    if missing:
        return Finding(
            what=what, verdict="failed", says=f"missing: {', '.join(missing)}. Restore them from the backup."
        )
    return Finding(
        what=what,
        verdict="advice",
        says="present and private. Move keys/administrator to its owner: who holds it may change what "
        "the hub allows.",
    )


def _database(options: argparse.Namespace) -> list[Finding]:
    from broker.command.database import database_url
    from broker.store.postgres import DatabaseUnavailable

    what = "database"
    embedded = database_url(options) is None
    try:
        row, work = asyncio.run(_server(options))
    except (CommandFailed, DatabaseUnavailable) as error:
        return [Finding(what=what, verdict="failed", says=str(error))]
    version = f"PostgreSQL {row['version'] // 10_000}.{row['version'] % 10_000}, schema {row['schema']}"
    findings = [_durable(row, version), *work]
    if embedded:
        findings.append(
            Finding(
                what=what,
                verdict="advice",
                says="embedded: good for trying out and small hubs. A production hub wants a "
                "distribution's PostgreSQL, with "
                "its security updates, a standby and backups: name it with --database.",
            )
        )
    return findings


def _durable(row: Any, version: str) -> Finding:
    what = "database"
    if row["version"] < _OLDEST_SERVER:
        return Finding(what=what, verdict="failed", says=f"{version}: 15 or later is needed.")
    unsafe = [name for name in ("fsync", "full_page_writes") if row[name] != "on"]
    if row["synchronous_commit"] not in _DURABLE:
        unsafe.append("synchronous_commit")
    if unsafe:
        return Finding(
            what=what,
            verdict="failed",
            says=f"{version}: {', '.join(unsafe)} is off, so what was acknowledged can be lost. Turn it on.",
        )
    if row["checksums"] != "on":
        return Finding(
            what=what,
            verdict="advice",
            says=f"{version}, durable, but without data checksums: run pg_checksums --enable.",
        )
    return Finding(what=what, verdict="ok", says=f"{version}, durable, with data checksums.")


async def _server(options: argparse.Namespace) -> tuple[Any, list[Finding]]:
    import asyncpg

    from broker.clock import SYSTEM
    from broker.command.database import reading
    from broker.command.doctor_work import look_at_work
    from broker.settings import Settings
    from broker.store.query import queries

    async with reading(options) as pool:
        try:
            row = await pool.fetchrow(queries("overview")["read_server"])
            return row, await look_at_work(pool, at=SYSTEM.now(), deposit_within=Settings().deposit_within)
        except asyncpg.UndefinedTableError:
            raise CommandFailed(
                "The database is not a hub's yet: `gatehouse serve` makes its tables."
            ) from None


def _hub(state: Path, authority: str | None) -> list[Finding]:
    from broker.command.client import ask
    from broker.command.state import read_hub_file

    what = "hub"
    try:
        known = read_hub_file(state)
        answer = ask(known.url, "/v1/hub", authority=authority)
    except CommandFailed as error:
        return [Finding(what=what, verdict="advice", says=str(error))]
    if answer.get("hub") != known.keys.hub:
        return [Finding(what=what, verdict="failed", says=f"another hub answers at {known.url}.")]
    if answer.get("database") != "ok":
        return [
            Finding(what=what, verdict="failed", says=f"runs at {known.url}, but cannot reach its database.")
        ]
    return [Finding(what=what, verdict="ok", says=f"runs at {known.url}.")]
