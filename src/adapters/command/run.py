"""`run`: stay connected; send what is queued, take what is handed over, answer what a rule lets go."""

import argparse
from typing import Final

from adapters.command.argument import Commands, command
from adapters.connectors.registry import described

_LONGEST_POLL: Final = 3_600


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "run",
        perform,
        does="stay connected to the hub: send what is queued, take what is handed over",
        example="""
        gatehouse-adapter run
        gatehouse-adapter run --poll 30                          where no connection can be held
        gatehouse-adapter run --connector fhir:/srv/records     answers by the rules in answering.toml
        gatehouse-adapter run --connector fhir-server:https://records.example/fhir/R4
        gatehouse-adapter run --example-rules > STATE/answering.toml
        """,
    )
    parser.add_argument(
        "--connector", metavar="KIND:PLACE", help=f"the record system to answer from: {described()}"
    )
    parser.add_argument(
        "--poll",
        type=_poll,
        nargs="?",
        const=0,
        metavar="SECONDS",
        help="hold no connection: ask the hub every so many seconds; without a number it holds each request "
        "for up to 20 seconds",
    )
    parser.add_argument(
        "--once-idle", action="store_true", help="end when connected and nothing is left to do"
    )
    parser.add_argument("--example-rules", action="store_true", help="print release rules to start from")


def perform(arguments: argparse.Namespace) -> int:
    """Run until asked to stop."""
    import asyncio

    import uvloop

    from adapters.answering.example import Example, example
    from adapters.command.running import run

    if arguments.example_rules:
        print(example(Example.RULES), end="")
        return 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(
            run(
                arguments.state,
                place=arguments.connector,
                poll=arguments.poll,
                once_idle=arguments.once_idle,
                as_json=arguments.json,
            )
        )


def _poll(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= _LONGEST_POLL):
        raise argparse.ArgumentTypeError("a whole number of seconds up to 3600 is needed, such as 30")
    return int(text)
