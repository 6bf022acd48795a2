"""How each feature compares, in points and words: as names, dates and homes are mistyped, and no further."""

from datetime import date

import pytest

from adapters.matching import comparison
from adapters.matching.comparison import Compared
from adapters.matching.person import Name

BORN = date(2015, 3, 27)


def points(compared: Compared | None) -> int | None:
    return None if compared is None else compared.points


@pytest.mark.parametrize(
    "recorded, expected, exact",
    [
        (date(2015, 3, 27), 10, True),
        (date(2015, 3, 28), 4, False),
        (date(2005, 3, 27), 4, False),
        (date(2015, 8, 27), 4, False),
        (date(2015, 12, 27), 2, False),
        (date(2014, 3, 28), 1, False),
        (date(2014, 4, 28), -2, False),
        (date(2014, 12, 1), -2, False),
        (date(1983, 10, 9), -12, False),
    ],
)
def test_a_birth_date_counts_the_less_the_more_of_it_differs(
    recorded: date, expected: int, exact: bool
) -> None:
    compared = comparison.born(BORN, recorded)
    assert compared is not None
    assert (compared.points, compared.exact) == (expected, exact)


def test_day_and_month_exchanged_are_told_in_words() -> None:
    compared = comparison.born(date(2015, 3, 5), date(2015, 5, 3))
    assert compared == Compared(points=5, words="birth date with day and month exchanged")


def test_what_one_side_does_not_say_says_nothing() -> None:
    assert comparison.born(None, BORN) is None
    assert comparison.names(None, [Name(family="Testchild")]) is None
    assert comparison.names("Ada", [Name(family="")]) is None
    assert comparison.address("4 Invented Lane", []) is None
    assert comparison.contact((), ("01632 960123",)) is None
    assert comparison.relatives(("Cora Testchild",), ()) is None


@pytest.mark.parametrize(
    "sought, given, family, points_of_family, points_of_given",
    [
        ("Ada Testchild", "ADA", "TESTCHILD", 6, 5),
        ("Testchild, Ada", "Ada", "Testchild", 6, 5),
        ("Ada Testchild", "Testchild", "Ada", 6, 5),
        ("Ada O'Test", "Ada", "OTest", 6, 5),
        ("Ada Marie Testchild", "Marie", "Testchild", 6, 3),
        ("Ada Testchild", "Ada", "Testchlid", 3, 5),
        ("Ada Testchild", "Ada", "Made-Up", -6, 5),
        ("Ada Testchild", "Ben", "Testchild", 6, -6),
        ("Ada Testchild", "A", "Testchild", 6, 1),
        ("Roberta Testchild", "Rob", "Testchild", 6, 3),
        ("Bryony Testchild", "Briony", "Testchild", 6, 2),
        ("Ada Child", "Ada", "Test-Child", 4, 5),
        ("Testchild", "Ada", "Testchild", 6, 0),
        ("Ada", "Ada", "Testchild", 0, 5),
        ("Ada Testchild", "Ada", "", 0, 5),
        ("Zoe", "Ada", "Testchild", -6, 0),
    ],
)
def test_names_as_family_and_as_given(
    sought: str, given: str, family: str, points_of_family: int, points_of_given: int
) -> None:
    compared = comparison.names(sought, [Name(given=given, family=family)])
    assert compared is not None
    assert tuple(each.points for each in compared) == (points_of_family, points_of_given)


def test_the_best_of_several_names_counts() -> None:
    names = [Name(given="Ada", family="Formername"), Name(given="Ada", family="Testchild")]
    compared = comparison.names("Ada Testchild", names)
    assert compared is not None
    assert compared[0].exact


@pytest.mark.parametrize("one, other", [("Lee", "Leo"), ("Amy", "Ayo"), ("Ida", "Ira")])
def test_short_names_are_not_spelt_alike(one: str, other: str) -> None:
    compared = comparison.names(f"{one} Testchild", [Name(given=other, family="Testchild")])
    assert compared is not None
    assert compared[1].points == -6


@pytest.mark.parametrize(
    "recorded, expected, exact",
    [
        ("4 invented lane, TESTHAM zz1 1aa", 8, True),
        ("Flat 4, Another Name, ZZ11AA", 8, True),
        ("9 Invented Lane, ZZ1 1AA", 4, True),
        ("ZZ1 1AA", 4, True),
        ("4 Invented Lnae, Testham, ZZ1", 1, False),
        ("5 Invented Lane, Testham, ZZ1 1AB", None, False),
    ],
)
def test_a_home_is_its_number_and_postcode(recorded: str, expected: int | None, exact: bool) -> None:
    compared = comparison.address("4 Invented Lane, Testham, ZZ1 1AA", [recorded])
    assert points(compared) == expected
    assert compared is None or compared.exact is exact


def test_a_town_is_no_home() -> None:
    same = comparison.address("Testham", ["TESTHAM"])
    alike = comparison.address("Testham", ["Tsetham"])
    assert same is not None
    assert alike is not None
    assert (same.points, same.exact, alike.points, alike.exact) == (2, False, 1, False)


def test_the_neighbour_is_not_spelt_alike() -> None:
    assert comparison.address("12 Invented Lane, Testham", ["14 Invented Lane, Testham"]) is None


def test_contacts_are_the_same_or_an_email_nearly_so() -> None:
    same = comparison.contact(("+44 1632 960123",), ("01632 960 123",))
    alike = comparison.contact(("ada.testchild@example.org",), ("ada.tetschild@example.org",))
    assert same is not None
    assert same.exact
    assert alike is not None
    assert not alike.exact
    assert comparison.contact(("01632 960123",), ("01632 960124",)) is None


def test_two_relatives_say_more_than_one() -> None:
    one = comparison.relatives(("Cora Testchild", "Dan Elsewhere"), ("CORA TESTCHILD",))
    two = comparison.relatives(("Cora Testchild", "Dan Elsewhere"), ("Testchild Cora", "Dan Elsewhere"))
    assert (points(one), points(two)) == (5, 8)


@pytest.mark.parametrize("line", ["Ada Testchild", "TESTCHILD, Ada", "ada  testchild "])
def test_a_name_in_one_line_is_taken_apart(line: str) -> None:
    compared = comparison.names("Ada Testchild", [Name.of_line(line)])
    assert compared is not None
    assert [each.exact for each in compared] == [True, True]
    assert comparison.names("Ada Testchild", [Name.of_line(" ")]) is None
