"""From a form to a queued envelope, and waiting for what the hub decides: `ask` and `tell` share it."""

import argparse
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.answering.example import Example, example
from adapters.answering.policy import own_sector, policy_in_force
from adapters.answering.section import BadForm
from adapters.command.desk_folder import desk
from adapters.command.exit import Exit
from adapters.command.outcome import report
from adapters.desk.follow import Milestone, wait_for
from adapters.folder import Folder
from policies.policy_set import PolicySet
from policies.vocabulary import Sector

Order = TypeVar("Order")


async def send(
    arguments: argparse.Namespace,
    read: Callable[[PolicySet, Sector], Order],
    queue: Callable[[Folder, Order], Awaitable[str]],
) -> Exit:
    """Read the form under the policy in force, queue what it orders, wait for the decision, and report it."""
    with desk(arguments) as folder:
        order = read(policy_in_force(folder), own_sector(folder))
        return await follow(arguments, folder, await queue(folder, order))


async def follow(arguments: argparse.Namespace, folder: Folder, jti: str) -> Exit:
    """Wait for what `--until` names of something queued, and report it."""
    milestone = Milestone(arguments.until)
    sent = await wait_for(folder, jti, milestone, within=arguments.wait)
    return report(sent, milestone, me=folder.me, waited=arguments.wait > 0, as_json=arguments.json)


def example_instead(arguments: argparse.Namespace, which: Example) -> bool:
    """Print the example where it was asked for; refuse a command line with neither that nor a form."""
    if arguments.example:
        print(example(which), end="")
        return True
    if arguments.form is None:
        raise BadForm("form-missing", "Name a form, or write one from the example that --example prints.")
    return False
