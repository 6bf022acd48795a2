"""NHS numbers pass by their check digit or are refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.connectors.nhs_number import NumberRefused, check
from tests.adapters.connectors.made import CHILD


@pytest.mark.parametrize(
    "written", ["9000000009", "900 000 0009", " 90000 00009 ", "900-000-0009", "900\u00a0000\u00a00009"]
)
def test_spaces_and_hyphens_are_taken(written: str) -> None:
    assert check(written) == "9000000009"


@pytest.mark.parametrize(
    "written, code",
    [
        ("9000000015", "nhs-number-check-digit"),
        ("5647382910", "nhs-number-check-digit"),
        ("900000000", "nhs-number-form"),
        ("90000000099", "nhs-number-form"),
        ("", "nhs-number-form"),
        ("90000O0009", "nhs-number-form"),
        ("٩٠٠٠٠٠٠٠٠٩", "nhs-number-form"),
        ("0000000000", "nhs-number-placeholder"),
        ("4444444444", "nhs-number-placeholder"),
        ("3213213213", "nhs-number-check-digit"),
    ],
)
def test_refused_with_its_reason_and_never_repeated(written: str, code: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        check(written)
    assert refused.value.code == code
    assert not written or written not in str(refused.value)


@given(place=st.integers(0, 9), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_seen(place: int, digit: str) -> None:
    written = CHILD[:place] + digit + CHILD[place + 1 :]
    if written == CHILD:
        assert check(written) == CHILD
    else:
        with pytest.raises(NumberRefused):
            check(written)


@given(st.text(max_size=20))
def test_nothing_else_is_raised(written: str) -> None:
    try:
        number = check(written)
    except NumberRefused:
        return
    assert len(number) == 10
    assert number.isascii()
    assert number.isdecimal()
