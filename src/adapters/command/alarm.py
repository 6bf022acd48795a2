"""`alarm`: what the hub has shown of its log that cannot be, and a person's end to it."""

import argparse
import asyncio
from typing import TYPE_CHECKING, Any, Final

from adapters.command.argument import Commands, command, person

if TYPE_CHECKING:
    from adapters.view import Alarm

_SHOWS: Final = {
    "two-roots": "Both checkpoints are signed by the hub, are of one size and have different roots: it has "
    "shown two logs.",
    "another-start": "Both checkpoints are signed by the hub, and its own proof shows that the larger log "
    "began with other entries than the smaller one holds: it has shown two logs.",
    "nothing": "This proves no contradiction: the hub has not said how the two checkpoints agree.",
}


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "alarm",
        _show,
        does="show why nothing is sent or taken in any more, with the evidence; end that, with a reason",
        example="""
        gatehouse-adapter alarm
        gatehouse-adapter alarm --json > evidence.json     for the officer, to compare with other agencies
        gatehouse-adapter alarm clear --as manager-2 --why "The police saw the same log as we; see letter 12."
        """,
    )
    actions: Any = parser.add_subparsers(title="what to do (default: show)", metavar="ACTION")
    command(
        actions,
        "show",
        _show,
        inner=True,
        does="show every alarm, with both checkpoints and what they prove",
        example="gatehouse-adapter alarm show --json > evidence.json",
    )
    clear = command(
        actions,
        "clear",
        _clear,
        inner=True,
        does="end the alarm: the agency sends and takes in again; the evidence stays",
        example="""
        gatehouse-adapter alarm clear --as manager-2 --why "The police saw the same log as we."
        gatehouse-adapter alarm clear --as manager-2 --why "See letter 12." --believe shown
        """,
    )
    clear.add_argument(
        "--as", dest="by", type=person, required=True, metavar="PERSON", help="your staff number; kept"
    )
    clear.add_argument("--why", required=True, metavar="TEXT", help="why it may end; kept, sealed")
    clear.add_argument(
        "--believe",
        choices=("seen", "shown"),
        default="seen",
        help="go on with the history seen here, which the hub must extend, or with the one it has shown "
        "against it (default: %(default)s)",
    )


def _show(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.alarm import alarms

    with desk(arguments) as folder:
        found, me, hub = alarms(folder), folder.me, folder.agency.hub
    if arguments.json:
        give({"agency": me, "hub": hub, "alarms": found})
    else:
        say(*[line for each in found for line in _lines(each)] or ["There is no alarm, and there never was."])
    return 0


def _lines(alarm: "Alarm") -> list[str]:
    from adapters.command.screen import moment

    if alarm.stops:
        state = "NOTHING IS SENT OR TAKEN IN"
    elif alarm.ended_at is None:
        state = "open; nothing rests on what was shown, and the hub is asked again"
    else:
        state = f"ended {moment(alarm.ended_at)} by {alarm.ended_by}, going on with what was {alarm.believed}"
    evidence = alarm.evidence
    proof = f"from size {evidence.old} to size {evidence.new}" if evidence.path else "none was given"
    return [
        f"{alarm.number}. {alarm.code}, {moment(alarm.at)}: {state}",
        *([] if alarm.why is None else [f"   Reason: {alarm.why}"]),
        f"   {_SHOWS[alarm.shows]}",
        "   Seen before:",
        *(f"     {line}" for line in (evidence.seen or "(not in the journal any more)").splitlines()),
        "   Shown then:",
        *(f"     {line}" for line in evidence.shown.splitlines()),
        f"   Consistency proof of the hub: {proof}",
        *(f"     {step}" for step in evidence.path),
    ]


def _clear(arguments: argparse.Namespace) -> int:
    from adapters.command.desk_folder import desk
    from adapters.command.screen import give, say
    from adapters.desk.alarm import Believed, end_alarm

    believe = Believed(arguments.believe)
    with desk(arguments) as folder:
        count = asyncio.run(end_alarm(folder, why=arguments.why, by=arguments.by, believe=believe))
    if arguments.json:
        give({"ended": count, "believed": believe})
    else:
        say(f"The alarm is ended; this agency goes on with the history that was {believe.value}.")
    return 0
