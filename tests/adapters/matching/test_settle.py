"""Who is found, who waits for a person, and who is nobody: twins, mistyped dates, shared numbers."""

from dataclasses import replace
from datetime import date
from typing import Any

from adapters.connectors.connector import (
    Found,
    MatchedBy,
    NotFound,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.matching.person import Described, Name
from adapters.matching.settle import settle
from broker.protocol.body import Identifier, Searched
from policies.vocabulary import SubjectRole

SEARCHED = Searched(systems=["an invented system"], by=["name and birth date"], as_of=None)
BORN = date(2015, 3, 27)
HOME = "4 Invented Lane, Testham, ZZ1 1AA"


def sought(**more: Any) -> SubjectSought:
    return replace(SubjectSought(role=SubjectRole.CHILD, name="Ada Testchild", born=BORN), **more)


def child(key: str, given: str = "Ada", **more: Any) -> Described:
    return replace(Described(key=key, names=(Name(given=given, family="Testchild"),), born=BORN), **more)


def found(whom: SubjectSought, *people: Described) -> Any:
    return settle(whom, people, connector="invented", searched=SEARCHED)


def test_an_identifier_that_one_record_bears_finds_it() -> None:
    number = Identifier(system="upn", value="A123456789123")
    match = found(
        sought(name=None, born=None, identifiers=(number,)),
        child("1", identifiers=(number,)),
        child("2", "Ben"),
    )
    assert isinstance(match, Found)
    assert (match.person.key, match.person.matched) == ("1", MatchedBy.IDENTIFIER)


def test_an_identifier_on_two_records_waits_for_a_person() -> None:
    number = Identifier(system="lachild", value="X1")
    match = found(
        sought(identifiers=(number,)), child("1", identifiers=(number,)), child("2", identifiers=(number,))
    )
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SEVERAL_PEOPLE
    assert len(match.candidates) == 2


def test_an_identifier_with_another_birth_date_waits_for_a_person() -> None:
    number = Identifier(system="lachild", value="X1")
    match = found(sought(identifiers=(number,)), child("1", identifiers=(number,), born=date(2015, 3, 28)))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.BORN_DIFFERS


def test_a_name_and_a_birth_date_alone_never_find_by_themselves() -> None:
    match = found(sought(), child("1"))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.NEAR
    assert match.candidates[0].reasons[0] == "the same birth date"


def test_with_the_same_home_as_well_it_is_certain() -> None:
    match = found(sought(address=HOME), child("1", addresses=(HOME,)))
    assert isinstance(match, Found)
    assert match.person.matched is MatchedBy.DESCRIPTION


def test_a_misspelt_family_name_with_the_same_home_is_certain_a_misspelt_given_name_is_not() -> None:
    misspelt = child("1", names=(Name(given="Ada", family="Testchlid"),), addresses=(HOME,))
    assert isinstance(found(sought(address=HOME), misspelt), Found)
    twin = child("1", "Briony", addresses=(HOME,), relatives=("Cora Testchild",))
    whom = sought(name="Bryony Testchild", address=HOME, relatives=("Cora Testchild",))
    near = found(whom, twin)
    assert isinstance(near, WaitsForPerson)
    assert near.reason is WaitReason.NEAR


def test_a_town_and_an_email_like_it_are_no_proof() -> None:
    like = child("1", addresses=("Testham",), contacts=("ada.testchild2@example.org",))
    match = found(sought(address="Testham", contacts=("ada.testchild1@example.org",)), like)
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.NEAR


def test_a_birth_date_but_for_a_digit_waits_whatever_else_is_the_same() -> None:
    other = child("1", born=date(2015, 3, 28), addresses=(HOME,), relatives=("Cora Testchild",))
    assert isinstance(found(sought(address=HOME, relatives=("Cora Testchild",)), other), WaitsForPerson)


def test_a_brother_of_another_age_is_nobody() -> None:
    brother = child("1", "Ben", born=date(2012, 5, 28), addresses=(HOME,), relatives=("Cora Testchild",))
    match = found(sought(address=HOME, relatives=("Cora Testchild",)), brother)
    assert isinstance(match, NotFound)
    assert match.searched.by == ["name and birth date, spelt alike or mistyped"]


def test_where_no_names_are_held_the_same_birth_date_waits() -> None:
    nameless = child("1", names=())
    match = found(sought(), nameless)
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.NEAR
    other = found(sought(), child("1", names=(), born=date(1990, 1, 1)))
    assert isinstance(other, NotFound)
    assert other.searched.by == ["birth date, as no names are held"]


def test_a_former_identifier_never_finds_by_itself() -> None:
    number = Identifier(system="upn", value="A123456789123")
    match = found(sought(identifiers=(number,)), child("1", former=(number,)))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SUPERSEDED


def test_a_failed_check_is_told_and_refuses_nobody() -> None:
    number = Identifier(system="upn", value="A123456789123")
    match = found(sought(identifiers=(number,)), child("1", identifiers=(number,)))
    assert isinstance(match, Found)
    assert match.person.how == ("exact match on UPN, whose check fails as it is written in both places",)


def test_a_number_that_every_record_bears_rules_out_and_another_does_not() -> None:
    number = Identifier(system="lachild", value="X2")
    whom = sought(name=None, born=None, identifiers=(number,))
    people = [child("1", identifiers=(Identifier(system="lachild", value="X1"),))]

    def settled(complete: frozenset[str]) -> Any:
        return settle(whom, people, connector="invented", searched=SEARCHED, complete=complete)

    assert isinstance(settled(frozenset({"lachild"})), NotFound)
    assert settled(frozenset({"lachild"})).searched.by == ["LAchildID"]
    assert isinstance(settled(frozenset()), WaitsForPerson)


def test_a_twin_is_never_taken_for_the_other() -> None:
    twin = child("2", "Ben", addresses=(HOME,), relatives=("Cora Testchild",))
    alone = found(sought(address=HOME, relatives=("Cora Testchild",)), twin)
    assert isinstance(alone, WaitsForPerson)
    both = found(sought(address=HOME), child("1", addresses=(HOME,)), twin)
    assert isinstance(both, Found)
    assert both.person.key == "1"


def test_two_that_fit_alike_wait_side_by_side() -> None:
    match = found(sought(address=HOME), child("1", addresses=(HOME,)), child("2", addresses=(HOME,)))
    assert isinstance(match, WaitsForPerson)
    assert [each.person.key for each in match.candidates] == ["1", "2"]


def test_a_mistyped_number_finds_nobody_and_says_so() -> None:
    match = found(sought(identifiers=(Identifier(system="nhs", value="9000000015"),)), child("1"))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.CHECK_DIGIT


def test_nobody_near_is_not_found_and_too_little_is_not() -> None:
    stranger = child("1", "Zoe", names=(Name(given="Zoe", family="Otherwise"),), born=date(1990, 1, 1))
    assert isinstance(found(sought(), stranger), NotFound)
    match = found(sought(born=None), stranger)
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.NOT_DESCRIBED
