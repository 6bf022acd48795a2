"""What is prepared for an ask, what to look at in it, and whose records fit nearly; and choosing one."""

import argparse
import re
from collections.abc import Iterator
from typing import Final

from adapters.answering.releasing import check, draft_to_approve
from adapters.answering.sending import all_drafted
from adapters.command.answer_choose import question_lines, read_again
from adapters.command.argument import practitioner
from adapters.command.draft_lines import draft_lines, finding_lines
from adapters.command.exit import Exit
from adapters.command.screen import give, say, words
from adapters.desk.choice import choose, questions
from adapters.desk.exchange import ask_of
from adapters.errors import WrongOrder
from adapters.folder import Folder
from policies.vocabulary import Category

_CHOICE: Final = re.compile(r"(\d{1,2})=(\d{1,2}|none)")


def show(folder: Folder, exchange: str, wanted: frozenset[Category], *, as_json: bool) -> Exit:
    """Show it; nothing is sent."""
    _, opening = ask_of(folder, exchange)
    asked = questions(folder, exchange)
    drafts = all_drafted(folder, exchange, wanted)
    if as_json:
        give(
            {
                "exchange": exchange,
                "unsure": [
                    {
                        "person": each.subject + 1,
                        "candidates": [
                            {
                                "record": number,
                                "name": one.name,
                                "born": one.born,
                                "restricted": one.restricted,
                                "score": one.score,
                                "reasons": one.reasons,
                            }
                            for number, one in enumerate(each.candidates, 1)
                        ],
                        "chosen": each.chosen,
                        "by": each.by,
                    }
                    for each in asked
                ],
                "drafts": [
                    {
                        "category": category,
                        "digest": draft_to_approve(folder, exchange, category)[1],
                        "entries": order.entries,
                        "searched": order.searched,
                        "redactions": order.redactions,
                        "handling": order.handling,
                        "conditions": order.conditions,
                        "findings": check(folder, exchange, order),
                    }
                    for category, order in drafts.items()
                ],
            }
        )
        return Exit.DONE
    for each in asked:
        say(*question_lines(each, opening.body.subjects))
    for category in drafts:
        say(*category_lines(folder, exchange, category))
    if not asked and not drafts:
        say("Nothing is prepared for this.")
    return Exit.DONE


def category_lines(folder: Folder, exchange: str, category: Category) -> Iterator[str]:
    """One category's draft as it lies there."""
    order, digest = draft_to_approve(folder, exchange, category)
    yield f"{words(category.value)} (digest {digest}):"
    yield from draft_lines(order)
    yield from finding_lines(check(folder, exchange, order))


async def perform_choice(folder: Folder, exchange: str, arguments: argparse.Namespace) -> Exit:
    """`--choose PERSON=RECORD`: keep the choice and wait until it is read.

    Raises:
        WrongOrder: `no-such-candidate`, `no-candidates`.
    """
    match = _CHOICE.fullmatch(arguments.choose)
    if match is None:
        raise WrongOrder("no-such-candidate", "Write PERSON=RECORD, such as 1=2, or 1=none.")
    number = None if match[2] == "none" else int(match[2])
    await choose(folder, exchange, int(match[1]) - 1, number, practitioner(arguments))
    done = await read_again(folder, exchange, within=arguments.wait)
    if arguments.json:
        give({"exchange": exchange, "person": int(match[1]), "record": number, "prepared": done})
    elif done:
        say("Kept, and prepared by that record: gatehouse-adapter answer shows it.")
    else:
        say("Kept. The record is read as soon as gatehouse-adapter run is running with its connector.")
    return Exit.DONE if done else Exit.WAITING
