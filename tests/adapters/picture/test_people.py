"""Who is taken for one person, and who is not."""

from datetime import date

import pytest

from adapters.picture.make import picture_of
from adapters.picture.picture import Picture
from broker.protocol.body import Identifier, Person
from policies.vocabulary import Category, SubjectRole
from tests.adapters.picture.made import Case, entry, person

BORN = date(2018, 3, 9)


def seen(*people: Person) -> Picture:
    """Each described by another exchange's ask."""
    case = Case()
    for each in people:
        case.ask("health", Category.HEALTH_ATTENDANCES, subjects=(each,))
    return picture_of(case.gathered())


def test_the_same_checked_number_joins_across_exchanges_and_says_so() -> None:
    picture = seen(
        person("Wren Imaginary", BORN, nhs="9991001018", t1="a"),
        person("W. Imaginary", None, nhs="9991001018", t1="b"),
    )
    (one,) = picture.people
    assert [each.value for each in one.names] == ["Wren Imaginary", "W. Imaginary"]
    assert one.joined == ("the same checked NHS number",)


def test_a_number_not_checked_joins_nobody() -> None:
    number = [Identifier(system="nhs", value="9991001018")]
    picture = seen(person("Wren Imaginary", None, others=number), person("Sage Pretend", None, others=number))
    assert len(picture.people) == 2


def test_the_same_subject_of_an_exchange_is_one_person_whatever_is_said_of_them() -> None:
    picture = seen(person("Wren Imaginary", BORN, t1="a"), person(None, None, t1="a"))
    assert len(picture.people) == 1


def test_the_same_name_and_birth_date_is_said_to_be_described_alike() -> None:
    picture = seen(person("Wren-Imaginary", BORN, t1="a"), person("wren  imaginary", BORN, t1="b"))
    (one,) = picture.people
    assert one.joined[0].startswith("described alike")
    assert any("described alike" in doubt for doubt in picture.doubtful)


@pytest.mark.parametrize(
    "other",
    [
        person("Wren Imaginary", date(2018, 9, 3), t1="b"),
        person("Wren Imaginary", None, t1="b"),
        person("Sage Pretend", BORN, t1="b"),
    ],
)
def test_nothing_less_joins(other: Person) -> None:
    assert len(seen(person("Wren Imaginary", BORN, t1="a"), other).people) == 2


def test_two_checked_numbers_are_never_joined_and_both_are_told_apart() -> None:
    picture = seen(
        person("Wren Imaginary", BORN, nhs="9991001018", t1="a"),
        person("Wren Imaginary", BORN, nhs="9991001042", t1="a"),
    )
    assert len(picture.people) == 2
    assert len({each.label for each in picture.people}) == 2
    assert all("another checked number" in each.kept_apart[0] for each in picture.people)
    assert any("kept apart" in doubt for doubt in picture.doubtful)


def test_somebody_alike_to_two_people_is_joined_to_neither() -> None:
    picture = seen(
        person("Wren Imaginary", BORN, nhs="9991001018", t1="a"),
        person("Wren Imaginary", BORN, t1="c"),
        person("Wren Imaginary", BORN, nhs="9991001042", t1="b"),
    )
    assert len(picture.people) == 3
    (unsure,) = (each for each in picture.people if not each.identifiers)
    assert len(unsure.kept_apart) == 2
    assert all("somebody else with another number" in apart for apart in unsure.kept_apart)


def test_a_person_of_two_names_ties_both_together() -> None:
    """Whichever of the names is looked at first."""
    picture = seen(
        person("Wren Imaginary", BORN, t1="a"),
        person("Wren Imaginary", BORN, nhs="9991001018", t1="b"),
        person("Wren Pretend", BORN, nhs="9991001018", t1="c"),
        person("Wren Pretend", BORN, t1="d"),
    )
    assert len(picture.people) == 1


def test_one_nhs_number_outweighs_two_of_another_system_which_differ() -> None:
    upns = [[Identifier(system="upn", value=value, checked=True)] for value in ("A1", "A2")]
    picture = seen(*(person("Wren Imaginary", BORN, nhs="9991001018", others=upn) for upn in upns))
    assert len(picture.people) == 1
    assert [each.what for each in picture.differences] == ["UPN number differs"]
    assert len(seen(*(person("Wren Imaginary", BORN, t1="a", others=upn) for upn in upns)).people) == 2


def test_children_come_first_and_statements_name_the_joined_person() -> None:
    case = Case()
    mother = person("Morgan Imaginary", date(1989, 7, 21), nhs="9991001042", role=SubjectRole.PARENT)
    child = person("Wren Imaginary", BORN, nhs="9991001018")
    exchange = case.ask("health", Category.HEALTH_ATTENDANCES, subjects=(mother, child))
    case.item(
        exchange,
        "health",
        Category.HEALTH_ATTENDANCES,
        entry(BORN, "Born.", subject=1),
        subjects=(mother, child),
    )
    picture = picture_of(case.gathered())
    assert [each.label for each in picture.people] == ["Wren Imaginary", "Morgan Imaginary"]
    assert picture.dated[0].person == picture.people[0].ref
