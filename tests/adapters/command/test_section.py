"""A form is read as it was typed, or refused with its line, what to do, and never a value."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answering.section import BadForm, Section
from policies.vocabulary import Rating


def _section(text: str) -> Section:
    return Section.of_text(text.encode(), what="an ask", source="ask.yaml")


def _refused(text: str, read: str = "concern") -> str:
    with pytest.raises(BadForm) as caught:
        _read(text.encode(), read)
    return caught.value.message


def _read(data: bytes, field: str) -> None:
    section = Section.of_text(data, what="an ask", source="ask.yaml")
    section.words(field)
    section.end()


def test_text_stays_as_it_was_typed() -> None:
    section = _section("a: no\nb: 0123\nc: 1e3\nd: 2026-11-20\ne: ~x")
    assert [section.line(field) for field in "abcde"] == ["no", "0123", "1e3", "2026-11-20", "~x"]
    section.end()


def test_a_repeated_field_is_refused_with_its_line() -> None:
    assert _refused("concern: one\nother: x\nconcern: two") == (
        "ask.yaml, line 3: `concern` is given twice; keep one."
    )


def test_an_unknown_field_is_refused_with_the_one_that_was_meant() -> None:
    message = _refused("concern: x\nconcerns: y")
    assert message == "ask.yaml, line 2: an ask has no field `concerns`; perhaps `concern` is meant."


def test_a_missing_field_is_named() -> None:
    assert "needs `concern`" in _refused("other: x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a list",
        "a: [1, 2",
        "a: b: c",
        "\ta: x",
        "a: 1\n---\nb: 2",
        "a: &name x\nb: *name",
        "concern: !!python/object/apply:os.system [id]",
        "concern: !secret x",
        "? [a, b]\n: x",
        "concern: " + "[" * 3_000,
        "concern: ",
        "concern: ~",
    ],
)
def test_what_is_no_form_is_refused_in_one_line(text: str) -> None:
    assert "\n" not in _refused(text)


def test_references_cannot_make_a_small_file_large() -> None:
    levels = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12))
    assert "references" in _refused(f"x0: &x0 [lol, lol]\n{levels}\nconcern: x")


def test_an_error_never_repeats_a_value() -> None:
    message = _refused("concern: {Wren Imaginary: 9991001018}")
    assert "Wren" not in message
    assert "999" not in message
    with pytest.raises(BadForm) as caught:
        _section("rating: Wren Imaginary").code("rating", Rating)
    assert "Wren" not in caught.value.message
    assert "red, amber, green, blue" in caught.value.message


def test_bytes_that_are_not_utf8_or_too_many_are_refused() -> None:
    for data in (b"concern: \xff\xfe", b"concern: " + b"x" * (1 << 20)):
        with pytest.raises(BadForm):
            Section.of_text(data, what="an ask", source="ask.yaml").words("concern")


@pytest.mark.parametrize("text, seconds", [("90s", 90), ("30m", 1_800), ("24h", 86_400), ("3d", 259_200)])
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert _section(f"due_within: {text}").seconds_or_none("due_within") == seconds


@pytest.mark.parametrize("text", ["24", "0h", "-1h", "1.5h", "soon", "h", "٣h", "999999999s"])
def test_other_lengths_of_time_are_refused(text: str) -> None:
    with pytest.raises(BadForm):
        _section(f"due_within: {text}").seconds_or_none("due_within")


@given(st.binary(max_size=400))
def test_whatever_the_bytes_nothing_else_is_raised(data: bytes) -> None:
    with contextlib.suppress(BadForm):
        _read(data, "concern")
