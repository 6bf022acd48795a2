"""One spelling per value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base64url
from keys.errors import MalformedInput


@given(st.binary(max_size=100))
def test_round_trip(data: bytes) -> None:
    text = base64url.encode(data)
    assert not set(text) & set("=+/")
    assert base64url.decode(text) == data


@given(st.text(alphabet="AQgwZ-_9=+/ \n.", max_size=12) | st.text(max_size=8))
def test_whatever_decodes_is_what_encode_gives(text: str) -> None:
    try:
        data = base64url.decode(text)
    except MalformedInput:
        return
    assert base64url.encode(data) == text


@pytest.mark.parametrize(
    "text",
    ["AA==", "AAA=", "A", "AAAAA", "AB", "AAB", "A A", "AA\n", " AA", "A+", "A/", "A\u00c0", "A.", "AA="],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        base64url.decode(text)
    assert refused.value.code == "base64url-malformed"


def test_a_fixed_size_is_exact() -> None:
    assert base64url.decode_exactly("AAAA", 3) == b"\0\0\0"
    with pytest.raises(MalformedInput):
        base64url.decode_exactly("AAAA", 4)
