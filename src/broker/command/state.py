"""The hub's state folder: `hub.json`, `keys/`, and the embedded database's `postgres/`. Ours alone, mode
0700."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.command.failed import CommandFailed
from broker.protocol.evidence import HubKeys, parse_hub_keys
from broker.protocol.problem import Problem
from keys import store, strict_json
from keys.errors import MalformedInput, UnsafeFile

VARIABLE: Final = "GATEHOUSE_STATE"
OWN_KEYS: Final = ("decision", "log", "subject")
"""The keys a hub works with itself; the first administrator's may be kept elsewhere."""
_HUB_FILE: Final = "hub.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """What `gatehouse serve` writes when it is ready: where it answers, and its public keys."""

    url: str
    keys: HubKeys
    pid: int


def default_state() -> Path:
    """`GATEHOUSE_STATE`, else the user's own state folder (XDG base directories)."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "gatehouse"


def make_state(state: Path) -> None:
    """Make the folder and `keys/` in it, or check that they are ours, and close them to others.

    Raises:
        CommandFailed: not ours, or not a folder.
    """
    for folder in (state, state / "keys"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            there = os.lstat(folder) if folder != state else os.stat(folder)
            if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
                raise CommandFailed(f"{folder} is not a folder of this user: use another with --state.")
            folder.chmod(0o700)
        except OSError as error:
            raise CommandFailed(
                f"Cannot use {folder}: {error.strerror}. Name another with --state."
            ) from error


def verify_keys_present(state: Path) -> None:
    """Return if the hub is new here, or has all its keys: a new key in an old hub's place would break its
    log.

    Raises:
        CommandFailed: a key is missing from a folder in which a hub has been ready.
    """
    if not (state / _HUB_FILE).exists():
        return
    missing = [name for name in OWN_KEYS if not (state / "keys" / name).exists()]
    if missing:
        raise CommandFailed(f"{state}/keys lacks {', '.join(missing)}: restore them from the backup.")


def write_hub_file(state: Path, hub: HubFile) -> None:
    """Write `hub.json` whole or not at all."""
    value = {"url": hub.url, **hub.keys.model_dump(), "pid": hub.pid}
    store.write_secret(state / _HUB_FILE, strict_json.dump(value) + b"\n")


def read_hub_file(state: Path) -> HubFile:
    """Read `hub.json`.

    Raises:
        CommandFailed: there is none, or it is not one.
    """
    path = state / _HUB_FILE
    try:
        value = strict_json.parse_object(store.read_secret(path))
        url, pid = value.pop("url", None), value.pop("pid", None)
        if not isinstance(url, str) or not isinstance(pid, int):
            raise MalformedInput("hub-file", "url or pid is missing")
        return HubFile(url=url, keys=parse_hub_keys(dict(value)), pid=pid)
    except FileNotFoundError:
        raise CommandFailed(
            f"{path} is not there: start the hub with `gatehouse serve --state {state}` first."
        ) from None
    except (MalformedInput, UnsafeFile, Problem) as error:
        raise CommandFailed(f"{path} is not what `gatehouse serve` writes: {error}") from error


def read_keys_file(path: Path) -> HubKeys:
    """A hub's public keys from `hub.json` or from a file with nothing but the keys.

    Raises:
        CommandFailed: not such a file.
    """
    try:
        value = strict_json.parse_object(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"Cannot read {path}: {error.strerror}.") from error
    except MalformedInput as error:
        raise CommandFailed(f"{path} does not hold a hub's keys: {error.message}.") from error
    try:
        return parse_hub_keys({name: value[name] for name in HubKeys.model_fields if name in value})
    except Problem as problem:
        raise CommandFailed(f"{path} does not hold a hub's keys: {problem.detail}") from problem
