"""`inbox`: what was handed over to us, and what waits for an answer."""

import argparse
import asyncio
from typing import TYPE_CHECKING, Final

from adapters.command.argument import Commands, command, wait_seconds

if TYPE_CHECKING:
    from adapters.answering.release_rules import ReleaseRules
    from adapters.folder import Folder
    from adapters.view import Received

_LOOK: Final = 0.1
"""Seconds between looks at a journal that another process writes."""
_WARNINGS: Final = {
    "known-but-untraced": "warning: an NHS number in it was kept from the hub's matching, though its sender "
    "could have traced it; tell your information-governance officer"
}


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "inbox",
        perform,
        does="list what came in, and which asks wait for an answer",
        example="""
        gatehouse-adapter inbox
        gatehouse-adapter inbox --exchange 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --count 2 --wait 60
        """,
    )
    parser.add_argument("--exchange", metavar="EXCHANGE", help="only what belongs to this exchange")
    parser.add_argument(
        "--count", type=int, default=1, metavar="N", help="with --wait: until so many are there (default: 1)"
    )
    wait_seconds(parser, default=0, what="--count envelopes; 5 if they have not come")


def perform(arguments: argparse.Namespace) -> int:
    """List; the words stay sealed until `open`."""
    from adapters.answering.waiting import waiting
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.inbox_lines import as_json, waiting_lines
    from adapters.command.screen import give, moment, say, words
    from adapters.desk.contact import contacts
    from adapters.desk.inbox import tasks

    with desk(arguments) as folder:
        received = asyncio.run(_received(folder, arguments))
        asked = tasks(folder, arguments.exchange)
        waits = waiting(asked, _rules(folder), at=folder.clock.now())
        told = [each for each in contacts(folder) if arguments.exchange in (None, each.jti)]
    end = Exit.WAITING if arguments.wait and len(received) < arguments.count else Exit.DONE
    if arguments.json:
        shown = [as_json(each) for each in waits]
        give({"received": received, "tasks": asked, "waiting": shown, "contacts": told})
        return end
    unseen = [contact for contact in told if contact.seen_at is None]
    if unseen:
        say("To be seen by a person:")
    for contact in unseen:
        say(
            f"  contact from {contact.sender} ({contact.rating.value}), by {moment(contact.due_at)}",
            f"    gatehouse-adapter acknowledge {contact.jti}",
        )
    if waits:
        say("Waiting for an answer, the most urgent first:")
    for each in waits:
        say(*waiting_lines(each))
    say("Received:" if received else "Nothing has been received.")
    for envelope in received:
        what = ", ".join(words(category.value) for category in envelope.categories)
        say(
            f"  {moment(envelope.received_at)}  {_kind(envelope)} from {envelope.sender}: {what}"
            f" ({words(envelope.outcome.value)})",
            *([f"    {_WARNINGS.get(envelope.warning, envelope.warning)}"] if envelope.warning else []),
            *(f"    CORRECTED: gatehouse-adapter open {notice}" for notice in envelope.corrected_by),
            f"    gatehouse-adapter open {envelope.jti}",
        )
    return end


def _rules(folder: "Folder") -> "ReleaseRules":
    """The release rules; a file that cannot be read hides nothing of what waits."""
    from adapters.answering.release_rules import NO_RULES, load_rules
    from adapters.command.screen import complain
    from adapters.errors import Unusable

    try:
        return load_rules(folder.path)
    except Unusable as error:
        complain(f"gatehouse-adapter: {error.message}")
        return NO_RULES


def _kind(envelope: "Received") -> str:
    return envelope.kind.value if envelope.notice is None else envelope.notice.value


async def _received(folder: "Folder", arguments: argparse.Namespace) -> "tuple[Received, ...]":
    from adapters.desk.inbox import inbox, received_of

    def look() -> "tuple[Received, ...]":
        return inbox(folder) if arguments.exchange is None else received_of(folder, arguments.exchange)

    try:
        async with asyncio.timeout(arguments.wait):
            while len(look()) < arguments.count:
                await folder.journal.changed(arguments.exchange or "", at_most=_LOOK)
    except TimeoutError:
        pass
    return look()
