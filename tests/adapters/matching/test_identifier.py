"""Check characters of UPN, PNC and CRO against worked examples, and one spelling for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matching.identifier import CRO, PNC, UPN, Check, same, written
from broker.protocol.body import Identifier


def of(system: str, value: str) -> tuple[str, Check]:
    found = written(Identifier(system=system, value=value))
    return found.value, found.check


@pytest.mark.parametrize(
    "system, value, spelt, check",
    [
        (PNC, "2001/0171310W", "01/0171310W", Check.PASSED),
        (PNC, "01/171310w", "01/0171310W", Check.PASSED),
        (PNC, "2001/0171310X", "01/0171310X", Check.FAILED),
        (UPN, "not a number", "NOTANUMBER", Check.FAILED),
        (CRO, "unknown", "UNKNOWN", Check.FAILED),
        ("lachild", " ab 12 ", "AB12", Check.NONE),
    ],
)
def test_one_spelling_and_its_check(system: str, value: str, spelt: str, check: Check) -> None:
    assert of(system, value) == (spelt, check)


@given(st.integers(0, 10**12 - 1))
def test_one_letter_in_twenty_three_passes_as_a_upn(number: int) -> None:
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    passed = [letter for letter in letters if of(UPN, f"{letter}{number:012}")[1] is Check.PASSED]
    assert len(passed) == 1


@given(st.integers(0, 10**12 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_of_a_upn_is_always_seen(number: int, place: int, step: int) -> None:
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    digits = f"{number:012}"
    (letter,) = [each for each in letters if of(UPN, f"{each}{digits}")[1] is Check.PASSED]
    wrong = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert of(UPN, letter + wrong)[1] is Check.FAILED


def test_a_failed_check_does_not_tell_two_apart_but_for_an_nhs_number() -> None:
    upn = written(Identifier(system=UPN, value="A000000000000"))
    assert same(upn, written(Identifier(system=UPN, value="a 0000 0000 0000")))
    mistyped = written(Identifier(system="nhs", value="9000000015"))
    assert mistyped.check is Check.FAILED
    assert not same(mistyped, mistyped)
