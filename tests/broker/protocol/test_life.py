"""The life of an envelope: the table is all there is."""

import itertools

import pytest

from broker.protocol.life import BODY_KEPT, ENDINGS, TABLE, Event, State, current, diagram, step
from broker.protocol.problem import Problem

LATE = {(State.RECALLED, Event.OPEN), (State.SET_ASIDE, Event.OPEN), (State.EXPIRED, Event.OPEN)}


@pytest.mark.parametrize("state, event", list(itertools.product(State, Event)))
def test_a_step_is_in_the_table_or_refused(state: State, event: Event) -> None:
    if (state, event) in TABLE:
        assert step(state, event) is TABLE[state, event]
        return
    with pytest.raises(Problem) as refused:
        step(state, event)
    assert (refused.value.code, refused.value.status) == ("wrong-state", 409)


def test_an_ending_has_no_way_out_but_the_late_receipts() -> None:
    assert {line for line in TABLE if line[0] in ENDINGS} == LATE
    assert all(TABLE[line] is State.OPENED for line in LATE)


def test_what_is_no_ending_goes_on() -> None:
    assert {state for state, _ in TABLE} - ENDINGS == set(State) - ENDINGS


def test_every_state_is_reached_from_declared() -> None:
    reached, waiting = {State.DECLARED}, [State.DECLARED]
    while waiting:
        here = waiting.pop()
        for (start, _), end in TABLE.items():
            if start is here and end not in reached:
                reached.add(end)
                waiting.append(end)
    assert reached == set(State)


def test_every_event_happens_somewhere() -> None:
    assert {event for _, event in TABLE} == set(Event)


def test_nothing_is_deposited_handed_over_or_opened_that_was_not_permitted_and_proved() -> None:
    assert {start for (start, _), end in TABLE.items() if end is State.PROVED} == {State.PERMITTED}
    assert {start for (start, _), end in TABLE.items() if end is State.DEPOSITED} == {State.PROVED}
    assert {start for (start, _), end in TABLE.items() if end is State.HANDED_OVER} == {
        State.DEPOSITED,
        State.HANDED_OVER,
    }
    without = {line: end for line, end in TABLE.items() if line[1] is not Event.ALLOW}
    reached = {State.DECLARED}
    for _ in State:
        reached |= {end for (start, _), end in without.items() if start in reached}
    # A held envelope may be recalled, and is then no envelope that anybody was handed.
    assert not reached & {State.PERMITTED, State.PROVED, State.DEPOSITED, State.HANDED_OVER}


def test_a_body_is_kept_only_between_deposit_and_ending() -> None:
    assert not BODY_KEPT & ENDINGS
    assert {end for (start, _), end in TABLE.items() if start in BODY_KEPT} <= BODY_KEPT | ENDINGS


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("index, size", [(0, 0), (0, 1), (5, 5), (5, 6), (6, 5)])
def test_proved_is_a_permit_whose_index_the_checkpoint_has_passed(
    state: State, index: int, size: int
) -> None:
    proved = state is State.PERMITTED and index < size
    assert current(state, record_index=index, checkpoint_size=size) is (State.PROVED if proved else state)


def test_the_diagram_has_every_line_of_the_table_and_no_other() -> None:
    lines = [line.strip() for line in diagram().splitlines()]
    assert lines[:2] == ["stateDiagram-v2", "[*] --> declared"]
    drawn = [line for line in lines[2:] if not line.endswith("[*]")]
    assert drawn == [f"{a.value} --> {b.value}: {event.value}" for (a, event), b in TABLE.items()]
    assert {line.split()[0] for line in lines[2:] if line.endswith("[*]")} == {
        state.value for state in ENDINGS - {state for state, _ in LATE}
    }
