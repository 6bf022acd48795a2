"""`withdraw`: the asker wants no answer any more."""

import argparse

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds

_REASONS = ("no_longer_needed", "wrong_subject", "wrong_source", "threshold_not_met", "consent_withdrawn")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "withdraw",
        perform,
        does="withdraw an ask of yours: later answers to it are refused",
        example="""
        gatehouse-adapter withdraw 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --reason no_longer_needed
        """,
    )
    parser.add_argument("exchange", metavar="EXCHANGE", help="the id of the ask")
    parser.add_argument("--reason", choices=_REASONS, default="no_longer_needed", help="default: %(default)s")
    by_whom(parser, role="practitioner")
    wait_seconds(parser, default=10, what="the log")


def perform(arguments: argparse.Namespace) -> int:
    """Sign the withdrawal."""
    from adapters.command.acting import perform_act
    from adapters.desk.act import withdraw
    from policies.vocabulary import WithdrawReason

    by, reason = practitioner(arguments), WithdrawReason(arguments.reason)
    return perform_act(
        arguments,
        lambda folder: withdraw(folder, exchange=arguments.exchange, reason=reason, practitioner=by),
        done="The ask is withdrawn.",
    )
