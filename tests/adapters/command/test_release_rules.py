"""Release rules: a category is answered by itself only where the file says so in words that are all known."""

from pathlib import Path

import pytest

from adapters.answering.example import Example, example
from adapters.answering.release_rules import NO_RULES, Release, load_rules, parse_rules
from adapters.errors import Unusable
from policies.vocabulary import Category, Purpose, SchedulePara18Reason

RULES = example(Example.RULES)


def test_the_example_names_one_category_and_everything_else_waits() -> None:
    rules = parse_rules(RULES.encode())
    assert list(rules.rules) == [Category.HEALTH_ATTENDANCES]
    rule = rules.rules[Category.HEALTH_ATTENDANCES]
    assert (rule.release, rule.nil) == (Release.AUTOMATIC, Release.WAITING)
    assert rule.purposes == (Purpose.CHILD_PROTECTION_ENQUIRY,)
    assert rule.schedule1 is SchedulePara18Reason.C


def test_without_a_file_everything_waits(tmp_path: Path) -> None:
    assert load_rules(tmp_path) is NO_RULES


@pytest.mark.parametrize(
    "before, after",
    [
        ("[category.health_attendances]", "[category.health_attendance]"),
        ('release = "automatic"', 'release = "always"'),
        ('release = "automatic"', "release = true"),
        ('preset = "s47-answering-health"', ""),
        ('schedule1 = "c"', 'schedule1 = "d"'),
        ('purposes = ["child_protection_enquiry"]', 'purposes = "child_protection_enquiry"'),
        ('necessity = "', 'necesity = "'),
        ("[practitioner]", "[practitioners]"),
        ('id = "answering-desk"', 'id = "answering desk"'),
        ('role = "screener"', 'role = "robot"'),
        ("[practitioner]", "[practitioner"),
        ("[practitioner]", "\x00"),
    ],
)
def test_a_file_with_anything_unknown_is_refused_whole(before: str, after: str) -> None:
    assert before in RULES
    with pytest.raises(Unusable) as caught:
        parse_rules(RULES.replace(before, after).encode())
    assert caught.value.code == "answering-rules"
    assert "\n" not in caught.value.message


def test_bytes_that_are_no_text_or_far_too_many_are_refused() -> None:
    for data in (b"\xff\xfe", b"#" * (1 << 17), b"a=" + b"[" * 5_000):
        with pytest.raises(Unusable):
            parse_rules(data)
