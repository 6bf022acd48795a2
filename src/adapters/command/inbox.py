"""`inbox`: what was handed over to us, and what waits for an answer."""

import argparse

from adapters.command.argument import Commands, command


def add(commands: Commands) -> None:
    """Add the command."""
    command(
        commands,
        "inbox",
        perform,
        does="list what came in, and which asks wait for an answer",
        example="""
        gatehouse-adapter inbox
        """,
    )


def perform(arguments: argparse.Namespace) -> int:
    """List; the words stay sealed until `open`."""
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.screen import give, moment, say, words
    from adapters.desk.inbox import inbox, tasks
    from adapters.view import TaskState

    with desk(arguments) as folder:
        received, asked = inbox(folder), tasks(folder)
    if arguments.json:
        give({"received": received, "tasks": asked})
        return Exit.DONE
    waiting = [task for task in asked if task.state in (TaskState.WAITING, TaskState.PREPARED)]
    if waiting:
        say("Waiting for an answer:")
    for task in waiting:
        drafted = "prepared, approve it" if task.has_draft else "nobody has looked yet"
        what = f"{words(task.category.value)} for {task.asker} ({task.rating.value})"
        why = f"; it waits because: {task.why}" if task.why else ""
        say(
            f"  {what}, due {moment(task.due_at)}",
            f"    {drafted}{why}",
            f"    gatehouse-adapter answer {task.exchange} --category {task.category.value}",
        )
    say("Received:" if received else "Nothing has been received.")
    for envelope in received:
        what = ", ".join(words(category.value) for category in envelope.categories)
        say(
            f"  {moment(envelope.received_at)}  {envelope.kind.value} from {envelope.sender}: {what}"
            f" ({words(envelope.outcome.value)})",
            f"    gatehouse-adapter open {envelope.jti}",
        )
    return Exit.DONE
