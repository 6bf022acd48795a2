"""`tell`: tell another agency something unasked, from a form."""

import argparse
import asyncio
from pathlib import Path

from adapters.command.argument import Commands, command, until, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "tell",
        perform,
        does="tell another agency of a concern, or of an outcome, from a YAML form",
        example="""
        gatehouse-adapter tell --example > contact.yaml     a form to start from
        gatehouse-adapter tell contact.yaml
        """,
    )
    parser.add_argument("form", nargs="?", type=Path, metavar="FORM.yaml", help="the form")
    parser.add_argument("--example", action="store_true", help="print a form to start from")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Queue the notice and wait for the hub's decision."""
    from adapters.answering.contact_form import read_contact
    from adapters.answering.example import Example
    from adapters.answering.section import section_of_file
    from adapters.command.sending import example_instead, send
    from adapters.desk.tell import tell

    if example_instead(arguments, Example.TELL):
        return 0
    form = section_of_file(arguments.form, what="a contact")
    return asyncio.run(
        send(arguments, lambda policy, sector: read_contact(form, policy=policy, sector=sector), tell)
    )
