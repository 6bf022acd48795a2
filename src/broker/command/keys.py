"""`gatehouse keys`: the hub's keys by their public parts, secrets never shown; and a new epoch of the
agencies' own subject key."""

import argparse
from pathlib import Path
from typing import Final

from broker.command.options import add_signing, add_state
from broker.command.show import say, show

_USES: Final = {
    "decision": "signs every record",
    "log": "signs checkpoints only",
    "subject": "makes the tokens that stand for people; secret, never in the database",
    "administrator": "signs the first administrator's acts; move it to its owner",
}


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "keys",
        help="list the hub's keys; renew the agencies' subject key",
        epilog="example: gatehouse keys list",
    )
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    listing = verbs.add_parser(
        "list", help="list the hub's keys by their public parts", epilog="example: gatehouse keys list --json"
    )
    add_state(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)

    renew = verbs.add_parser(
        "renew-subject-key",
        help="open the next epoch of the agencies' subject key",
        description="For when no agency has the key of the open epoch any more, or one that has it left. "
        "The next adapter makes another, which is passed on as the first was. What was written under the key "
        "before is still read by whoever has it, but people named under both are not linked.",
        epilog="example: gatehouse keys renew-subject-key 2",
    )
    renew.add_argument("epoch", type=int, metavar="EPOCH", help="the epoch to open: the open one and 1")
    add_signing(renew)
    renew.set_defaults(run=_renew)


def _renew(options: argparse.Namespace) -> int:
    from broker.command.signer import signer_of
    from broker.protocol.act import SubjectKeyRenewal

    index = signer_of(options).give(SubjectKeyRenewal, epoch=options.epoch)
    say(f"Epoch {options.epoch} of the subject key is open from record {index}; an adapter makes its key.")
    return 0


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
