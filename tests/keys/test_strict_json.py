"""The strict parser against JSONTestSuite, hostile sizes, and round trips."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import strict_json
from keys.errors import MalformedInput

# Reasoned exceptions: accepted by RFC 8259, refused here, because a repeated key is read differently by
# different parsers and would be signed by one meaning and acted on by another.
REPEATED_KEYS = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}

# Every file on which RFC 8259 leaves the choice: accepted only if it is a finite number; the rest is refused.
ACCEPTED_BY_CHOICE = {"i_number_double_huge_neg_exp.json", "i_number_real_underflow.json"}
REFUSED_BY_CHOICE = {
    "i_number_huge_exp.json": "json-not-finite",
    "i_number_neg_int_huge_exp.json": "json-not-finite",
    "i_number_pos_double_huge_exp.json": "json-not-finite",
    "i_number_real_neg_overflow.json": "json-not-finite",
    "i_number_real_pos_overflow.json": "json-not-finite",
    "i_number_too_big_neg_int.json": "json-too-large",
    "i_number_too_big_pos_int.json": "json-too-large",
    "i_number_very_big_negative_int.json": "json-too-large",
    "i_structure_500_nested_arrays.json": "json-too-deep",
    "i_structure_UTF-8_BOM_empty_object.json": "json-not-utf8",
}


def verdict(data: bytes) -> str:
    try:
        strict_json.parse(data)
    except MalformedInput as refused:
        return refused.code
    return "accepted"


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"1,", b'"",', b'{"a":1},', b'"a,b",'])
def test_a_text_of_too_many_values_is_refused(unit: bytes) -> None:
    text = b"[" + unit * ((1 << 17) + 1) + b"1]"
    with pytest.raises(MalformedInput) as refused:
        strict_json.parse(text, limit=1 << 24)
    assert refused.value.code == "json-too-large"


def test_separators_inside_words_are_not_counted() -> None:
    words = "one, two [three] {four} " * 20_000
    assert strict_json.parse(strict_json.dump([words, words]), limit=1 << 24) == [words, words]


def test_every_file_of_the_suite_has_its_verdict(test_inputs: Path) -> None:
    folder = test_inputs / "vectors/json/test_parsing"
    verdicts = {path.name: verdict(path.read_bytes()) for path in folder.glob("*.json")}
    assert len(verdicts) == 318

    must_accept = {name for name in verdicts if name.startswith("y_")} - REPEATED_KEYS
    assert {name: verdicts[name] for name in must_accept if verdicts[name] != "accepted"} == {}
    assert {verdicts[name] for name in REPEATED_KEYS} == {"json-repeated-key"}
    assert {name for name in verdicts if name.startswith("n_") and verdicts[name] == "accepted"} == set()
    chosen = {name: found for name, found in verdicts.items() if name.startswith("i_")}
    assert len(chosen) == 35
    assert {name for name, found in chosen.items() if found == "accepted"} == ACCEPTED_BY_CHOICE
    strings = {"json-surrogate", "json-not-utf8", "json-malformed"}
    for name, found in chosen.items():
        if name in REFUSED_BY_CHOICE:
            assert (name, found) == (name, REFUSED_BY_CHOICE[name])
        elif name not in ACCEPTED_BY_CHOICE:
            assert found in strings, name


@pytest.mark.parametrize(
    "data, code",
    [
        (b'{"a":1,"a":1}', "json-repeated-key"),
        (b'{"a":{"b":1,"\\u0062":2}}', "json-repeated-key"),
        (b"[NaN]", "json-not-finite"),
        (b"[Infinity]", "json-not-finite"),
        (b"[-Infinity]", "json-not-finite"),
        (b"[1e999]", "json-not-finite"),
        (b"[-1E+999]", "json-not-finite"),
        (b"9223372036854775808", "json-too-large"),
        (b"-9223372036854775809", "json-too-large"),
        (b"1" * 100_000, "json-too-large"),
        (b'["\\ud800"]', "json-surrogate"),
        (b'["\\udc00\\ud800"]', "json-surrogate"),
        (b'{"\\uDBFF":1}', "json-surrogate"),
        (b'["\xed\xa0\x80"]', "json-not-utf8"),
        (b"\xef\xbb\xbf{}", "json-not-utf8"),
        ("{}".encode("utf-16"), "json-not-utf8"),
        ("{}".encode("utf-16-be"), "json-malformed"),
        (b"", "json-malformed"),
        (b"{} {}", "json-malformed"),
        (b'"\x00"', "json-malformed"),
        (b"[1,]", "json-malformed"),
        (b"[01]", "json-malformed"),
        ("[\u0661]".encode(), "json-malformed"),
        (b"\xc2\xa0[]", "json-malformed"),
    ],
)
def test_refused_with_code(data: bytes, code: str) -> None:
    assert verdict(data) == code


@pytest.mark.parametrize(
    "data, value",
    [
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\ud800"', "\\ud800"),
        (b" \t\r\n[] ", []),
    ],
)
def test_accepted_at_the_edge(data: bytes, value: object) -> None:
    assert strict_json.parse(data) == value


def test_size_is_counted_in_bytes() -> None:
    assert strict_json.parse(b'"' + b"a" * 8 + b'"', limit=10) == "a" * 8
    with pytest.raises(MalformedInput) as refused:
        strict_json.parse(b'"' + b"a" * 9 + b'"', limit=10)
    assert refused.value.code == "json-too-large"


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_exact(opening: bytes, closing: bytes) -> None:
    def nested(depth: int) -> bytes:
        return opening * depth + b"1" + closing * depth

    assert verdict(nested(32)) == "accepted"
    assert verdict(nested(33)) == "json-too-deep"
    assert verdict(nested(100_000)) == "json-too-deep"
    assert verdict(opening * 100_000) == "json-too-deep"


def test_brackets_in_strings_and_side_by_side_are_not_depth() -> None:
    assert verdict(json.dumps(["[{" * 1000, "\\", '"[', "\\\\[" * 50]).encode()) == "accepted"
    assert verdict(b"[" + b",".join([b"[]"] * 1000) + b"]") == "accepted"


def test_a_quote_hidden_behind_backslashes_does_not_hide_depth() -> None:
    assert verdict(b'["\\\\",' + b"[" * 40 + b"]" * 40 + b"]") == "json-too-deep"
    assert verdict(b'["\\"",' + b"[" * 40 + b"]" * 40 + b"]") == "json-too-deep"


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b"[", b'"[', b'{"":', b"\\u", b"]"])
def test_a_million_of_one_piece_is_refused_without_harm(piece: bytes) -> None:
    data = b'{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["' + piece * ((1 << 19) // len(piece))
    assert verdict(data) in {"json-malformed", "json-too-deep", "json-too-large"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_what_is_dumped_parses_to_the_same_value(value: strict_json.JsonValue) -> None:
    assert strict_json.parse(strict_json.dump(value)) == value


@given(json_values)
def test_equal_objects_dump_to_equal_bytes(value: strict_json.JsonValue) -> None:
    shuffled = {"b": value, "a": 1}
    assert strict_json.dump(shuffled) == strict_json.dump({"a": 1, "b": value})


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0d8 1eE-.aNn', max_size=60).map(str.encode))
def test_whatever_comes_nothing_but_malformed_input_is_raised(data: bytes) -> None:
    try:
        ours = strict_json.parse(data)
    except MalformedInput:
        return
    assert ours == json.loads(data)


def test_dump_refuses_what_parse_would() -> None:
    with pytest.raises(MalformedInput) as refused:
        strict_json.dump({"a": float("nan")})
    assert refused.value.code == "json-not-finite"
    with pytest.raises(MalformedInput) as refused:
        strict_json.dump("\ud800")
    assert refused.value.code == "json-surrogate"


def test_only_an_object_is_an_object() -> None:
    assert strict_json.parse_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(MalformedInput) as refused:
        strict_json.parse_object(b"[]")
    assert refused.value.code == "json-malformed"
