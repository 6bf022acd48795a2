"""Six sizes, one padded form for each plaintext."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import padding
from keys.errors import CannotOpen, MalformedInput
from keys.padding import SizeClass

CLASSES = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20]


def test_the_classes() -> None:
    assert [int(size) for size in SizeClass] == CLASSES


@pytest.mark.parametrize("size", CLASSES)
def test_the_largest_of_a_class_fits_and_one_more_does_not(size: int) -> None:
    largest = b"x" * (size - 4)
    assert len(padding.pad(largest)) == size
    assert padding.unpad(padding.pad(largest)) == largest
    if size == CLASSES[-1]:
        with pytest.raises(MalformedInput) as refused:
            padding.pad(largest + b"x")
        assert refused.value.code == "body-too-large"
    else:
        assert len(padding.pad(largest + b"x")) == size * 4


@given(st.binary(max_size=5000))
def test_round_trip(plaintext: bytes) -> None:
    padded = padding.pad(plaintext)
    assert len(padded) in CLASSES
    assert padding.unpad(padded) == plaintext


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(4095),
        bytes(4097),
        bytes(16 << 10),
        (5000).to_bytes(4, "big") + bytes(4092),
        (4093).to_bytes(4, "big") + bytes(4092),
        (0xFFFFFFFF).to_bytes(4, "big") + bytes(4092),
        bytes(4095) + b"\x01",
        (2).to_bytes(4, "big") + b"abc" + bytes(4089),
    ],
)
def test_any_other_padding_is_refused(padded: bytes) -> None:
    with pytest.raises(CannotOpen) as refused:
        padding.unpad(padded)
    assert refused.value.code == "bad-padding"


def test_a_length_past_the_largest_class_is_refused_even_if_it_is_there() -> None:
    size = padding.LARGEST_PLAINTEXT + 1
    with pytest.raises(CannotOpen):
        padding.unpad(size.to_bytes(4, "big") + bytes(size))
