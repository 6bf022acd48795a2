"""The words: closed, described, and each category's flags on record."""

import enum

import pytest

from policies import category, reason, vocabulary
from policies.vocabulary import CATEGORY_FACTS, PURPOSE_FACTS, Category, Purpose

WORDS = [
    value
    for module in (vocabulary, category, reason)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, enum.StrEnum) and value is not enum.StrEnum
]


def test_every_category_and_purpose_has_its_facts() -> None:
    assert set(CATEGORY_FACTS) == set(Category)
    assert set(PURPOSE_FACTS) == set(Purpose)


def test_what_can_hold_a_protected_fact_is_marked() -> None:
    for each in (Category.ADOPTION, Category.SEXUAL_HEALTH, Category.POLICE_INTELLIGENCE):
        assert CATEGORY_FACTS[each].protected_possible


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__name__)
def test_each_word_is_its_own_name_in_lower_case(words: type[enum.StrEnum]) -> None:
    assert words.__doc__
    for word in words:
        assert word.value == word.name.lower()
