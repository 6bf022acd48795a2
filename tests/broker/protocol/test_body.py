"""Bodies: of the declared kind, whole, and about whom they name."""

import itertools
import json
from typing import Any

import pytest

from broker.protocol.body import BODY_LIMIT, Body, ItemBody, parse_body
from broker.protocol.declaration import Kind
from broker.protocol.example import envelope
from broker.protocol.problem import Problem
from keys.errors import MalformedInput
from tests.broker.protocol.strategies import BODIES

EXAMPLE: dict[str, Body] = {letter.body.body: letter.body for letter in envelope.letters()}


def item(**changes: Any) -> ItemBody:
    """The example's item with other members."""
    whole = json.loads(EXAMPLE["item"].dump()) | changes
    read = parse_body(Kind.ITEM, json.dumps(whole).encode())
    assert isinstance(read, ItemBody)
    return read


@pytest.mark.parametrize("declared, written", list(itertools.product(Kind, EXAMPLE)))
def test_a_body_of_another_kind_than_declared_is_refused(declared: Kind, written: str) -> None:
    plaintext = EXAMPLE[written].dump()
    if declared.value == written:
        assert parse_body(declared, plaintext) == EXAMPLE[written]
        return
    with pytest.raises(Problem):
        parse_body(declared, plaintext)


def test_each_kind_has_its_body() -> None:
    assert {model.model_fields["body"].default for model in BODIES} == set(Kind)


def test_an_entry_is_about_somebody_the_body_names() -> None:
    entry = json.loads(EXAMPLE["item"].dump())["entries"][0]
    for subject in (1, 31, 32, -1):
        with pytest.raises(Problem):
            item(entries=[entry | {"subject": subject}])


def test_a_nil_has_no_entries() -> None:
    assert item(result="nil", entries=[]).result == "nil"
    with pytest.raises(Problem) as refused:
        item(result="nil")
    assert "nil" in refused.value.detail


@pytest.mark.parametrize("on", ["2026-08-02", "2026-08-02T10:00:00Z", "2026-08-02T00:00:00", None])
def test_a_day_stays_a_day_and_an_instant_an_instant(on: str | None) -> None:
    entry = json.loads(EXAMPLE["item"].dump())["entries"][0]
    read = item(entries=[entry | {"on": on}])
    assert json.loads(read.dump())["entries"][0]["on"] == on


def test_a_body_beyond_the_largest_class_is_not_looked_at() -> None:
    with pytest.raises(MalformedInput) as refused:
        parse_body(Kind.ASK, b" " * (BODY_LIMIT + 1))
    assert refused.value.code == "json-too-large"


@pytest.mark.parametrize("words", ["", "x" * 20_001])
def test_words_are_there_and_not_endless(words: str) -> None:
    item(necessity="x" * 20_000)
    with pytest.raises(Problem):
        item(necessity=words)
