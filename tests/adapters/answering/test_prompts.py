"""Answering by hand in the terminal: how many prompts it takes, and what comes of what is typed."""

from collections.abc import Iterator

import pytest

from adapters.answering.learn import learn
from adapters.answering.releasing import send_answer
from adapters.answering.sending import drafted, open_categories
from adapters.command.answer_terminal import ask_person
from adapters.command.prompt import Prompt
from adapters.connectors.connector import SourceEntry
from adapters.desk.exchange import ask_of
from adapters.desk.inbox import inbox, read
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.view import TaskState
from broker.protocol.body import ItemBody, Nature
from policies.vocabulary import Category, HandlingCode
from tests.adapters.answering.records import CLEAN, VISITS, Records, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER

GP = Category.GP_REGISTRATION


class Typist:
    """Types lines, and counts the prompts."""

    def __init__(self, *lines: str) -> None:
        self.prompts: list[str] = []
        self._lines: Iterator[str] = iter(lines)

    def __call__(self, question: str) -> str:
        self.prompts.append(question)
        return next(self._lines)


async def _answer(folder: Folder, exchange: str, typist: Typist) -> None:
    ask, _ = ask_of(folder, exchange)
    answer = ask_person(folder, ask, open_categories(folder, exchange), WORKER, Prompt(typist))
    await send_answer(folder, exchange, answer)


def _bodies(town: Town, exchange: str) -> dict[Category, ItemBody]:
    care = town.folders["care"]
    opened = [read(care, each.jti).body for each in inbox(care) if each.exchange == exchange]
    return {body.category: body for body in opened if isinstance(body, ItemBody)}


async def test_a_typical_ask_by_hand_takes_at_most_twelve_prompts(pair: Town) -> None:
    health = pair.folders["health"]
    await learn(health)
    exchange = await asked(pair, VISITS, Category.HEALTH_CONDITIONS)
    typist = Typist(
        "item",
        "2026-01-02 fact Emergency attendance: wheeze.",
        "2026-01-20 allegation 2BP Parent reports fits.",
        "",
        "ward book; name and birth date",
        "c",  # why consent is not relied on; there is one preset, which is not asked for
        "It bears on the enquiry.",
        "item",
        "opinion Asthma is suspected.",
        "",
        "yes",
    )
    await _answer(health, exchange, typist)
    assert len(typist.prompts) == 11 <= 12
    await pair.ended("care", exchange)
    bodies = _bodies(pair, exchange)
    assert set(bodies) == {VISITS, Category.HEALTH_CONDITIONS}
    first, second = bodies[VISITS].entries
    assert (first.nature, first.grading) == (Nature.FACT, None)
    assert (second.nature, second.what) == (Nature.ALLEGATION, "Parent reports fits.")
    assert second.grading is not None
    assert second.grading.handling == "P"
    searched = bodies[VISITS].searched
    assert (searched.systems, searched.by) == (["ward book"], ["name and birth date"])
    assert searched.as_of is not None


async def test_a_nil_by_hand_says_what_was_searched_and_to_what_date(pair: Town) -> None:
    health = pair.folders["health"]
    await learn(health)
    exchange = await asked(pair, GP)
    assert task(health, exchange, GP).confirmable
    await _answer(health, exchange, Typist("nil", "ward book", "c", "So that you know.", "yes"))
    await pair.ended("care", exchange)
    body = _bodies(pair, exchange)[GP]
    assert body.result == "nil"
    assert body.searched.systems == ["ward book"]
    assert body.searched.by == ["name and birth date, nhs number"]
    assert body.searched.as_of is not None


async def test_by_connector_none(pair: Town) -> None:
    await answers_from(pair, Records(rows={"child": {VISITS: (CLEAN,)}}), rules(VISITS.value))
    exchange = await asked(pair)
    assert (await looked_at(pair, exchange)).state is TaskState.ANSWERED
    assert (await pair.ended("care", exchange)).answered == (VISITS,)


async def test_a_draft_is_edited_line_by_line_and_graded_c_travels_with_conditions(pair: Town) -> None:
    third = SourceEntry(on=None, what="Discharged.", recorded_by="Ward 3")
    records = Records(rows={"child": {VISITS: (CLEAN, third, CLEAN)}})
    health = await answers_from(pair, records, rules(f"{VISITS.value}: release = 'waiting'"))
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    typist = Typist(
        "edit",
        "remove 3 not-necessary",
        "redact 2 recorded_by third-party",
        "passage 1 sanitised wheeze",
        "grade 2 1AC",
        "mark 2 opinion",
        "as-of 2026-01-06",
        "grade 7 1AC",  # there is none: said, and asked again
        "",
        "Only within the strategy discussion.",
        "yes",
    )
    await _answer(health, exchange, typist)
    await pair.ended("care", exchange)
    body = _bodies(pair, exchange)[VISITS]
    assert [entry.what for entry in body.entries] == ["Emergency attendance: […]; discharged.", "Discharged."]
    assert body.entries[1].nature is Nature.OPINION
    assert body.entries[1].recorded_by is None
    assert body.conditions == "Only within the strategy discussion."
    assert body.handling is HandlingCode.OFFICIAL_SENSITIVE_PERSONAL
    assert str(body.searched.as_of) == "2026-01-06"
    assert [(one.entry, one.reason) for one in body.redactions] == [
        (None, "not-necessary"),
        (1, "third-party"),
        (0, "sanitised"),
    ]


async def test_nothing_leaves_unless_the_last_question_is_answered_yes(pair: Town) -> None:
    health = await answers_from(
        pair, Records(rows={"child": {VISITS: (CLEAN,)}}), rules(f"{VISITS.value}: release = 'waiting'")
    )
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    with pytest.raises(WrongOrder):
        await _answer(health, exchange, Typist("approve", "no"))
    assert task(health, exchange).state is TaskState.PREPARED
    assert drafted(health, exchange, VISITS) is not None
