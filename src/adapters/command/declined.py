"""`declined`: what this agency declined, and why; the reasons never left it."""

import argparse

from adapters.command.argument import Commands, command


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "declined",
        perform,
        does="list what was declined here with its coded reason, checked against the signed act",
        example="""
        gatehouse-adapter declined
        gatehouse-adapter declined --exchange 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --json
        """,
    )
    parser.add_argument("--exchange", metavar="EXCHANGE", help="only what belongs to this exchange")


def perform(arguments: argparse.Namespace) -> int:
    """List; a reason that is not the one signed for is failure."""
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.screen import give, moment, say, words
    from adapters.desk.declined import declines

    with desk(arguments) as folder:
        found = [each for each in declines(folder) if arguments.exchange in (None, each.exchange)]
    if arguments.json:
        give({"declined": found})
    else:
        for each in found:
            checked = "as signed" if each.committed else "NOT the reason that was signed; tell your officer"
            say(
                f"{moment(each.at)}  {words(each.category.value)}: {words(each.reason.value)} ({checked})",
                f"    by {each.by} ({words(each.role)}), exchange {each.exchange}, act {each.act}",
            )
        if not found:
            say("Nothing was declined.")
    return Exit.DONE if all(each.committed for each in found) else Exit.FAILED
