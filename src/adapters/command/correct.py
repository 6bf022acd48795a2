"""`correct`: tell everybody who was given a statement that it was wrong."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds

if TYPE_CHECKING:
    from adapters.desk.correct import Corrected
    from adapters.folder import Folder
    from adapters.view import Sent
    from broker.protocol.body import Entry


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "correct",
        perform,
        does="tell every agency that was given a statement that it was wrong, and what holds instead",
        example="""
        gatehouse-adapter correct 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --why 'It is about the other twin.'
        gatehouse-adapter correct --example > correction.yaml
        gatehouse-adapter correct 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --entry 2 --why 'Wrong pupil.' \\
            --instead correction.yaml
        """,
    )
    parser.add_argument("envelope", nargs="?", metavar="ENVELOPE", help="an item or contact that carried it")
    parser.add_argument(
        "--entry",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="the entry that is wrong, as open counts them from 1; again for more (default: all of it)",
    )
    parser.add_argument("--why", metavar="WORDS", help="why it is wrong; @FILE reads the words from a file")
    parser.add_argument("--instead", type=Path, metavar="FILE.yaml", help="entries that hold instead")
    parser.add_argument("--example", action="store_true", help="print a file for --instead to start from")
    parser.add_argument("--preset", metavar="NAME", help="grounds by name, where the usual do not serve")
    by_whom(parser, role="practitioner")
    wait_seconds(parser, default=10, what="the hub's decision on each")


def perform(arguments: argparse.Namespace) -> int:
    """Write and queue every correction, and report each."""
    from adapters.answering.example import Example, example
    from adapters.errors import WrongOrder

    if arguments.example:
        print(example(Example.CORRECTION), end="")
        return 0
    if arguments.envelope is None or arguments.why is None:
        raise WrongOrder("what-is-wrong", "Name the envelope that is wrong, and say --why.")
    return asyncio.run(_perform(arguments))


async def _perform(arguments: argparse.Namespace) -> int:
    from adapters.answering.holding_form import read_entries
    from adapters.answering.own_grounds import telling_grounds
    from adapters.answering.releasing import verify_alone
    from adapters.answering.section import section_of_file
    from adapters.command.desk_folder import desk
    from adapters.command.words import words_or_file
    from adapters.desk.correct import Wrong, correct
    from adapters.desk.inbox import read
    from policies.vocabulary import Purpose

    why = words_or_file(arguments.why)
    with desk(arguments) as folder:
        wrong = read(folder, arguments.envelope)
        people = len(wrong.body.subjects)
        instead: tuple[Entry, ...] = ()
        if arguments.instead is not None:
            form = section_of_file(arguments.instead, what="a correction")
            instead = read_entries(form, people)
            form.end()
            verify_alone(folder, wrong.declaration, instead)
        found = await correct(
            folder,
            Wrong(
                envelope=arguments.envelope,
                entries=tuple(sorted({each - 1 for each in arguments.entry})),
                why=why,
                instead=instead,
            ),
            practitioner=practitioner(arguments),
            grounds=lambda people: telling_grounds(
                folder, Purpose.CORRECTION, people, preset=arguments.preset
            ),
        )
        return await _report(arguments, folder, found)


async def _report(arguments: argparse.Namespace, folder: "Folder", found: "tuple[Corrected, ...]") -> int:
    from adapters.command.exit import Exit
    from adapters.command.outcome import exit_after
    from adapters.command.screen import give, say
    from adapters.desk.follow import Milestone, wait_for

    sent = [
        None
        if each.notice is None
        else await wait_for(folder, each.notice, Milestone.DECIDED, within=arguments.wait)
        for each in found
    ]
    if arguments.json:
        give({"corrections": found, "sent": sent})
    else:
        for one, seen in zip(found, sent, strict=True):
            say(*_lines(one, seen))
    ends = [
        Exit.FAILED if seen is None else exit_after(seen, Milestone.DECIDED, waited=arguments.wait > 0)
        for seen in sent
    ]
    return next((end for end in ends if end is not Exit.DONE), Exit.DONE)


def _lines(one: "Corrected", seen: "Sent | None") -> list[str]:
    from adapters.command.outcome import findings, state_words
    from adapters.view import Progress

    opened = "opened there" if one.opened_before else "not opened yet, as far as is known"
    first = f"{one.item} to {one.recipient} ({opened})"
    if seen is None:
        return [first, f"  NOT corrected: {one.problem} Give the command again when that is settled."]
    already = "corrected before as" if one.already else "corrected by"
    lines = [first, f"  {already} {seen.jti}. {state_words(seen)}"]
    return lines if seen.progress is Progress.ENDED else [*lines, *findings(seen.findings, brief=True)]
