"""`ask`: ask one source, from a form."""

import argparse
import asyncio
from pathlib import Path

from adapters.command.argument import Commands, command, until, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "ask",
        perform,
        does="ask another agency what it holds, from a YAML form",
        example="""
        gatehouse-adapter ask --example > ask.yaml     a form to start from
        gatehouse-adapter ask ask.yaml --wait 30
        """,
    )
    parser.add_argument("form", nargs="?", type=Path, metavar="FORM.yaml", help="the form")
    parser.add_argument("--example", action="store_true", help="print a form to start from")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Queue the ask and wait for the hub's decision."""
    from adapters.answering.ask_form import read_ask
    from adapters.answering.example import Example
    from adapters.answering.section import section_of_file
    from adapters.command.sending import example_instead, send
    from adapters.desk.ask import ask

    if example_instead(arguments, Example.ASK):
        return 0
    form = section_of_file(arguments.form, what="an ask")
    return asyncio.run(
        send(arguments, lambda policy, sector: read_ask(form, policy=policy, sector=sector), ask)
    )
