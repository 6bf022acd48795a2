"""Arguments that several commands take, said the same way everywhere."""

import argparse
import getpass
import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from broker.protocol.declaration import Practitioner

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Perform: TypeAlias = Callable[[argparse.Namespace], int]

STATE: Final = "GATEHOUSE_ADAPTER_STATE"
_PERSON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
_ROLES: Final = ("practitioner", "screener", "manager", "duty_contact", "officer")


def command(
    commands: Commands, name: str, perform: Perform, *, does: str, example: str, inner: bool = False
) -> argparse.ArgumentParser:
    """A command with its example in --help, `--state` and `--json`.

    `inner`: a command of a command; what was given before its name then counts unless it is given again after
    it.
    """
    parser = commands.add_parser(
        name,
        help=does,
        description=does[0].upper() + does[1:] + ".",
        epilog="example:\n" + textwrap.indent(textwrap.dedent(example).strip(), "  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS if inner else default_state(),
        help=f"the agency's state folder (default: ${STATE}, or ~/.local/state/gatehouse-adapter)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if inner else False,
        help="print JSON, for a program to read",
    )
    parser.set_defaults(perform=perform)
    return parser


def by_whom(parser: argparse.ArgumentParser, *, role: str) -> None:
    """`--by` and `--role`: for whom the agency acts; the hub records both."""
    parser.add_argument(
        "--by",
        "--as",
        dest="by",
        type=person,
        metavar="ID",
        default=None,
        help="your staff number (default: your account name)",
    )
    parser.add_argument(
        "--role", choices=_ROLES, default=role, help="the role in which you act (default: %(default)s)"
    )


def acknowledge(parser: argparse.ArgumentParser) -> None:
    """`--acknowledge`: what the third-party check found and you have seen."""
    parser.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="ID",
        help="you have seen this finding of the third-party check and it may leave; once for each",
    )


def practitioner(arguments: argparse.Namespace) -> "Practitioner":
    """The practitioner of `by_whom`."""
    from adapters.errors import WrongOrder
    from broker.protocol.declaration import Practitioner
    from policies.vocabulary import PractitionerRole

    by = arguments.by or getpass.getuser()
    if not _PERSON.match(by):
        raise WrongOrder("no-practitioner", "Your account name cannot stand as a staff number; give --by ID.")
    return Practitioner(id=by, role=PractitionerRole(arguments.role))


def person(text: str) -> str:
    """A staff number or account name, as an argument's type."""
    if not _PERSON.match(text):
        raise argparse.ArgumentTypeError("a staff number or account name is needed, without spaces")
    return text


def wait_seconds(parser: argparse.ArgumentParser, *, default: int, what: str) -> None:
    """`--wait`: for how long to look for an outcome."""
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=default,
        metavar="SECONDS",
        help=f"wait at most so long for {what}; 0 does not wait (default: %(default)s)",
    )


def until(parser: argparse.ArgumentParser) -> None:
    """`--until`: how far to wait for an envelope."""
    parser.add_argument(
        "--until",
        choices=("decided", "deposited", "settled", "ended"),
        default="decided",
        help="how far to wait: decided by the hub; deposited there; settled, the receipt is back; ended, "
        "every category of an ask is answered or closed (default: %(default)s)",
    )


def default_state() -> Path:
    """`GATEHOUSE_ADAPTER_STATE`, else the user's own state folder (XDG base directories)."""
    if named := os.environ.get(STATE):
        return Path(named)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "gatehouse-adapter"


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise argparse.ArgumentTypeError("a whole number of seconds is needed, such as 30")
    return int(text)
