"""`corrected`: who had what was wrong, for the officer."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from adapters.command.argument import Commands, command

if TYPE_CHECKING:
    from adapters.desk.corrected import CorrectionReceived, CorrectionSent, Reader


def add(commands: Commands) -> None:
    """Add the command."""
    command(
        commands,
        "corrected",
        perform,
        does="list what was wrong, who opened it before its correction came, and who has the correction",
        example="""
        gatehouse-adapter corrected
        gatehouse-adapter corrected --json
        """,
    )


def perform(arguments: argparse.Namespace) -> int:
    """List corrections told and received."""
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.screen import give, say
    from adapters.desk.corrected import corrections_received, corrections_sent

    with desk(arguments) as folder:
        told, came = corrections_sent(folder), corrections_received(folder)
    if arguments.json:
        give({"sent": told, "received": came})
        return Exit.DONE
    lines = [*_told(told), *_came(came)]
    say(*lines or ["Nothing was corrected."])
    return Exit.DONE


def _told(told: "tuple[CorrectionSent, ...]") -> Iterator[str]:
    from adapters.command.screen import moment

    if told:
        yield "Corrected by us:"
    for each in told:
        opened = "not opened" if each.item_opened_at is None else f"opened {moment(each.item_opened_at)}"
        yield f"  {each.item} to {each.recipient}: {opened}"
        corrected = "not opened yet" if each.opened_at is None else f"opened {moment(each.opened_at)}"
        yield f"    correction {each.notice} of {moment(each.told_at)}: {corrected}"


def _came(came: "tuple[CorrectionReceived, ...]") -> Iterator[str]:
    from adapters.command.screen import moment

    if came:
        yield "Corrected by others:"
    for each in came:
        yield f"  {each.item} from {each.sender}, received {moment(each.item_received_at)}"
        yield f"    correction {each.notice} received {moment(each.received_at)}"
        yield f"    read before it was corrected by: {_readers(each.before)}"
        if each.after:
            yield f"    read since by: {_readers(each.after)}"
        yield f"    the correction was read by: {_readers(each.read)}"


def _readers(readers: "tuple[Reader, ...]") -> str:
    from adapters.command.screen import moment

    return ", ".join(f"{each.person} ({moment(each.at)})" for each in readers) or "nobody here"
