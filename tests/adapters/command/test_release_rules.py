"""Release rules: a category is answered by itself only where the file says so in words that are all known."""

from pathlib import Path

import pytest

from adapters.answering.example import Example, example
from adapters.answering.release_rules import (
    NEVER_AUTOMATIC,
    NO_RULES,
    Release,
    Sensitive,
    load_rules,
    parse_rules,
)
from adapters.errors import Unusable
from policies.vocabulary import Category, PractitionerRole, Purpose, SchedulePara18Reason

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
        ("[category.health_attendances]", "[category.police_intelligence]"),
        ("[category.health_attendances]", "[category.adoption]"),
        ('nil = "waiting"', 'nil = "two_persons"'),
        ('nil = "waiting"', 'approver = "manager"'),
        ('nil = "waiting"', 'sensitive = "automatic"'),
    ],
)
def test_a_file_with_anything_unknown_is_refused_whole(before: str, after: str) -> None:
    assert before in RULES
    with pytest.raises(Unusable) as caught:
        parse_rules(RULES.replace(before, after).encode())
    assert caught.value.code == "answering-rules"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("category", sorted(NEVER_AUTOMATIC))
def test_what_may_never_leave_by_itself_is_refused_with_a_sentence(category: Category) -> None:
    named = RULES.replace("[category.health_attendances]", f"[category.{category.value}]")
    for line in ('release = "automatic"', 'nil = "waiting"'):
        with pytest.raises(Unusable, match=rf"category\.{category.value}: may never leave by itself"):
            parse_rules(named.replace(line, line.replace("waiting", "automatic")).encode())
    two = named.replace('release = "automatic"', 'release = "two_persons"\napprover = "manager"')
    rule = parse_rules(two.encode()).rules[category]
    assert (rule.release, rule.approver) == (Release.TWO_PERSONS, PractitionerRole.MANAGER)
    assert rule.sensitive is Sensitive.WAITING


def test_bytes_that_are_no_text_or_far_too_many_are_refused() -> None:
    for data in (b"\xff\xfe", b"#" * (1 << 17), b"a=" + b"[" * 5_000):
        with pytest.raises(Unusable):
            parse_rules(data)
