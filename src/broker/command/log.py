"""`gatehouse log export`: the log as static files, to be kept or served by anyone (C2SP tlog-tiles)."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from broker.command.options import add_database
from broker.command.show import say, show

if TYPE_CHECKING:
    from broker.log.export import Exported


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("log", help="export the log", epilog="example: gatehouse log export ./log")
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    export = verbs.add_parser(
        "export",
        help="write checkpoint, tiles and log.vkey as files",
        epilog="example: gatehouse log export ./log",
    )
    export.add_argument("directory", type=Path, metavar="DIR", help="where to write; made if absent")
    add_database(export)
    export.add_argument("--json", action="store_true", help="print JSON: size and root")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from keys import base64url

    exported = asyncio.run(_write(options))
    root = base64url.encode(exported.root)
    if options.json:
        show({"size": exported.size, "root": root})
    else:
        say(f"{options.directory}: {exported.size} entries in {exported.tiles} tiles, root {root}")
    return 0


async def _write(options: argparse.Namespace) -> "Exported":
    from broker.command.database import reading
    from broker.command.state import default_state, read_hub_file
    from broker.log.export import export
    from keys.note import parse_vkey

    vkey = parse_vkey(read_hub_file(options.state or default_state()).keys.log_vkey)
    async with reading(options) as pool:
        return await export(pool, vkey, options.directory, progress=lambda _: None)
