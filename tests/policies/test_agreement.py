"""What an agreement covers, and what it does not."""

from dataclasses import replace
from datetime import timedelta

from policies.agreement import covers
from tests.policies.case import AGREEMENT, AT, question


def test_it_covers_what_it_names_while_it_lasts() -> None:
    assert covers(AGREEMENT, question())
    assert covers(replace(AGREEMENT, ends=None), question())
    assert covers(replace(AGREEMENT, starts=AT), question())
    assert not covers(replace(AGREEMENT, starts=AT + timedelta(microseconds=1)), question())
    assert covers(replace(AGREEMENT, ends=AT + timedelta(microseconds=1)), question())
    assert not covers(replace(AGREEMENT, ends=AT), question())


def test_it_covers_nobody_the_hub_has_no_body_for() -> None:
    asked = question()
    assert not covers(AGREEMENT, replace(asked, source=replace(asked.source, controllers=())))
    assert not covers(AGREEMENT, replace(asked, asker=replace(asked.asker, controllers=())))
