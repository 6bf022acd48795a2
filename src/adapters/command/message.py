"""`message`: words to the other party of an exchange: a question, a chase, a reply."""

import argparse
import asyncio

from adapters.command.argument import Commands, by_whom, command, practitioner, until, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "message",
        perform,
        does="write to the other party of an exchange, on the exchange's own grounds",
        example="""
        gatehouse-adapter message 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --question 'Which of the two dates?'
        gatehouse-adapter message 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --reply @reply.txt --by sw-0143
        """,
    )
    parser.add_argument(
        "exchange", metavar="EXCHANGE", help="the id of its ask or contact, as inbox and status list it"
    )
    about = parser.add_mutually_exclusive_group(required=True)
    for name, does in (
        ("question", "ask about what was said"),
        ("chase", "ask where the answer is"),
        ("reply", "answer a question or a contact"),
    ):
        about.add_argument(f"--{name}", metavar="WORDS", help=f"{does}; @FILE reads the words from a file")
    parser.add_argument("--item", metavar="ENVELOPE", help="the envelope that the words are about")
    parser.add_argument("--preset", metavar="NAME", help="grounds by name, where the exchange's do not serve")
    by_whom(parser, role="practitioner")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Queue the words and wait for the hub's decision."""
    return asyncio.run(_perform(arguments))


async def _perform(arguments: argparse.Namespace) -> int:
    from adapters.answering.own_grounds import message_grounds
    from adapters.command.desk_folder import desk
    from adapters.command.sending import follow
    from adapters.command.words import words_or_file
    from adapters.desk.tell import message
    from adapters.order import MessageOrder
    from broker.protocol.body import MessageAbout

    about = next(each for each in MessageAbout if getattr(arguments, each.value) is not None)
    words = words_or_file(getattr(arguments, about.value))
    with desk(arguments) as folder:
        order = MessageOrder(
            exchange=arguments.exchange,
            practitioner=practitioner(arguments),
            grounds=message_grounds(folder, arguments.exchange, preset=arguments.preset),
            about=about,
            words=words,
            item=arguments.item,
        )
        return await follow(arguments, folder, await message(folder, order))
