"""`doctor`: what is wrong with this installation and what to do."""

import argparse
from typing import TYPE_CHECKING

from adapters.command.argument import Commands, command

if TYPE_CHECKING:
    from adapters.doctor.finding import Finding


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "doctor",
        perform,
        does="look at the installation, the hub and the record system, and say what is wrong and what to do",
        example="""
        gatehouse-adapter doctor
        gatehouse-adapter doctor --connector fhir:/srv/records --json
        """,
    )
    parser.add_argument(
        "--connector", metavar="KIND:PLACE", help="the record system that run answers from, such as fhir:DIR"
    )


def perform(arguments: argparse.Namespace) -> int:
    """Look at everything; 0 only if nothing failed."""
    import asyncio
    from dataclasses import asdict

    from adapters.command.exit import Exit
    from adapters.command.screen import give, say

    found = asyncio.run(_look(arguments))
    wrong = any(each.verdict == "failed" for each in found)
    if arguments.json:
        give({"ok": not wrong, "findings": [asdict(each) for each in found]})
    else:
        say(*[f"{each.verdict:<7} {each.what}: {each.says}" for each in found])
    return Exit.FAILED if wrong else Exit.DONE


async def _look(arguments: argparse.Namespace) -> "list[Finding]":
    from adapters.connectors.registry import open_connector
    from adapters.doctor.answering import look_at_connector, look_at_rules
    from adapters.doctor.finding import failed
    from adapters.doctor.hub import look_at_hub
    from adapters.doctor.journal import look_at_integrity, look_at_queues
    from adapters.doctor.people import look_at_agencies, look_at_keys
    from adapters.doctor.place import look_at_place
    from adapters.errors import AdapterError
    from adapters.folder import open_folder
    from keys.errors import Rejected

    found = look_at_place(arguments.state)
    if not arguments.state.is_dir():
        return found
    whole = look_at_integrity(arguments.state)
    found.append(whole)
    if whole.verdict == "failed":
        return found  # to open it would write to it
    try:
        folder = open_folder(arguments.state)
    except (AdapterError, Rejected) as error:
        return [*found, failed("keys", error.message if isinstance(error, AdapterError) else str(error))]
    except FileNotFoundError as error:
        return [*found, failed("keys", f"{error.filename} is not there: restore it from the backup.")]
    try:
        found += [*look_at_keys(folder), *look_at_agencies(folder), *look_at_queues(folder)]
        found.append(look_at_rules(folder))
        if arguments.connector is not None:
            try:
                found += await look_at_connector(open_connector(arguments.connector))
            except AdapterError as error:
                found.append(failed("connector", error.message))
        found += await look_at_hub(folder)
    finally:
        folder.close()
    return found
