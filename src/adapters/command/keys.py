"""`keys`: our fingerprint and keys, and confirming another agency by telephone."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any, Final

from adapters.command.argument import Commands, by_whom, command, practitioner, wait_seconds

if TYPE_CHECKING:
    from adapters.view import KeySetState

_DIGITS: Final = 40


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "keys",
        _list,
        does="show keys and agencies; confirm an agency by telephone; rotate, revoke",
        example="""
        gatehouse-adapter keys fingerprint           read these digits out when another agency rings
        gatehouse-adapter keys confirm eastmere-health 12345 67890 12345 67890 12345 67890 12345 67890
        gatehouse-adapter keys forget eastmere-health    what is pinned for it is not its identity
        gatehouse-adapter keys rotate
        """,
    )
    actions: Any = parser.add_subparsers(title="what to do (default: list)", metavar="ACTION")
    command(
        actions,
        "list",
        _list,
        inner=True,
        does="list our keys and every agency known",
        example="gatehouse-adapter keys list",
    )
    command(
        actions,
        "fingerprint",
        _fingerprint,
        inner=True,
        does="print our fingerprint",
        example="gatehouse-adapter keys fingerprint",
    )
    confirm = command(
        actions,
        "confirm",
        _confirm,
        inner=True,
        does="confirm an agency whose fingerprint you have heard from itself",
        example="gatehouse-adapter keys confirm eastmere-health 12345 67890 (all eight groups of digits)",
    )
    confirm.add_argument("agency", metavar="AGENCY", help="as keys list names it")
    confirm.add_argument(
        "fingerprint", metavar="FINGERPRINT", nargs="+", help="forty digits, with or without spaces"
    )
    forget = command(
        actions,
        "forget",
        _forget,
        inner=True,
        does="put a false identity of an agency out of force; what it signed stays provable",
        example="""
        gatehouse-adapter keys forget eastmere-health          asks before it does
        gatehouse-adapter keys forget eastmere-health --yes    for a program, which is not asked
        """,
    )
    forget.add_argument("agency", metavar="AGENCY", help="as keys list names it")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    rotate = command(
        actions,
        "rotate",
        _rotate,
        inner=True,
        does="make new signing and sealing keys; the old ones still open what is on its way",
        example="gatehouse-adapter keys rotate",
    )
    revoke = command(
        actions,
        "revoke",
        _revoke,
        inner=True,
        does="say that a key of ours must not be relied on any more, at once",
        example="gatehouse-adapter keys revoke KID",
    )
    revoke.add_argument("kid", metavar="KID", help="as keys list shows it")
    for action in (rotate, revoke):
        by_whom(action, role="manager")
        wait_seconds(action, default=10, what="the log")


def _list(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, moment, say
    from adapters.desk.keys import fingerprint, key_ids, key_set_state, peers

    with desk(arguments) as folder:
        mine, own, others = (
            folder.me,
            fingerprint(folder),
            [peer for peer in peers(folder) if peer.agency != folder.me],
        )
        kids, state, at = key_ids(folder), key_set_state(folder), folder.clock.now()
    if arguments.json:
        give({"agency": mine, "fingerprint": own, "key_set": state, "keys": kids, "agencies": others})
        return 0
    say(
        f"{mine}: {own}",
        f"  {_life(state, at)}",
        *(f"  {use} key {kid}" for kid, use in kids.items()),
        "Agencies:" if others else "No agency is known yet.",
    )
    for peer in others:
        confirmed = (
            f"confirmed {moment(peer.confirmed_at)}" if peer.confirmed_at is not None else "NOT CONFIRMED"
        )
        stopped = "" if peer.active else ", stopped"
        say(
            f"  {peer.agency}  {peer.name} ({peer.sector.value}{stopped}): {confirmed}",
            f"    ring {peer.duty_contact}",
            *([] if peer.doubt is None else [f"    REFUSED: {peer.doubt}"]),
            *(f"    believed no more: {digits}" for digits in peer.former_fingerprints),
        )
    return 0


def _life(state: "KeySetState", at: int) -> str:
    from adapters.command.screen import moment

    if at >= state.expires:
        return f"key set {state.version} HAS RUN OUT: ask the hub's administrator to invite this agency again"
    if state.rotating:
        return (
            f"key set {state.version}, until {moment(state.expires)}; its successor is on its way to the hub"
        )
    if state.rotates_from == state.expires:
        return f"key set {state.version}, until {moment(state.expires)}: rotate it before"
    return (
        f"key set {state.version}, until {moment(state.expires)}; "
        f"the running adapter rotates it from {moment(state.rotates_from)} on"
    )


def _fingerprint(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.keys import fingerprint

    with desk(arguments) as folder:
        digits = fingerprint(folder)
    if arguments.json:
        give({"fingerprint": digits})
    else:
        say(digits)
    return 0


def _confirm(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.keys import confirm
    from adapters.errors import WrongOrder

    typed = " ".join(arguments.fingerprint)
    with desk(arguments) as folder:
        if sum(letter.isdigit() for letter in typed) != _DIGITS:
            raise WrongOrder("fingerprint-incomplete", "A fingerprint is forty digits, eight groups of five.")
        changed = asyncio.run(confirm(folder, arguments.agency, typed))
    if arguments.json:
        give({"agency": arguments.agency, "confirmed": True, "identity_changed": changed})
    else:
        anew = " under its new identity key; the one before is believed no more" if changed else ""
        say(f"{arguments.agency} is confirmed{anew}; envelopes can be sealed to it now.")
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, moment, say
    from adapters.desk.keys import forget, peer
    from adapters.errors import WrongOrder

    agency = arguments.agency
    with desk(arguments) as folder:
        pinned = peer(folder, agency)
        if not arguments.yes:
            if arguments.json or not sys.stdin.isatty():
                raise WrongOrder("not-confirmed", "Nobody is here to be asked: give --yes to forget it.")
            told = (
                "nobody here has confirmed it"
                if pinned.confirmed_at is None
                else f"confirmed here {moment(pinned.confirmed_at)}"
            )
            say(
                f"{agency} is pinned with {pinned.fingerprint}; {told}.",
                "Once forgotten it is kept as evidence only. Whatever the hub shows next for this agency is "
                "pinned anew, and nothing is sealed to it before you have confirmed that by telephone.",
            )
            if input(f"Type {agency} to forget it: ").strip() != agency:
                raise WrongOrder("not-confirmed", "Nothing was forgotten.")
        digits = asyncio.run(forget(folder, agency))
    if arguments.json:
        give({"agency": agency, "forgotten": True, "fingerprint": digits})
    else:
        say(
            f"{agency} is forgotten as {digits}. The running adapter pins it anew; then ring "
            f"{pinned.duty_contact} and run gatehouse-adapter keys confirm {agency} FINGERPRINT."
        )
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from adapters.command.acting import perform_act
    from adapters.desk.keys import rotate_keys

    by = practitioner(arguments)
    return perform_act(
        arguments, lambda folder: rotate_keys(folder, practitioner=by), done="The new keys are in force."
    )


def _revoke(arguments: argparse.Namespace) -> int:
    from adapters.command.acting import perform_act
    from adapters.desk.keys import revoke_key

    by, kid = practitioner(arguments), arguments.kid
    return perform_act(
        arguments,
        lambda folder: revoke_key(folder, kid, practitioner=by),
        done="The key is revoked, from here in the log.",
    )
