"""What an adapter says of its work: listed fields, short plain values, no name and no number of anybody."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from adapters import logs
from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order, item_order


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is logged, in memory."""
    stream = io.StringIO()
    logs.configure(stream=stream)
    yield stream
    logs._lines.listened = False
    logs._lines.stream = None


def test_only_listed_fields_with_plain_values_are_written(said: io.StringIO) -> None:
    logs.log.info("held", envelope="e", name="Zebedee", code="x" * 129, count=3, reason=None, state=["a"])
    (line,) = [json.loads(each) for each in said.getvalue().splitlines()]
    assert set(line) == {"event", "level", "timestamp", "envelope", "count", "reason"}


async def test_an_exchange_is_logged_without_a_word_of_it(said: io.StringIO, pair: Town) -> None:
    exchange = await ask(pair.folders["care"], ask_order(pair.clock(), enquiry="Quillfeather enquiry"))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    await pair.ended("health", await answer(pair.folders["health"], item_order(exchange)))
    assert inbox.inbox(pair.folders["care"])
    text = said.getvalue()
    assert "received" in text
    for canary in ("Zebedee", "Quillfeather", "9990000018", "Nowhere", "2016", "ailment"):
        assert canary not in text


def test_nothing_is_written_below_the_level(said: io.StringIO) -> None:
    logs.configure(stream=said, level=logging.WARNING)
    logs.log.info("held", envelope="e")
    assert said.getvalue() == ""
    logs.log.warning("held", envelope="e")
    assert json.loads(said.getvalue())["level"] == "warning"
