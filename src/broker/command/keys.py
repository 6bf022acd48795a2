"""`gatehouse keys list`: the hub's keys by their public parts. Secrets are never shown."""

import argparse
from pathlib import Path
from typing import Final

from broker.command.options import add_state
from broker.command.show import say, show

_USES: Final = {
    "decision": "signs every record",
    "log": "signs checkpoints only",
    "subject": "makes the tokens that stand for people; secret, never in the database",
    "administrator": "signs the first administrator's acts; move it to its owner",
}


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("keys", help="list the hub's keys", epilog="example: gatehouse keys list")
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    listing = verbs.add_parser(
        "list", help="list the hub's keys by their public parts", epilog="example: gatehouse keys list --json"
    )
    add_state(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)


def _list(options: argparse.Namespace) -> int:
    from broker.command.state import default_state

    folder = (options.state or default_state()) / "keys"
    rows = [_row(folder, name, use) for name, use in _USES.items()]
    if options.json:
        show(rows)
        return 0
    for row in rows:
        say(f"{row['key']:<14} {row['state']:<9} {row['kid'] or '-':<44} {row['use']}")
    return 0


def _row(folder: Path, name: str, use: str) -> dict[str, str | None]:
    from keys import store
    from keys.errors import UnsafeFile
    from keys.signing import SigningKey

    row: dict[str, str | None] = {"key": name, "use": use, "state": "present", "kid": None}
    try:
        seed = store.read_secret(folder / name)
        if name != "subject":
            row["kid"] = SigningKey.from_seed(seed).public.kid
    except FileNotFoundError:
        row["state"] = "absent"
    except UnsafeFile:
        row["state"] = "unsafe"
    return row
