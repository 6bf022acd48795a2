"""`rate`: the asker says how urgent its ask is now; the due time moves with it."""

import argparse

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds

_RATINGS = ("red", "amber", "green", "blue")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "rate",
        perform,
        does="rate an ask of yours anew: its answer is due by the new rating's clock, from its handover",
        example="""
        gatehouse-adapter rate 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 red
        gatehouse-adapter rate 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 amber --due-within 43200
        """,
    )
    parser.add_argument("exchange", metavar="EXCHANGE", help="the id of the ask")
    parser.add_argument("rating", metavar="RATING", choices=_RATINGS, help=", ".join(_RATINGS))
    parser.add_argument(
        "--due-within",
        type=int,
        metavar="SECONDS",
        help="seconds from the ask's handover (default: the hub's clock for the rating)",
    )
    by_whom(parser, role="screener")
    wait_seconds(parser, default=10, what="the log")


def perform(arguments: argparse.Namespace) -> int:
    """Sign the rating."""
    from adapters.command.acting import perform_act
    from adapters.desk.act import rate
    from policies.vocabulary import Rating

    by, rating = practitioner(arguments), Rating(arguments.rating)
    return perform_act(
        arguments,
        lambda folder: rate(
            folder,
            exchange=arguments.exchange,
            rating=rating,
            practitioner=by,
            due_within=arguments.due_within,
        ),
        done="The ask is rated anew.",
    )
