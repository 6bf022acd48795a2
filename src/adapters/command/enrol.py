"""`enrol`: make this agency's keys, prove them to the hub, pin the hub's."""

import argparse
import asyncio
import sys
from contextlib import nullcontext
from getpass import getpass
from pathlib import Path

from adapters.command.argument import Commands, command
from adapters.command.exit import Exit


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "enrol",
        perform,
        does="enrol this agency at a hub with the code its administrator gave you",
        example="""
        gatehouse-adapter enrol --hub https://hub.eastmere.example --agency eastmere-care --code-file code.txt
        gatehouse-adapter enrol --again --hub https://hub.eastmere.example --agency eastmere-care
        """,
    )
    parser.add_argument(
        "--hub", required=True, metavar="URL", help="https://…, or http:// on this machine only"
    )
    parser.add_argument("--code", action=_Shown, help=argparse.SUPPRESS)
    parser.add_argument("--agency", required=True, metavar="ID", help="as the administrator added you")
    parser.add_argument(
        "--code-file", type=Path, metavar="FILE", help="read the code from a file; else you are asked for it"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificates (PEM) the hub's is checked against"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="with a new identity key, in the folder this agency has: its keys ran out or were revoked, and "
        "the administrator has invited it again; stop gatehouse-adapter run first",
    )


class _Shown(argparse.Action):
    """Refuses a code on the command line: whoever lists the machine's processes would read it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.error("others can read a command line: leave the code out and type it, or give --code-file")


def perform(arguments: argparse.Namespace) -> int:
    """Enrol, and print the fingerprint that others will ask for by telephone."""
    from adapters.command.alone import alone
    from adapters.command.screen import give, say
    from adapters.desk.enrol import enrol
    from adapters.desk.keys import fingerprint
    from adapters.folder import open_folder

    code = _code(arguments.code_file)
    ca_file = None if arguments.ca is None else str(arguments.ca)
    with alone(arguments.state) if arguments.again else nullcontext():
        file = asyncio.run(
            enrol(
                arguments.state,
                hub_url=arguments.hub,
                agency=arguments.agency,
                code=code,
                ca_file=ca_file,
                again=arguments.again,
            )
        )
    folder = open_folder(arguments.state)
    try:
        digits = fingerprint(folder)
    finally:
        folder.close()
    if arguments.json:
        give({"agency": file.agency, "hub": file.hub.hub, "hub_url": file.hub_url, "fingerprint": digits})
    else:
        say(
            f"{file.agency} is enrolled at {file.hub_url}.",
            f"Your fingerprint, to read out when another agency rings: {digits}",
            *(["Until others have confirmed it, they seal nothing to you."] if arguments.again else []),
            "Next: gatehouse-adapter run",
        )
    return Exit.DONE


def _code(file: Path | None) -> str:
    from adapters.errors import WrongOrder

    if file is not None:
        with file.open("rb") as opened:
            code = opened.read(1_000).decode("ascii", "replace").strip()
    elif sys.stdin.isatty():
        code = getpass("Enrolment code: ").strip()
    else:
        code = sys.stdin.readline(1_000).strip()
    if not code:
        raise WrongOrder("no-code", "There is no enrolment code; ask the hub's administrator for one.")
    return code
