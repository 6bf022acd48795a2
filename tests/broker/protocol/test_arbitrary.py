"""Any bytes at all: a value, a problem or a rejection; never anything else."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from broker.protocol import act, declaration, record
from broker.protocol.problem import Problem
from broker.protocol.wire import Token
from keys import strict_json
from keys.errors import Rejected
from tests.broker.protocol.readers import READERS, reason_of
from tests.broker.protocol.tokens import unsigned

TYPS = (
    *declaration.TYP.values(),
    *(act.typ_of(model) for model in (*act.AgencyAct.__args__, *act.PersonAct.__args__)),
    record.TYP,
)
PARSERS = (
    declaration.parse_declaration,
    act.parse_agency_act,
    act.parse_person_act,
    record.parse_record,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="session")
def bodies(test_inputs: Path) -> dict[str, bytes]:
    """The 318 bodies by file name."""
    found = {path.name: path.read_bytes() for path in (test_inputs / "vectors/json/test_parsing").iterdir()}
    assert len(found) == 318
    return found


@pytest.mark.parametrize("name", READERS)
def test_none_of_the_318_bodies_is_more_than_a_refusal(bodies: dict[str, bytes], name: str) -> None:
    taken = set()
    for file, data in bodies.items():
        try:
            READERS[name].read(data)
        except (Problem, Rejected):
            continue
        taken.add(file)
    # `{}` is a value where everything may be left out, and of these the only one that is.
    assert all(bodies[file].strip() == b"{}" for file in taken)


@pytest.mark.parametrize("name", READERS)
def test_what_the_318_bodies_say_must_not_be_json_is_refused_as_such(
    bodies: dict[str, bytes], name: str
) -> None:
    for file, data in bodies.items():
        if not file.startswith("n_"):
            continue
        with pytest.raises((Problem, Rejected)) as refused:
            READERS[name].read(data)
        reason = reason_of(refused.value) or ""
        # As a token's payload the longest are beyond a token before they are anything else.
        assert reason.startswith("json-") or reason == "jws-too-large", file


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    _read_or_refuse(name, data)


@given(st.sampled_from(sorted(READERS)), JSON)
def test_any_json(name: str, value: object) -> None:
    try:
        data = strict_json.dump(value)  # type: ignore[arg-type]  # what it does not take is no JSON
    except Rejected:
        return
    _read_or_refuse(name, data)


def _read_or_refuse(name: str, data: bytes) -> None:
    try:
        READERS[name].read(data)
    except (Problem, Rejected):
        return


@given(st.sampled_from(PARSERS), st.text(max_size=300))
@example(declaration.parse_declaration, "\ud800.\ud800.\ud800")
@example(declaration.parse_declaration, "..")
@example(record.parse_record, "e30.e30." + "A" * 86)
def test_any_text_as_a_token(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises((Problem, Rejected)):
        parse(text)


@given(st.sampled_from(PARSERS), st.sampled_from(TYPS), st.binary(max_size=100))
def test_any_payload_under_any_typ(parse: object, typ: str, payload: bytes) -> None:
    assert callable(parse)
    with pytest.raises((Problem, Rejected)):
        parse(unsigned(typ, payload))


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "typ",
    [
        "gatehouse-ask+2", "gatehouse-ask", "gatehouse-ask+1 ", "GATEHOUSE-ASK+1", "gatehouse-record+2",
        "gatehouse-nil+0", "gatehouse-key-set+1", "JWT", "dpop+jwt",
    ],
)  # fmt: skip
def test_another_typ_or_version_is_named_as_not_spoken(parse: object, typ: str) -> None:
    assert callable(parse)
    with pytest.raises(Problem) as refused:
        parse(unsigned(typ, b"{}"))
    assert refused.value.code == "unsupported"
    assert refused.value.status == 415


def test_each_parser_takes_its_own_typs_only() -> None:
    taken = {typ: [parse.__name__ for parse in PARSERS if not _is_unsupported(parse, typ)] for typ in TYPS}
    assert {len(parsers) for parsers in taken.values()} == {1}
    # One typ names one shape: nothing signed for one use can be shown for another.
    assert len(set(TYPS)) == len(TYPS)


def _is_unsupported(parse: object, typ: str) -> bool:
    assert callable(parse)
    with pytest.raises(Problem) as refused:
        parse(unsigned(typ, b"{}"))
    return refused.value.code == "unsupported"


@given(st.text(max_size=40))
def test_what_is_a_token_by_its_form_is_taken_apart_without_surprise(text: str) -> None:
    try:
        token = TypeAdapter(Token).validate_python(text)
    except ValueError:
        return
    with pytest.raises((Problem, Rejected)):
        declaration.parse_declaration(token)
