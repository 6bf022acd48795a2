"""`lift`: the person a hold names says the missing fact may be done without, this once."""

import argparse

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "lift",
        perform,
        does="lift a hold on another agency's envelope, or on your own, this once",
        example="""
        gatehouse-adapter lift eastmere-care 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 agreement --by duty-4
        """,
    )
    parser.add_argument("sender", metavar="SENDER", help="the agency whose envelope is held")
    parser.add_argument(
        "envelope", metavar="ENVELOPE", help="its id, as the agency that rang you reads it out"
    )
    parser.add_argument(
        "fact", metavar="FACT", choices=("agreement", "threshold"), help="agreement or threshold"
    )
    by_whom(parser, role="duty_contact")
    wait_seconds(parser, default=10, what="the log")


def perform(arguments: argparse.Namespace) -> int:
    """Sign the lift."""
    from adapters.command.acting import perform_act
    from adapters.desk.act import lift

    by = practitioner(arguments)
    return perform_act(
        arguments,
        lambda folder: lift(
            folder, sender=arguments.sender, envelope=arguments.envelope, fact=arguments.fact, practitioner=by
        ),
        done="The hold is lifted for this envelope.",
    )
