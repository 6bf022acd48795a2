"""`evidence`: write the proof of an envelope's permit, for `gatehouse verify`. It holds no readable word."""

import argparse
import os
from pathlib import Path

from adapters.command.argument import Commands, command


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "evidence",
        perform,
        does="write the proof that an envelope was permitted, for gatehouse verify",
        example="""
        gatehouse-adapter evidence 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 permit.json
        gatehouse-adapter evidence --opened DIR       one file for each envelope opened here
        gatehouse verify permit.json
        """,
    )
    parser.add_argument("envelope", nargs="?", metavar="ENVELOPE", help="its id")
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="the file to write; it must not be there yet"
    )
    parser.add_argument("--sender", metavar="AGENCY", help="needed only where two agencies used one id")
    parser.add_argument(
        "--opened", type=Path, metavar="DIR", help="instead: every envelope opened here, into a folder"
    )


def perform(arguments: argparse.Namespace) -> int:
    """Write the files."""
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.evidence import evidence
    from adapters.desk.inbox import inbox
    from adapters.errors import WrongOrder
    from broker.protocol.act import ReceiptOutcome

    written: list[Path] = []
    with desk(arguments) as folder:
        if arguments.opened is not None:
            arguments.opened.mkdir(parents=True, exist_ok=True)
            for received in inbox(folder):
                if received.outcome is ReceiptOutcome.OPENED:
                    path = arguments.opened / f"{received.sender}-{received.jti}.json"
                    written.append(_write(path, evidence(folder, received.jti, sender=received.sender)))
        elif arguments.envelope is None or arguments.file is None:
            raise WrongOrder("what-evidence", "Name an envelope and a file, or give --opened DIR.")
        else:
            written.append(
                _write(arguments.file, evidence(folder, arguments.envelope, sender=arguments.sender))
            )
    if arguments.json:
        give({"files": [str(path) for path in written]})
    else:
        say(*(f"Written: {path}   check it: gatehouse verify {path}" for path in written))
    return 0


def _write(path: Path, data: bytes) -> Path:
    # Never over another file: evidence that can be replaced unnoticed is none.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path
