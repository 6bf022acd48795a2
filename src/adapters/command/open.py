"""`open`: print the words of one envelope. Nothing readable is written to disk."""

import argparse

from adapters.command.argument import Commands, by_whom, command, practitioner


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "open",
        perform,
        does="print the words of an envelope, received or sent; nothing is stored",
        example="""
        gatehouse-adapter open 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10
        """,
    )
    parser.add_argument("envelope", metavar="ENVELOPE", help="its id, as inbox and status list it")
    by_whom(parser, role="practitioner")
    parser.add_argument("--sender", metavar="AGENCY", help="needed only where two agencies used one id")


def perform(arguments: argparse.Namespace) -> int:
    """Print the body with its handling code, and journal who read it."""
    import asyncio

    from adapters.command.body import lines
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.screen import give, say
    from adapters.desk.inbox import note_reading, read

    with desk(arguments) as folder:
        opened = read(folder, arguments.envelope, sender=arguments.sender)
        # Before it is shown: whoever read something wrong must be found when it is corrected.
        asyncio.run(note_reading(folder, opened, person=practitioner(arguments).id))
    if arguments.json:
        give(
            {
                "envelope": opened.jti,
                "mine": opened.mine,
                "declaration": opened.declaration,
                "body": opened.body,
                "corrected_by": opened.corrected_by,
            }
        )
    else:
        say(*lines(opened))
    return Exit.DONE
