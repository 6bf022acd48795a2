"""`decide`: the threshold decision about a contact, kept here and told to whoever told the contact."""

import argparse
import asyncio

from adapters.command.argument import Commands, by_whom, command, practitioner, until, wait_seconds

_DECIDED = (
    "no_further_action",
    "early_help",
    "child_in_need",
    "strategy_discussion",
    "immediate_protection",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "decide",
        perform,
        does="record what was decided about a contact, by whom and when, and tell whoever told it",
        example="""
        gatehouse-adapter decide 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 child_in_need \\
            --office 'Team manager, assessment' --why 'An assessment has begun.' --by mgr-7
        """,
    )
    parser.add_argument("contact", metavar="CONTACT", help="its id, as inbox lists it")
    parser.add_argument("decided", metavar="DECISION", choices=_DECIDED, help=", ".join(_DECIDED))
    parser.add_argument("--office", required=True, metavar="WORDS", help="whose decision it is, by office")
    parser.add_argument("--why", required=True, metavar="WORDS", help="reasons and feedback; or @FILE")
    parser.add_argument("--keep", action="store_true", help="keep it here and tell nobody yet")
    parser.add_argument("--preset", metavar="NAME", help="grounds by name, where the usual do not serve")
    by_whom(parser, role="manager")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Journal the decision and queue the outcome."""
    return asyncio.run(_perform(arguments))


async def _perform(arguments: argparse.Namespace) -> int:
    from adapters.answering.own_grounds import telling_grounds
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.screen import give, say
    from adapters.command.sending import follow
    from adapters.command.words import words_or_file
    from adapters.desk.contact import contact_of, decide
    from adapters.desk.exchange import exchange_of
    from broker.protocol.body import Decided
    from policies.vocabulary import Purpose

    why = words_or_file(arguments.why)
    with desk(arguments) as folder:
        contact = contact_of(folder, arguments.contact)
        people = len(exchange_of(folder, contact.jti).declaration.subjects)
        grounds = None
        if not arguments.keep:
            grounds = telling_grounds(folder, Purpose.OUTCOME_FEEDBACK, people, preset=arguments.preset)
        jti = await decide(
            folder,
            contact.jti,
            practitioner=practitioner(arguments),
            decided=Decided(arguments.decided),
            office=arguments.office,
            why=why,
            grounds=grounds,
        )
        if jti is not None:
            return await follow(arguments, folder, jti)
        if arguments.json:
            give({"contact": contact_of(folder, contact.jti)})
        else:
            say("The decision is kept here; nobody was told.")
        return Exit.DONE
