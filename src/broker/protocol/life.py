"""The life of an envelope: one table for every kind, and nothing moves but by it.

An envelope is declared and decided in one step, so its first state follows from the decision. `proved` is a
fact about the log (the record lies under a signed checkpoint) and is never stored: a permitted envelope is
proved as soon as the checkpoint's size passes its record's index. The states at the end of a life have no way
out, but that a receipt may still arrive for what was recalled, set aside or expired after it had been handed
over: the opening happened, and the log says so.

The diagram in docs/architecture.md is written from TABLE by `diagram()` and checked against it.
"""

from enum import StrEnum
from typing import Final

from broker.protocol.problem import Problem


class State(StrEnum):
    """Where an envelope is in its life."""

    DECLARED = "declared"
    REFUSED = "refused"
    HELD = "held"
    PERMITTED = "permitted"
    PROVED = "proved"
    DEPOSITED = "deposited"
    HANDED_OVER = "handed_over"
    OPENED = "opened"
    CANNOT_OPEN = "cannot_open"
    SET_ASIDE = "set_aside"
    LAPSED = "lapsed"
    RECALLED = "recalled"
    EXPIRED = "expired"


class Event(StrEnum):
    """What can happen to an envelope."""

    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"
    INTEGRATE = "integrate"
    DEPOSIT = "deposit"
    HAND_OVER = "hand over"
    OPEN = "open"
    CANNOT_OPEN = "cannot open"
    SET_ASIDE = "set aside"
    LAPSE = "lapse"
    RECALL = "recall"
    EXPIRE = "expire"


TABLE: Final[dict[tuple[State, Event], State]] = {
    (State.DECLARED, Event.ALLOW): State.PERMITTED,
    (State.DECLARED, Event.HOLD): State.HELD,
    (State.DECLARED, Event.REFUSE): State.REFUSED,
    (State.HELD, Event.ALLOW): State.PERMITTED,
    (State.HELD, Event.HOLD): State.HELD,
    (State.HELD, Event.REFUSE): State.REFUSED,
    (State.HELD, Event.LAPSE): State.LAPSED,
    (State.HELD, Event.RECALL): State.RECALLED,
    (State.PERMITTED, Event.INTEGRATE): State.PROVED,
    (State.PERMITTED, Event.LAPSE): State.LAPSED,
    (State.PERMITTED, Event.RECALL): State.RECALLED,
    (State.PROVED, Event.DEPOSIT): State.DEPOSITED,
    (State.PROVED, Event.LAPSE): State.LAPSED,
    (State.PROVED, Event.RECALL): State.RECALLED,
    (State.DEPOSITED, Event.HAND_OVER): State.HANDED_OVER,
    (State.DEPOSITED, Event.RECALL): State.RECALLED,
    (State.DEPOSITED, Event.EXPIRE): State.EXPIRED,
    (State.HANDED_OVER, Event.HAND_OVER): State.HANDED_OVER,
    (State.HANDED_OVER, Event.OPEN): State.OPENED,
    (State.HANDED_OVER, Event.CANNOT_OPEN): State.CANNOT_OPEN,
    (State.HANDED_OVER, Event.SET_ASIDE): State.SET_ASIDE,
    (State.HANDED_OVER, Event.RECALL): State.RECALLED,
    (State.HANDED_OVER, Event.EXPIRE): State.EXPIRED,
    (State.RECALLED, Event.OPEN): State.OPENED,
    (State.EXPIRED, Event.OPEN): State.OPENED,
    (State.SET_ASIDE, Event.OPEN): State.OPENED,
}

ENDINGS: Final = frozenset(
    {
        State.REFUSED,
        State.OPENED,
        State.CANNOT_OPEN,
        State.SET_ASIDE,
        State.LAPSED,
        State.RECALLED,
        State.EXPIRED,
    }
)
"""States a sender need not ask about again."""

BODY_KEPT: Final = frozenset({State.DEPOSITED, State.HANDED_OVER})
"""The only states in which the hub holds a sealed body."""


def step(state: State, event: Event) -> State:
    """Give the state that follows.

    Raises:
        Problem: `wrong-state` (409) when the table has no such line.
    """
    try:
        return TABLE[state, event]
    except KeyError:
        raise Problem(
            "wrong-state",
            f"The envelope is {state.value.replace('_', ' ')}; for that, '{event.value}' is not a next step.",
        ) from None


def current(stored: State, *, record_index: int, checkpoint_size: int) -> State:
    """Give the state with `proved` worked out from the log."""
    if stored is State.PERMITTED and record_index < checkpoint_size:
        return step(State.PERMITTED, Event.INTEGRATE)
    return stored


def diagram() -> str:
    """Draw TABLE as a Mermaid state diagram, in the table's order."""
    lines = ["stateDiagram-v2", "    [*] --> declared"]
    lines += [f"    {start.value} --> {end.value}: {event.value}" for (start, event), end in TABLE.items()]
    leaving = {start for start, _ in TABLE}
    lines += [f"    {state.value} --> [*]" for state in State if state not in leaving]
    return "\n".join(lines)
