"""`gatehouse agency`: add an agency, invite it again, list them, stop one, revoke a key. Each change is
signed and logged."""

import argparse
import re
import secrets
from pathlib import Path
from typing import Any, Final

from broker.command.failed import CommandFailed
from broker.command.options import add_database, add_signing
from broker.command.show import say, show

_EXAMPLE: Final = """\
example:
  gatehouse agency add northtown-social-care --name "Northtown children's social care" \\
    --sector social_care --duty-contact "Northtown MASH, 01632 960001" \\
    --controller '{"id": "northtown-council", "name": "Northtown Council", "public_authority": true,
                   "local_authority": true}'
"""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No character that is mistaken for another when read out."""
_CODE_TTL: Final = 72 * 3600


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "agency", help="invite, list and stop agencies", epilog="example: gatehouse agency list"
    )
    verbs = parser.add_subparsers(required=True, metavar="WHAT")

    add = verbs.add_parser(
        "add",
        help="invite an agency and print its single-use code",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add.add_argument("agency", metavar="ID", help="a short lower-case name, for good")
    add.add_argument("--name", required=True, help="the agency's name as people know it")
    add.add_argument("--sector", required=True, help="social_care, police, health, education, …")
    add.add_argument(
        "--controller",
        action="append",
        required=True,
        metavar="JSON|FILE",
        help="a legal body it acts for, with its recorded facts; may be repeated",
    )
    add.add_argument(
        "--duty-contact", required=True, metavar="TEXT", help="whom to ring when papers are missing"
    )
    _add_code(add)
    add.set_defaults(run=_add)

    invite = verbs.add_parser(
        "invite",
        help="give a known agency a new single-use code, to enrol again with a new identity key",
        description="For an agency whose keys ran out, were lost, or whose last signing key was revoked. "
        "Once it has enrolled again, every key it had is revoked, and the other agencies must confirm its "
        "new fingerprint.",
        epilog="example: gatehouse agency invite northtown-social-care",
    )
    invite.add_argument("agency", metavar="ID")
    _add_code(invite)
    invite.set_defaults(run=_invite)

    listing = verbs.add_parser(
        "list", help="list agencies from the hub's database", epilog="example: gatehouse agency list --json"
    )
    add_database(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)

    stop = verbs.add_parser("stop", help="stop an agency at once", epilog="example: gatehouse agency stop ID")
    stop.add_argument("agency", metavar="ID")
    add_signing(stop)
    stop.set_defaults(run=_stop)

    revoke = verbs.add_parser(
        "revoke-key",
        help="revoke one key of an agency at once",
        epilog="example: gatehouse agency revoke-key ID KID",
    )
    revoke.add_argument("agency", metavar="ID")
    revoke.add_argument("kid", metavar="KID", help="the key's id, as `keys list` of the adapter shows it")
    add_signing(revoke)
    revoke.set_defaults(run=_revoke)


def _add_code(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--code-ttl", type=int, default=_CODE_TTL, metavar="SECONDS", help="(default: %(default)s)"
    )
    add_signing(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def new_code() -> str:
    """A single-use enrolment code of 98 random bits, in four groups for reading out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _add(options: argparse.Namespace) -> int:
    from broker.protocol.act import AgencyAddition
    from broker.protocol.wire import AGENCY_ID

    if not re.fullmatch(AGENCY_ID, options.agency):
        raise CommandFailed(
            "An agency's ID is of lower-case letters, digits and hyphens, such as oakfield-school."
        )
    return _with_code(
        options,
        AgencyAddition,
        agency=options.agency,
        name=options.name,
        sector=_sector(options.sector),
        controllers=[_controller(text) for text in options.controller],
        duty_contact=options.duty_contact,
    )


def _invite(options: argparse.Namespace) -> int:
    from broker.protocol.act import AgencyInvitation

    return _with_code(options, AgencyInvitation, " --again", agency=options.agency)


def _with_code(options: argparse.Namespace, model: Any, again: str = "", **members: Any) -> int:
    """Sign an act that names a new code by its digest, and print the code; `again` is what an agency that has
    its state folder still adds to its command line."""
    from broker.clock import now
    from broker.command.signer import signer_of
    from broker.enrolment.model import code_digest

    if options.code_ttl < 1:
        raise CommandFailed("--code-ttl is a number of seconds, at least 1.")
    code, expires = new_code(), now() + options.code_ttl
    signer = signer_of(options)
    signer.give(model, code_digest=code_digest(code), code_expires=expires, **members)
    shown: dict[str, str | int] = {"agency": options.agency, "code": code, "expires": expires}
    if options.json:
        show(shown)
    else:
        say(f"{code}")
        say(
            f"Give this code to {options.agency} by a way you trust; it is good once, for "
            f"{options.code_ttl // 3600} hours: "
            f"gatehouse-adapter enrol{again} --agency {options.agency} --hub {signer.url}",
            aside=True,
        )
    return 0


def _sector(text: str) -> Any:
    from policies.vocabulary import Sector

    try:
        return Sector(text)
    except ValueError:
        raise CommandFailed(f"--sector is one of {', '.join(Sector)}.") from None


def _controller(text: str) -> Any:
    """A controller's facts out of JSON, inline or in a file."""
    from pydantic import TypeAdapter, ValidationError

    from broker.protocol.wire import describe
    from keys import strict_json
    from keys.errors import MalformedInput
    from policies.party import ControllerFacts

    try:
        data = text.encode() if text.lstrip().startswith("{") else Path(text).read_bytes()
        unknown = strict_json.parse_object(data).keys() - ControllerFacts.__slots__
        if unknown:
            raise CommandFailed(
                f"--controller: {', '.join(sorted(unknown))} is not recorded of a body; what is: "
                f"{', '.join(ControllerFacts.__slots__)}."
            )
        return TypeAdapter(ControllerFacts).validate_json(data, strict=True, extra="forbid")
    except OSError as error:
        raise CommandFailed(f"Cannot read {text}: {error.strerror}.") from error
    except MalformedInput as error:
        raise CommandFailed(f"--controller: {error.message}.") from error
    except ValidationError as error:
        raise CommandFailed(f"--controller: {describe(error)}.") from None


def _list(options: argparse.Namespace) -> int:
    from broker.command.database import read_rows

    rows = [dict(row) for row in read_rows(options, "read_agencies")]
    if options.json:
        show(rows)
        return 0
    if not rows:
        say("No agency was added yet: gatehouse agency add invites one.", aside=True)
    for row in rows:
        say(f"{row['id']:<40} {row['state']:<8} {row['sector']:<13} {row['name']}")
    return 0


def _stop(options: argparse.Namespace) -> int:
    from broker.command.signer import signer_of
    from broker.protocol.act import AgencyStop

    index = signer_of(options).give(AgencyStop, agency=options.agency)
    say(f"{options.agency} is stopped: nothing is handed to it or from it after record {index}.")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    from broker.command.signer import signer_of
    from broker.protocol.act import AgencyKeyRevocation

    index = signer_of(options).give(AgencyKeyRevocation, agency=options.agency, kid=options.kid)
    say(f"The key is revoked: nothing it signed is handed over after record {index}.")
    return 0
