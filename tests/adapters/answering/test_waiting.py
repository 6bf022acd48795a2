"""What waits: its clock, its rating, why in words, who may let it go; and that people are warned in time."""

from adapters.answering import reason
from adapters.answering.reason import SECOND_PERSON, why_words
from adapters.answering.release_rules import NO_RULES, parse_rules
from adapters.answering.waiting import Clock, Next, clock_words, waiting
from adapters.command.inbox_lines import as_json, waiting_lines
from adapters.command.screen import plain
from adapters.connectors.connector import WaitReason
from adapters.desk.attention import attention
from adapters.view import Task, TaskState
from policies.vocabulary import Category, PractitionerRole, Rating
from tests.adapters.answering.records import VISITS, rules
from tests.adapters.answering.scene import asked, task
from tests.adapters.core.conftest import Town

_AT = 1_000_000
_RULES = parse_rules(rules(f"{VISITS.value}: release = 'two_persons'\napprover = 'manager'").encode())


def _task(left: int, rating: Rating = Rating.AMBER, **more: object) -> Task:
    values = {"category": VISITS, "state": TaskState.WAITING, "confirmable": False} | more
    return Task(exchange="x", asker="care", rating=rating, due_at=_AT + left, **values)  # type: ignore[arg-type]


def test_the_most_urgent_is_first_and_what_is_answered_is_not_there() -> None:
    given = [
        _task(7_200, Rating.GREEN),
        _task(7_200, Rating.RED),
        _task(-60, Rating.BLUE),
        _task(600, Rating.AMBER),
        _task(1, Rating.RED, state=TaskState.ANSWERED),
    ]
    found = waiting(given, NO_RULES, at=_AT)
    assert [(each.task.rating, each.clock) for each in found] == [
        (Rating.BLUE, Clock.OVERDUE),
        (Rating.AMBER, Clock.DUE_SOON),
        (Rating.RED, Clock.RUNNING),
        (Rating.GREEN, Clock.RUNNING),
    ]


def test_each_line_says_clock_rating_reason_and_approver() -> None:
    (each,) = waiting(
        [_task(7_500, state=TaskState.PREPARED, why=SECOND_PERSON, has_draft=True)], _RULES, at=_AT
    )
    assert (each.next, each.approver, each.two_persons) == (Next.SECOND, PractitionerRole.MANAGER, True)
    text = "\n".join(waiting_lines(each))
    for words in ("AMBER", "2 h 5 min left", "another approves it", "two persons", "a manager", "approve x"):
        assert words in text
    given = plain(as_json(each))
    assert (given["seconds_left"], given["clock"], given["code"]) == (7_500, "running", SECOND_PERSON)
    (other,) = waiting([_task(-90)], NO_RULES, at=_AT)
    assert "OVERDUE by 1 min" in "\n".join(waiting_lines(other))
    assert clock_words(30) == "less than 1 min left"


def test_every_reason_has_words_of_its_own() -> None:
    codes = [each.value for each in WaitReason]
    codes += [value for name, value in vars(reason).items() if name.isupper() and isinstance(value, str)]
    said = {code: why_words(code) for code in codes}
    assert len(set(said.values())) == len(said)
    assert all(words != code.replace("-", " ") for code, words in said.items())
    assert why_words("made-up-by-a-connector") == "made up by a connector"


async def test_people_are_warned_before_it_is_due_and_the_asker_is_told_that_nothing_has_come(
    pair: Town,
) -> None:
    health = pair.folders["health"]
    exchange = await asked(pair, due_within=400)
    assert [each.code for each in attention(health)] == ["answers-due-soon"]

    def acts() -> list[str]:
        return [row["act"] for row in health.journal.rows("acts_of_exchange", exchange=exchange)]

    def warned() -> bool:
        row = health.journal.row("get_task", exchange=exchange, category=VISITS.value)
        return row is not None and bool(row["warned"])

    pair.clock.ahead += 320  # a quarter is left, a tenth not yet
    await pair.until(warned)
    assert acts() == []
    pair.clock.ahead += 50
    await pair.until(lambda: acts() == ["waiting"])
    pair.clock.ahead += 60
    assert [each.code for each in attention(health)] == ["answers-overdue"]
    assert task(health, exchange, Category.HEALTH_ATTENDANCES).state is TaskState.WAITING
