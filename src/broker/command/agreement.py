"""`gatehouse agreement`: put a data sharing agreement in force, or end it. Each is signed and logged."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from broker.command.failed import CommandFailed
from broker.command.options import add_signing
from broker.command.show import say

_EXAMPLE: Final = """\
examples:
  gatehouse agreement sign agreement.json
  gatehouse agreement sign --id northtown-2026 --controllers northtown-council,northtown-trust \\
    --purposes child_protection_enquiry --categories health_attendances --from 2026-01-01 --until 2027-01-01
"""
_FIELDS: Final = ("id", "controllers", "purposes", "categories", "starts")


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "agreement",
        help="sign and end data sharing agreements",
        epilog="example: gatehouse agreement sign agreement.json",
    )
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    sign = verbs.add_parser(
        "sign",
        help="put an agreement in force",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sign.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the agreement as JSON")
    sign.add_argument("--id", help="a short name")
    sign.add_argument(
        "--controllers", metavar="A,B", help="ids of the legal bodies, as `agency add` recorded them"
    )
    sign.add_argument("--purposes", metavar="A,B")
    sign.add_argument("--categories", metavar="A,B")
    sign.add_argument("--from", dest="starts", metavar="DATE", help="in force from, ISO 8601")
    sign.add_argument(
        "--until", dest="ends", metavar="DATE", help="up to, not including; absent: until ended"
    )
    sign.add_argument("--version", type=int, default=1, metavar="N", help="(default: %(default)s)")
    add_signing(sign)
    sign.set_defaults(run=_sign)
    end = verbs.add_parser(
        "end", help="end an agreement at once", epilog="example: gatehouse agreement end ID"
    )
    end.add_argument("id", metavar="ID")
    add_signing(end)
    end.set_defaults(run=_end)


def _sign(options: argparse.Namespace) -> int:
    from broker.command.signer import signer_of
    from broker.protocol.act import AgreementSigning

    agreement = _from_file(options.file) if options.file else _from_options(options)
    index = signer_of(options).give(AgreementSigning, agreement=agreement)
    # Read back, for a mistyped body is in nobody's way until an ask is held.
    bodies = ", ".join(agreement.controllers)
    say(f"The agreement {agreement.id} is in force between {bodies}: record {index}.")
    return 0


def _end(options: argparse.Namespace) -> int:
    from broker.command.signer import signer_of
    from broker.protocol.act import AgreementEnd

    index = signer_of(options).give(AgreementEnd, agreement=options.id)
    say(f"The agreement {options.id} has ended: record {index}.")
    return 0


def _from_file(path: Path) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from broker.protocol.wire import describe
    from keys import strict_json
    from keys.errors import MalformedInput
    from policies.agreement import Agreement

    try:
        data = path.read_bytes()
        strict_json.parse_object(data)
        return TypeAdapter(Agreement).validate_json(data, strict=True, extra="forbid")
    except OSError as error:
        raise CommandFailed(f"Cannot read {path}: {error.strerror}.") from error
    except MalformedInput as error:
        raise CommandFailed(f"{path}: {error.message}.") from error
    except ValidationError as error:
        raise CommandFailed(f"{path}: {describe(error)}.") from None


def _from_options(options: argparse.Namespace) -> Any:
    from policies.agreement import Agreement
    from policies.vocabulary import Category, Purpose

    missing = [name for name in _FIELDS if not getattr(options, name)]
    if missing:
        names = ", ".join("--from" if name == "starts" else f"--{name}" for name in missing)
        raise CommandFailed(f"Give the agreement as FILE, or {names} too.")
    return Agreement(
        id=options.id,
        controllers=tuple(options.controllers.split(",")),
        purposes=tuple(_words(options.purposes, Purpose, "--purposes")),
        categories=tuple(_words(options.categories, Category, "--categories")),
        starts=instant(options.starts, "--from"),
        ends=instant(options.ends, "--until") if options.ends else None,
        version=options.version,
    )


def _words(text: str, kind: Any, option: str) -> list[Any]:
    try:
        return [kind(word) for word in text.split(",")]
    except ValueError:
        raise CommandFailed(f"{option}: each is one of {', '.join(kind)}.") from None


def instant(text: str, option: str) -> datetime:
    """An ISO 8601 date or time; one without a zone is UTC.

    Raises:
        CommandFailed: not such a text.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{option}: give a date such as 2026-01-31.") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
