"""Whose record is it: the records that fit nearly, side by side, for a person at the source to choose."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from adapters.answering.sending import unprepared_categories
from adapters.command.prompt import Prompt
from adapters.command.screen import say
from adapters.connectors.connector import Candidate
from adapters.desk.choice import Question, choose, questions
from adapters.errors import WrongOrder
from adapters.folder import Folder
from broker.protocol.body import Person
from broker.protocol.declaration import Practitioner

_NONE: Final = "none"
_LOOK: Final = 0.1


async def ask_whose(
    folder: Folder,
    exchange: str,
    people: Sequence[Person],
    by: Practitioner,
    prompt: Prompt,
    *,
    within: float,
) -> None:
    """Put every open question to the person, then wait until what they chose is read.

    An empty line leaves a question open.
    """
    answered = False
    for question in questions(folder, exchange):
        if question.chosen or not question.candidates:
            continue
        say(*question_lines(question, people))
        offered = len(question.candidates)
        number = prompt.read_until_good(
            f"Whose record is it? 1 to {offered}, none, or empty to leave it: ",
            lambda text, offered=offered: _number(text, offered),  # type: ignore[misc]
        )
        if number is not None:
            await choose(folder, exchange, question.subject, number or None, by)
            answered = True
    if answered and not await read_again(folder, exchange, within=within):
        say("Kept. The record is read as soon as gatehouse-adapter run is running with its connector.")


async def read_again(folder: Folder, exchange: str, *, within: float) -> bool:
    """Wait until the running adapter has prepared what waits by the record chosen; whether it has."""
    try:
        async with asyncio.timeout(within):
            while unprepared_categories(folder, exchange):
                await folder.journal.changed(exchange, at_most=_LOOK)
    except TimeoutError:
        return False
    return True


def question_lines(question: Question, people: Sequence[Person]) -> Iterator[str]:
    """Who is meant, and the records that could be theirs, the best first, each with why."""
    person = people[question.subject]
    born = "" if person.born is None else f", born {person.born.isoformat()}"
    yield f"Asked about person {question.subject + 1}: {person.name or 'no name given'}{born}"
    for number, candidate in enumerate(question.candidates, 1):
        yield from _candidate(number, candidate, question)
    if question.chosen:
        yield f"  chosen by {question.by}: {'none of them' if question.choice is None else 'a record'}"


def _candidate(number: int, candidate: Candidate, question: Question) -> Iterator[str]:
    score = "" if candidate.score is None else f", {candidate.score} points"
    runner_up = " (runner-up)" if number == 2 and candidate.score is not None else ""
    limits = ", restricted" if candidate.restricted else ""
    mine = " — chosen" if question.chosen and question.choice == candidate.person else ""
    born = candidate.born or "no birth date"
    yield f"  {number}. {candidate.name or 'no name'}, {born}{limits}{score}{runner_up}{mine}"
    for reason in candidate.reasons:
        yield f"       {reason}"


def _number(text: str, offered: int) -> int:
    """The number typed, 0 for none of them."""
    if text.lower() == _NONE:
        return 0
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    if not 1 <= number <= offered:
        raise WrongOrder("no-such-candidate", f"Type a number from 1 to {offered}, or none.")
    return number
