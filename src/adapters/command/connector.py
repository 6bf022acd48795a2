"""`connector`: which kinds of record system there are, and whether one does what a connector must."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.command.argument import Commands, command
from adapters.command.exit import Exit
from adapters.connectors.registry import KINDS, described

if TYPE_CHECKING:
    from adapters.connectors.conformance import Trial
    from broker.protocol.body import Identifier


def add(commands: Commands) -> None:
    """Add the command and its inner ones."""
    outer = command(
        commands,
        "connector",
        show_kinds,
        does="list the kinds of record system, or test a connector to one",
        example="""
        gatehouse-adapter connector
        gatehouse-adapter connector test fhir:/srv/records --nhs 9990000018
        """,
    )
    inner = outer.add_subparsers(title="commands", metavar="COMMAND")
    test = command(
        inner,
        "test",
        perform_test,
        does="try a connector with everything every connector must do; needs no state folder",
        example="""
        gatehouse-adapter connector test fhir:/srv/records --nhs 9990000018 --nhs 9990000026
        gatehouse-adapter connector test python:mine.py:register.jsonl --nhs 9990000018 --errors
        gatehouse-adapter connector test fhir:/srv/records --restricted 9990000018 --never values.txt
        """,
        inner=True,
    )
    test.add_argument("place", metavar="KIND:PLACE", help=described())
    test.add_argument(
        "--nhs", action="append", default=[], metavar="NUMBER", help="an NHS number it holds; may be repeated"
    )
    test.add_argument(
        "--id",
        action="append",
        default=[],
        metavar="SYSTEM=VALUE",
        help="another identifier of somebody it holds, such as upn=VALUE; may be repeated",
    )
    test.add_argument(
        "--restricted",
        action="append",
        default=[],
        metavar="NUMBER",
        help="an NHS number (or SYSTEM=VALUE) of a restricted record it holds; may be repeated",
    )
    test.add_argument(
        "--never", type=Path, metavar="FILE", help="values that must be in no reading, one in each line"
    )
    test.add_argument(
        "--errors", action="store_true", help="show what the connector itself prints, which may hold values"
    )


def show_kinds(arguments: argparse.Namespace) -> int:
    """List the kinds."""
    from adapters.command.screen import give, say

    if arguments.json:
        give([{"kind": name, "place": kind.place, "does": kind.does} for name, kind in KINDS.items()])
    else:
        say(*(f"{f'{name}:{kind.place}':24}{kind.does}" for name, kind in KINDS.items()))
    return Exit.DONE


def perform_test(arguments: argparse.Namespace) -> int:
    """Try a connector."""
    from adapters.command.screen import give, say
    from adapters.connectors.bounded import Bounded
    from adapters.connectors.conformance import examine

    trial = _trial(arguments)
    connector = Bounded(arguments.place, show_errors=arguments.errors)
    checks = []
    try:
        if not arguments.json:
            say(f"{connector.name}: {', '.join(sorted(connector.serves))}")
        for check in examine(connector, trial):
            checks.append(check)
            if not arguments.json:
                say(f"{'pass' if check.fault is None else 'FAIL'}  {check.what}")
                if check.fault is not None:
                    say(f"      {check.fault}", f"      to do: {check.remedy}")
    finally:
        connector.close()
    failed = sum(check.fault is not None for check in checks)
    if arguments.json:
        give({"connector": connector.name, "failed": failed, "checks": checks})
    else:
        say(f"{len(checks) - failed} of {len(checks)} passed" + ("" if failed else ": it may be used"))
    return Exit.FAILED if failed else Exit.DONE


def _trial(arguments: argparse.Namespace) -> "Trial":
    from adapters.connectors.conformance import Trial
    from adapters.errors import WrongOrder

    restricted = tuple(map(_identifier, arguments.restricted))
    given = (*map(_identifier, arguments.nhs), *map(_identifier, arguments.id), *restricted)
    people = tuple(each for position, each in enumerate(given) if each not in given[:position])
    if not people:
        raise WrongOrder(
            "no-number", "Give at least one NHS number that the system holds (--nhs), or little can be tried."
        )
    lines = [] if arguments.never is None else arguments.never.read_text(encoding="utf-8").splitlines()
    return Trial(people=people, restricted=restricted, never=tuple(filter(None, map(str.strip, lines))))


def _identifier(written: str) -> "Identifier":
    from pydantic import ValidationError

    from adapters.connectors import nhs_number
    from adapters.connectors.conformance import nhs
    from adapters.errors import WrongOrder
    from broker.protocol.body import Identifier

    system, is_named, value = written.partition("=")
    if not is_named:
        return nhs(nhs_number.check(written))
    try:
        return Identifier(system=system, value=value)
    except ValidationError:
        raise WrongOrder(
            "no-identifier", "An identifier is written as SYSTEM=VALUE, such as upn=VALUE."
        ) from None
