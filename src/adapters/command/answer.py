"""`answer`: answer an ask, at the terminal, from a YAML form, or by approving what was prepared."""

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path
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
    from adapters.answering.answer_form import Answer
    from adapters.folder import Folder
    from policies.vocabulary import Category


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands,
        "answer",
        perform,
        does="answer an ask: in the terminal, from a YAML form, or approve what is prepared",
        example="""
        gatehouse-adapter answer 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10              asks you item by item
        gatehouse-adapter answer --example > answer.yaml                          a form to start from
        gatehouse-adapter answer 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --from answer.yaml
        gatehouse-adapter answer 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --show    what is prepared, for whom
        gatehouse-adapter answer 7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10 --choose 1=2   person 1 is record 2
        """,
    )
    parser.add_argument("exchange", nargs="?", metavar="EXCHANGE", help="as inbox lists it")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--from", dest="form", type=Path, metavar="FILE.yaml", help="items, nils and declines from a form"
    )
    how.add_argument(
        "--approve", action="store_true", help="send what the record system has prepared, as it is"
    )
    how.add_argument(
        "--show",
        action="store_true",
        help="only show what is prepared, what to look at in it, and records that fit nearly",
    )
    how.add_argument(
        "--choose",
        metavar="PERSON=RECORD",
        help="say which record is a person's, by the numbers --show gives, such as 1=2 or 1=none",
    )
    how.add_argument("--example", action="store_true", help="print a form to start from")
    parser.add_argument("--category", metavar="CATEGORY", help="only this category")
    acknowledge(parser)
    by_whom(parser, role="screener")
    wait_seconds(parser, default=10, what="what --until names")
    until(parser)


def perform(arguments: argparse.Namespace) -> int:
    """Answer, wait for the hub's decisions, report them."""
    from adapters.answering.example import Example, example

    if arguments.example:
        print(example(Example.ANSWER), end="")
        return 0
    return asyncio.run(_answer(arguments))


async def _answer(arguments: argparse.Namespace) -> int:
    from adapters.answering.releasing import send_answer
    from adapters.command.answer_report import report_answers
    from adapters.command.answer_show import perform_choice, show
    from adapters.command.desk_folder import desk

    with desk(arguments) as folder:
        exchange, wanted = _wanted(folder, arguments)
        if arguments.show:
            return show(folder, exchange, wanted, as_json=arguments.json)
        if arguments.choose is not None:
            return await perform_choice(folder, exchange, arguments)
        answer = await _given(folder, exchange, wanted, arguments)
        queued = await send_answer(folder, exchange, answer)
        return await report_answers(folder, exchange, queued, arguments)


async def _given(
    folder: "Folder", exchange: str, wanted: "frozenset[Category]", arguments: argparse.Namespace
) -> "Answer":
    from adapters.answering.answer_form import read_answer
    from adapters.answering.policy import own_sector, policy_in_force
    from adapters.answering.section import section_of_file
    from adapters.answering.sending import all_drafted, open_categories, prepared
    from adapters.command.answer_choose import ask_whose
    from adapters.command.answer_terminal import ask_person, at_terminal
    from adapters.command.prompt import Prompt
    from adapters.desk.exchange import ask_of

    ask, opening = ask_of(folder, exchange)
    acknowledged = frozenset(arguments.acknowledge)
    if arguments.form is not None:
        answer = read_answer(
            section_of_file(arguments.form, what="an answer"),
            ask=ask,
            open_categories=wanted,
            policy=policy_in_force(folder),
            sector=own_sector(folder),
            drafts=all_drafted(folder, exchange, wanted),
        )
        return replace(answer, acknowledged=answer.acknowledged | acknowledged)
    if arguments.approve:
        return replace(prepared(folder, exchange, wanted, practitioner(arguments)), acknowledged=acknowledged)
    at_terminal(instead="--from FILE.yaml or --approve")
    by, prompt = practitioner(arguments), Prompt()
    await ask_whose(folder, exchange, opening.body.subjects, by, prompt, within=arguments.wait)
    return ask_person(folder, ask, wanted & open_categories(folder, exchange), by, prompt)


def _wanted(folder: "Folder", arguments: argparse.Namespace) -> "tuple[str, frozenset[Category]]":
    from adapters.answering.sending import open_categories
    from adapters.errors import WrongOrder

    if arguments.exchange is None:
        raise WrongOrder(
            "no-exchange", "Name the exchange to answer: gatehouse-adapter inbox lists what waits."
        )
    wanted = open_categories(folder, arguments.exchange)
    if arguments.category is not None:
        wanted = frozenset(category for category in wanted if category.value == arguments.category)
    if not wanted:
        raise WrongOrder(
            "nothing-open", "Nothing of that waits for an answer: gatehouse-adapter inbox lists what does."
        )
    return arguments.exchange, wanted
