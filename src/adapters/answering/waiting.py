"""What waits for a person here: its clock, why in words, and who may let it go. Most urgent first.

Pure but for the release rules, which the caller reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.answering.reason import SECOND_PERSON, why_words
from adapters.answering.release_rules import Release, ReleaseRules
from adapters.view import Task, TaskState
from policies.vocabulary import PractitionerRole, Rating

_OPEN: Final = (TaskState.WAITING, TaskState.PREPARED)
_RATINGS: Final = tuple(Rating)
SOON: Final = 3_600
"""Seconds before its due time from which an answer is due soon."""
_NOT_LOOKED: Final = "nobody has looked yet"


class Clock(StrEnum):
    """How a task stands by its due time."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


class Next(StrEnum):
    """What a person does next."""

    ANSWER = "answer"
    APPROVE_OWN = "approve"
    """Prepared by the record system: look, and let it go."""
    SECOND = "second_person"
    """Prepared by a person: somebody else approves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One category that waits. `left` seconds to its due time, negative once that has passed; `approver` the
    role that may let it go, None: any.
    """

    task: Task
    left: int
    clock: Clock
    why: str
    next: Next
    approver: PractitionerRole | None
    two_persons: bool


def waiting(tasks: Sequence[Task], rules: ReleaseRules, *, at: int) -> tuple[Waiting, ...]:
    """What waits of `tasks`: by due time, then by rating, then as asked."""
    found = [_waiting(task, rules, at) for task in tasks if task.state in _OPEN]
    return tuple(sorted(found, key=lambda each: (each.task.due_at, _RATINGS.index(each.task.rating))))


def clock_words(left: int) -> str:
    """Time left or past, as people say it: `2 h 5 min left`."""
    minutes = abs(left) // 60
    days, hours = minutes // 1_440, minutes // 60 % 24
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    shown = " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than 1 min"
    return f"{shown} left" if left > 0 else f"OVERDUE by {shown}"


def _waiting(task: Task, rules: ReleaseRules, at: int) -> Waiting:
    left = task.due_at - at
    rule = rules.rules.get(task.category)
    second = task.why == SECOND_PERSON
    return Waiting(
        task=task,
        left=left,
        clock=Clock.OVERDUE if left <= 0 else Clock.DUE_SOON if left <= SOON else Clock.RUNNING,
        why=_NOT_LOOKED if task.why is None else why_words(task.why),
        next=Next.SECOND if second else Next.APPROVE_OWN if task.has_draft else Next.ANSWER,
        approver=None if rule is None else rule.approver,
        two_persons=rule is not None and rule.release is Release.TWO_PERSONS,
    )
