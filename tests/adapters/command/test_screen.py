"""What another agency wrote reaches a terminal as text and nothing else."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from adapters.plain_text import clean


@given(st.text())
def test_no_control_or_format_character_is_left(text: str) -> None:
    for letter in clean(text):
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs")


def test_words_stay_as_they_are() -> None:
    text = "Zoë O’Neil – “quoted”\n\tnext line, 36.8 °C"
    assert clean(text) == text


def test_an_escape_sequence_is_shown_not_obeyed() -> None:
    assert clean("\x1b[2Jgone\u202e") == "\ufffd[2Jgone\ufffd"
