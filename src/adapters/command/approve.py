"""`approve`: a second person lets go exactly what another prepared, or sends it back."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from adapters.command.argument import (
    Commands,
    acknowledge,
    by_whom,
    command,
    practitioner,
    until,
    wait_seconds,
)

if TYPE_CHECKING:
    from adapters.command.prompt import Prompt
    from adapters.folder import Folder
    from policies.vocabulary import Category


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "approve",
        perform,
        does="let go, as another person, exactly what was prepared, or send it back",
        example="""
        gatehouse-adapter approve 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 police_intelligence --as ds-204
        gatehouse-adapter approve 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 police_intelligence --show
        gatehouse-adapter approve 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 police_intelligence --back source
        """,
    )
    parser.add_argument("exchange", metavar="EXCHANGE", help="as inbox lists it")
    parser.add_argument("category", metavar="CATEGORY", help="the category to approve")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--show", action="store_true", help="only show what lies there, and its digest")
    how.add_argument(
        "--digest", metavar="DIGEST", help="approve the draft of this digest without being asked"
    )
    how.add_argument(
        "--back",
        choices=("too_much", "third_party", "source", "wrong_person", "grading", "incomplete"),
        help="send it back to who prepared it, for this reason (it stays here)",
    )
    by_whom(parser, role="manager")
    acknowledge(parser)
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Show, approve or send back."""
    return asyncio.run(_approve(arguments))


async def _approve(arguments: argparse.Namespace) -> int:
    from adapters.answering import releasing
    from adapters.command.answer_report import report_answers
    from adapters.command.answer_show import category_lines, show
    from adapters.command.answer_terminal import at_terminal
    from adapters.command.desk_folder import desk
    from adapters.command.exit import Exit
    from adapters.command.prompt import Prompt
    from adapters.command.screen import give, say
    from adapters.errors import WrongOrder
    from policies.vocabulary import Category

    if arguments.category not in list(Category):
        raise WrongOrder("nothing-prepared", "No category has that name: gatehouse-adapter inbox lists them.")
    category = Category(arguments.category)
    with desk(arguments) as folder:
        _, digest = releasing.draft_to_approve(folder, arguments.exchange, category)
        if arguments.show:
            return show(folder, arguments.exchange, frozenset({category}), as_json=arguments.json)
        by = practitioner(arguments)
        if arguments.back is not None:
            reason = releasing.BackReason(arguments.back)
            await releasing.send_back(folder, arguments.exchange, category, by, digest=digest, reason=reason)
            if arguments.json:
                give({"category": category, "sent_back": reason, "digest": digest})
            else:
                say("Sent back; it waits again for who prepares it.")
            return Exit.DONE
        seen = frozenset(arguments.acknowledge)
        if arguments.digest is None:
            at_terminal(instead="--digest, as --show prints it, and --acknowledge for each finding")
            say(*category_lines(folder, arguments.exchange, category))
            seen |= _asked(folder, arguments.exchange, category, seen, Prompt())
        queued = await releasing.approve(
            folder, arguments.exchange, category, by, digest=arguments.digest or digest, acknowledged=seen
        )
        return await report_answers(folder, arguments.exchange, (queued,), arguments)


def _asked(
    folder: "Folder", exchange: str, category: "Category", seen: frozenset[str], prompt: "Prompt"
) -> frozenset[str]:
    """Put each finding to the person, then the whole; what they acknowledged.

    Raises:
        WrongOrder: `nothing-answered`.
    """
    from adapters.answering.releasing import check, draft_to_approve
    from adapters.answering.third_party import unseen
    from adapters.errors import WrongOrder

    order, _ = draft_to_approve(folder, exchange, category)
    stopped = WrongOrder(
        "nothing-answered", "Nothing was approved; approve --back sends it back with a reason."
    )
    acknowledged = set()
    for finding in unseen(check(folder, exchange, order), seen):
        if prompt.line(f"{finding.place}: {finding.text} — may this leave? Type yes: ") != "yes":
            raise stopped
        acknowledged.add(finding.id)
    if prompt.line("Approve exactly this? Type yes: ") != "yes":
        raise stopped
    return frozenset(acknowledged)
