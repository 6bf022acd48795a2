"""What waits, as `inbox` lists it."""

from collections.abc import Iterator
from typing import Any

from adapters.answering.waiting import Clock, Next, Waiting, clock_words
from adapters.command.screen import moment, words

_NEXT = {
    Next.ANSWER: "nothing is prepared",
    Next.APPROVE_OWN: "prepared by the record system, approve it",
    Next.SECOND: "prepared, a second person approves it",
}


def waiting_lines(each: Waiting) -> Iterator[str]:
    """One category that waits: rating, clock, why, who may let it go, and the command."""
    task = each.task
    mark = "" if each.clock is Clock.RUNNING else "! "
    yield (
        f"  {mark}{task.rating.value.upper()}  {words(task.category.value)} for {task.asker}:"
        f" {clock_words(each.left)}, due {moment(task.due_at)}"
    )
    yield f"    {_NEXT[each.next]}; it waits because: {each.why}"
    role = "any role" if each.approver is None else f"a {words(each.approver.value)}"
    persons = "two persons, the second " if each.two_persons else ""
    yield f"    may let it go: {persons}{role}"
    yield f"    {_command(each)}"


def as_json(each: Waiting) -> dict[str, Any]:
    """The same for a program."""
    return {
        "exchange": each.task.exchange,
        "category": each.task.category,
        "asker": each.task.asker,
        "rating": each.task.rating,
        "due_at": each.task.due_at,
        "seconds_left": each.left,
        "clock": each.clock,
        "code": each.task.why,
        "why": each.why,
        "next": each.next,
        "approver": each.approver,
        "two_persons": each.two_persons,
    }


def _command(each: Waiting) -> str:
    task = each.task
    if each.next is Next.SECOND:
        return f"gatehouse-adapter approve {task.exchange} {task.category.value} --as PERSON --role ROLE"
    return f"gatehouse-adapter answer {task.exchange} --category {task.category.value}"
