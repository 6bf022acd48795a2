"""Frames: an answer is one thing, and every verb has one who is asked and an answer."""

import json
from typing import Any

import pytest

from broker.protocol.frame import ANSWERED, ASKED_BY_POST, ASKED_OF_ADAPTER, Response, Verb
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire


def test_every_verb_is_asked_of_one_side_and_answered() -> None:
    assert not ASKED_BY_POST.keys() & ASKED_OF_ADAPTER.keys()
    assert ASKED_BY_POST.keys() | ASKED_OF_ADAPTER.keys() == ANSWERED.keys() == set(Verb)


@pytest.mark.parametrize(
    "answer", [{"ok": {}}, {"ok": {"a": 1}, "problem": None}, {"problem": {"code": "x"}}]
)
def test_an_answer_is_ok_or_a_problem(answer: dict[str, Any]) -> None:
    read = parse_wire(Response, json.dumps({"re": "1"} | answer).encode())
    assert (read.ok is None) is ("ok" not in answer)


@pytest.mark.parametrize(
    "answer", [{}, {"ok": None}, {"ok": {}, "problem": {}}, {"ok": None, "problem": None}]
)
def test_an_answer_that_is_neither_or_both_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        parse_wire(Response, json.dumps({"re": "1"} | answer).encode())
    assert "either ok or problem" in refused.value.detail
