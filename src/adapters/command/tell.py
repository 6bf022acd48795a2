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
        gatehouse-adapter tell --example outcome > outcome.yaml
        gatehouse-adapter tell outcome.yaml                 what became of a contact, to whoever told it
        """,
    )
    parser.add_argument("form", nargs="?", type=Path, metavar="FORM.yaml", help="the form")
    parser.add_argument(
        "--example",
        nargs="?",
        const="contact",
        choices=("contact", "outcome"),
        help="print a form to start from (contact where nothing else is named)",
    )
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Queue the notice and wait for the hub's decision."""
    from adapters.answering.contact_form import read_contact
    from adapters.answering.example import Example
    from adapters.answering.section import section_of_file
    from adapters.command.sending import example_instead, send
    from adapters.desk.contact import tell_outcome

    which = Example.OUTCOME if arguments.example == "outcome" else Example.TELL
    if example_instead(arguments, which):
        return 0
    form = section_of_file(arguments.form, what="a contact")
    return asyncio.run(
        send(arguments, lambda policy, sector: read_contact(form, policy=policy, sector=sector), tell_outcome)
    )
