"""`recall`: the sender takes back what has not been opened."""

import argparse

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds

_REASONS = ("sent_in_error", "wrong_subject", "inaccurate", "consent_withdrawn", "no_longer_lawful")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "recall",
        perform,
        does="take back an envelope of yours that has not been opened yet",
        example="""
        gatehouse-adapter recall 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --reason wrong_subject
        """,
    )
    parser.add_argument("envelope", metavar="ENVELOPE", help="its id, as status lists it")
    parser.add_argument("--reason", choices=_REASONS, default="sent_in_error", help="default: %(default)s")
    by_whom(parser, role="practitioner")
    wait_seconds(parser, default=10, what="the log")


def perform(arguments: argparse.Namespace) -> int:
    """Sign the recall."""
    from adapters.command.acting import perform_act
    from adapters.desk.act import recall
    from policies.vocabulary import RecallReason

    by, reason = practitioner(arguments), RecallReason(arguments.reason)
    return perform_act(
        arguments,
        lambda folder: recall(folder, envelope=arguments.envelope, reason=reason, practitioner=by),
        done="The envelope is recalled.",
    )
