"""`enquiry`: our own grouping of exchanges; which there are, and what is in them."""

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from adapters.command.argument import Commands, command

if TYPE_CHECKING:
    from adapters.desk.enquiry import Enquiry


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "enquiry",
        _list,
        does="list enquiries, and put what was received into one; an enquiry is yours alone and never sent",
        example="""
        gatehouse-adapter enquiry
        gatehouse-adapter enquiry add enquiry-2026-114 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10
        """,
    )
    actions: Any = parser.add_subparsers(title="what to do (default: list)", metavar="ACTION")
    command(
        actions,
        "list",
        _list,
        inner=True,
        does="list every enquiry and its exchanges",
        example="gatehouse-adapter enquiry list",
    )
    putting = command(
        actions,
        "add",
        _add,
        inner=True,
        does="put an envelope's exchange into an enquiry, such as the contact that began it",
        example="gatehouse-adapter enquiry add enquiry-2026-114 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10",
    )
    taking = command(
        actions,
        "remove",
        _remove,
        inner=True,
        does="take an envelope's exchange out of an enquiry",
        example="gatehouse-adapter enquiry remove enquiry-2026-114 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10",
    )
    for each in (putting, taking):
        each.add_argument(
            "enquiry", metavar="ENQUIRY", help="its name: a reference of yours, better than a person's name"
        )
        each.add_argument("envelope", metavar="ENVELOPE", help="its id, as inbox and status list it")


def _list(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.enquiry import enquiries

    with desk(arguments) as folder:
        found = enquiries(folder)
    if arguments.json:
        give({"enquiries": found})
    elif not found:
        say("No enquiry yet: name one in an ask's form (enquiry: …), or see gatehouse-adapter enquiry add.")
    else:
        for each in found:
            _show(each)
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give
    from adapters.desk.enquiry import add as put_into

    with desk(arguments) as folder:
        found = asyncio.run(put_into(folder, arguments.enquiry, arguments.envelope))
    if arguments.json:
        give(found)
    else:
        _show(found)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.enquiry import remove

    with desk(arguments) as folder:
        asyncio.run(remove(folder, arguments.enquiry, arguments.envelope))
    if arguments.json:
        give({"removed": arguments.envelope})
    else:
        say("Taken out of the enquiry; the exchange itself stays as it is.")
    return 0


def _show(enquiry: "Enquiry") -> None:
    from adapters.command.screen import say

    say(f"{' '.join(enquiry.name.split())}: {len(enquiry.exchanges)} exchange(s)")
    say(*(f"  {exchange}" for exchange in enquiry.exchanges))
