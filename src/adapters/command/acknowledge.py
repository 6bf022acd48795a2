"""`acknowledge`: a person has seen a contact, and whoever told it hears so."""

import argparse
import asyncio

from adapters.command.argument import Commands, by_whom, command, practitioner, until, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "acknowledge",
        perform,
        does="say that a person has seen a contact: its clock stops, and whoever told it is told so",
        example="""
        gatehouse-adapter acknowledge 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --by sw-0143
        """,
    )
    parser.add_argument("contact", metavar="CONTACT", help="its id, as inbox lists it")
    parser.add_argument("--words", metavar="WORDS", help="words to add; @FILE reads them from a file")
    parser.add_argument("--preset", metavar="NAME", help="grounds by name, where the usual do not serve")
    by_whom(parser, role="screener")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Journal it and queue the message."""
    return asyncio.run(_perform(arguments))


async def _perform(arguments: argparse.Namespace) -> int:
    from adapters.answering.own_grounds import message_grounds
    from adapters.command.desk_folder import desk
    from adapters.command.sending import follow
    from adapters.command.words import words_or_file
    from adapters.desk.contact import acknowledge, contact_of

    words = "" if arguments.words is None else words_or_file(arguments.words)
    with desk(arguments) as folder:
        contact = contact_of(folder, arguments.contact)
        jti = await acknowledge(
            folder,
            contact.jti,
            practitioner=practitioner(arguments),
            grounds=message_grounds(folder, contact.jti, preset=arguments.preset),
            words=words,
        )
        return await follow(arguments, folder, jti)
