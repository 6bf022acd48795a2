"""Every model: what is written is read again as it was; what is nearly right is refused by name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.protocol.problem import Problem
from keys.errors import Rejected
from tests.broker.protocol.readers import READERS, Reader, reason_of
from tests.broker.protocol.strategies import values

EVERY = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
FEW = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
FREE = frozenset(
    {"identity", "decision_key", "administrator_key", "key", "sender_identity", "detail", "clocks"}
)
"""Members that are objects without a model: keys, which `keys` parses, and labelled details."""
_OPEN = {"Request": {"body"}, "Response": {"ok", "problem"}}

Place = tuple[Any, ...]


@FEW
@EVERY
@given(data=st.data())
def test_what_is_written_is_read_again_as_it_was(reader: Reader, data: st.DataObject) -> None:
    value = data.draw(values(reader.model))
    written = value.dump()
    read = reader.read(written)
    assert read == value
    assert read.dump() == written


@FEW
@EVERY
@given(data=st.data())
def test_a_member_nobody_knows_is_refused_wherever_it_stands(reader: Reader, data: st.DataObject) -> None:
    value = json.loads(data.draw(values(reader.model)).dump())
    closed = sorted(_objects(value, _OPEN.get(reader.model.__name__, set())), key=str)
    place = data.draw(st.sampled_from(closed))
    _at(value, place)["surname"] = "x"
    problem = _refused(reader, value)
    assert problem.reason == "unexpected-shape"
    assert "surname" not in problem.detail


@FEW
@EVERY
@given(data=st.data())
def test_a_member_that_must_be_there_is_missed(reader: Reader, data: st.DataObject) -> None:
    value = json.loads(data.draw(values(reader.model)).dump())
    required = [name for name, member in reader.model.model_fields.items() if member.is_required()]
    if not required:
        assert reader.read(b"{}") == reader.model()
        return
    name = data.draw(st.sampled_from(required))
    del value[name]
    assert name in _refused(reader, value).detail


@FEW
@EVERY
@given(data=st.data())
def test_a_value_of_another_type_is_refused(reader: Reader, data: st.DataObject) -> None:
    value = json.loads(data.draw(values(reader.model)).dump())
    leaves = sorted(_leaves(value, _OPEN.get(reader.model.__name__, set())), key=str)
    if not leaves:
        return
    place = data.draw(st.sampled_from(leaves))
    holder = _at(value, place[:-1])
    before = holder[place[-1]]
    others: list[Any] = [[], [{}], {"a": {}}, 1.5]
    if not isinstance(before, bool):
        others.append(True)
    if isinstance(before, str):
        others.append(7)
    if isinstance(before, int):
        others.append("7")
    holder[place[-1]] = data.draw(st.sampled_from(others))
    _refused(reader, value)


@FEW
@EVERY
@given(data=st.data())
def test_a_repeated_key_is_refused_wherever_it_stands(reader: Reader, data: st.DataObject) -> None:
    value = json.loads(data.draw(values(reader.model)).dump())
    whole = [place for place in sorted(_objects(value, set()), key=str) if _at(value, place)]
    if not whole:
        return
    place = data.draw(st.sampled_from(whole))
    name = data.draw(st.sampled_from(sorted(_at(value, place))))
    with pytest.raises((Problem, Rejected)) as refused:
        reader.read(_repeating(value, place, name).encode())
    assert reason_of(refused.value) == "json-repeated-key"


def _refused(reader: Reader, value: Any) -> Problem:
    with pytest.raises(Problem) as refused:
        reader.read(json.dumps(value).encode())
    assert refused.value.code == "malformed"
    return refused.value


def _objects(value: Any, free: set[str], at: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        yield at
        for name, member in value.items():
            if name not in free and not (isinstance(member, dict) and name in FREE):
                yield from _objects(member, set(), (*at, name))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _objects(member, set(), (*at, place))


def _leaves(value: Any, free: set[str], at: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in free and not (isinstance(member, dict) and name in FREE):
                yield from _leaves(member, set(), (*at, name))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _leaves(member, set(), (*at, place))
    elif value is not None:
        yield at


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _repeating(value: Any, place: Place, name: str) -> str:
    # The object is marked, written, and its mark then becomes the repeated key.
    mark = "\ue000mark"
    _at(value, place)[mark] = _at(value, place)[name]
    return json.dumps(value).replace(json.dumps(mark), json.dumps(name))
