"""`consent`: record that consent was given or refused, or has been withdrawn."""

import argparse
import asyncio
from typing import Any

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "consent",
        _usage,
        does="record a consent, or that it was withdrawn",
        example="""
        gatehouse-adapter consent give --purpose early_help      prints the reference that forms name
        gatehouse-adapter consent withdraw 5b6f1d3c-52d1-4a8e-9a34-2f0f4f1f9a11
        """,
    )
    actions: Any = parser.add_subparsers(title="what to record", metavar="ACTION")
    give = command(
        actions,
        "give",
        _give,
        inner=True,
        does="record a consent; who spoke and how is in your own case record",
        example="gatehouse-adapter consent give --purpose early_help",
    )
    give.add_argument(
        "reference", nargs="?", metavar="REF", help="a reference of your own (a UUID); left out: a new one"
    )
    give.add_argument(
        "--purpose", action="append", required=True, metavar="PURPOSE", help="what for; may be given again"
    )
    withdraw = command(
        actions,
        "withdraw",
        _withdraw,
        inner=True,
        does="record that a consent was withdrawn; what rests on it ends at once",
        example="gatehouse-adapter consent withdraw 5b6f1d3c-52d1-4a8e-9a34-2f0f4f1f9a11",
    )
    withdraw.add_argument("reference", metavar="REF", help="the consent's reference")
    for action in (give, withdraw):
        by_whom(action, role="practitioner")
        wait_seconds(action, default=10, what="the log")


def _usage(arguments: argparse.Namespace) -> int:
    from adapters.errors import WrongOrder

    raise WrongOrder("no-action", "Say what to record: consent give, or consent withdraw REF.")


def _give(arguments: argparse.Namespace) -> int:
    from adapters.errors import WrongOrder
    from policies.vocabulary import ConsentOutcome, Purpose

    try:
        purposes = [Purpose(purpose) for purpose in arguments.purpose]
    except ValueError:
        raise WrongOrder("unknown-purpose", "--purpose is one of " + ", ".join(Purpose) + ".") from None
    return asyncio.run(_record(arguments, ConsentOutcome.GIVEN, purposes, "Consent is recorded as given."))


def _withdraw(arguments: argparse.Namespace) -> int:
    from policies.vocabulary import ConsentOutcome

    done = "Consent is recorded as withdrawn; what rests on it goes no further, what rests on a duty does."
    return asyncio.run(_record(arguments, ConsentOutcome.WITHDRAWN, [], done))


async def _record(arguments: argparse.Namespace, outcome: Any, purposes: list[Any], done: str) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.outcome import report_act
    from adapters.command.screen import say
    from adapters.desk.act import consent
    from adapters.desk.follow import wait_for_act

    with desk(arguments) as folder:
        reference, jti = await consent(
            folder,
            outcome=outcome,
            practitioner=practitioner(arguments),
            reference=arguments.reference,
            purposes=purposes,
        )
        act = await wait_for_act(folder, jti, within=arguments.wait)
    if not arguments.json:
        say(f"Reference: {reference}")
    return report_act(act, done=done, as_json=arguments.json, reference=reference)
