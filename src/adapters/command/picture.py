"""`picture`: everything opened in an enquiry, as one chronology. Readable words go to disk only by --html."""

import argparse
import os
import shutil
from pathlib import Path
from typing import Final

from adapters.command.argument import Commands, command

_WIDTH: Final = 100
"""Columns where there is no terminal to ask."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "picture",
        perform,
        does="show the whole picture of an enquiry: who says what, who has not answered, what is doubtful",
        example="""
        gatehouse-adapter picture enquiry-2026-114
        gatehouse-adapter picture enquiry-2026-114 --html picture.html     one file to read or print
        """,
    )
    parser.add_argument("enquiry", metavar="ENQUIRY", help="its name, as enquiry list shows it")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write one HTML file that only you may read; nothing else is stored",
    )
    parser.add_argument("--force", action="store_true", help="with --html: replace the file if it is there")


def perform(arguments: argparse.Namespace) -> int:
    """Gather, join and show."""
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.gather import gather
    from adapters.picture.make import picture_of
    from adapters.picture.terminal import lines

    with desk(arguments) as folder:
        picture = picture_of(gather(folder, arguments.enquiry))
    if arguments.html is not None:
        from adapters.picture.page import page

        _write(arguments.html, page(picture).encode(), force=arguments.force)
        if arguments.json:
            give({"files": [str(arguments.html)], "handling": picture.handling})
        else:
            say(f"Written: {arguments.html}   {picture.handling.words}. Delete it when it has served.")
    elif arguments.json:
        give(picture)
    else:
        say(*lines(picture, width=shutil.get_terminal_size((_WIDTH, 0)).columns))
    return 0


def _write(path: Path, data: bytes, *, force: bool) -> None:
    from adapters.errors import WrongOrder
    from keys.store import write_secret

    if force:
        write_secret(path, data)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise WrongOrder(
            "file-exists", "That file is there already: name another, or give --force to replace it."
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
