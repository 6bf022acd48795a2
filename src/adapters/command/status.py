"""`status`: how far what we sent has got, and what a person must see to."""

import argparse

from adapters.command.argument import Commands, command, until, wait_seconds


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "status",
        perform,
        does="say how far what was sent has got, one envelope or all, and what needs a person",
        example="""
        gatehouse-adapter status
        gatehouse-adapter status 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --until ended --wait 60
        """,
    )
    parser.add_argument("envelope", nargs="?", metavar="ENVELOPE", help="its id; left out: everything sent")
    wait_seconds(parser, default=0, what="what --until names; 5 if it has not come")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Report; with an envelope the exit code says how far it got."""
    import asyncio

    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.outcome import lines, report
    from adapters.command.screen import give, say
    from adapters.desk.attention import attention
    from adapters.desk.follow import Milestone, all_sent, wait_for

    with desk(arguments) as folder:
        if arguments.envelope is None:
            everything, matters = all_sent(folder), attention(folder)
            if arguments.json:
                give({"sent": everything, "attention": matters})
            else:
                say(
                    *[f"ATTENTION: {matter.message}" for matter in matters],
                    *[line for sent in everything for line in lines(sent, me=folder.me, brief=True)]
                    or ["Nothing was sent yet."],
                )
            return Exit.DONE
        milestone = Milestone(arguments.until)
        found = asyncio.run(wait_for(folder, arguments.envelope, milestone, within=arguments.wait))
    return report(found, milestone, me=folder.me, waited=arguments.wait > 0, as_json=arguments.json)
