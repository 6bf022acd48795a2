"""Prepared answers over a real folder of invented FHIR records: only what was asked, only an exact match,
else a person.
"""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from adapters.answering import reason
from adapters.answering.draft import Draft, prepare
from adapters.answering.example import Example, example
from adapters.answering.release_rules import NO_RULES, Release, ReleaseRules, Sensitive, parse_rules
from adapters.connectors.connector import (
    Found,
    LeftForPerson,
    LeftReason,
    Match,
    MatchedBy,
    PersonRef,
    Reading,
    SubjectSought,
    Unread,
)
from adapters.connectors.extract_source import open_extract
from adapters.connectors.fhir_folder import FhirFolder
from broker.protocol.body import Redaction, Searched
from deploy.demo.people import MORGAN, OTHERS, WREN, nhs_number
from deploy.demo.record_folder import write_records
from policies.policy_set import seed_policy
from policies.vocabulary import Category, Purpose, Sector
from tests.adapters.command.asks import ask_for, body_about

VISITS = Category.HEALTH_ATTENDANCES
NOBODY = nhs_number(999_990)


@pytest.fixture(scope="module")
def connector(tmp_path_factory: pytest.TempPathFactory) -> FhirFolder:
    """The hospital's records of the demonstration."""
    folder = tmp_path_factory.mktemp("hospital") / "records"
    write_records(folder, date(2026, 11, 20))
    return FhirFolder(folder)


@pytest.fixture
def rules() -> ReleaseRules:
    """The example's: attendances go by themselves, for a child protection enquiry."""
    return parse_rules(example(Example.RULES).encode())


def _changed(rules: ReleaseRules, **change: object) -> ReleaseRules:
    return replace(rules, rules={VISITS: replace(rules.rules[VISITS], **change)})  # type: ignore[arg-type]


def _prepare(
    connector: FhirFolder,
    rules: ReleaseRules,
    *numbers: str | None,
    categories: tuple[Category, ...] = (VISITS,),
    purpose: Purpose = Purpose.CHILD_PROTECTION_ENQUIRY,
) -> tuple[Draft, ...]:
    return prepare(
        ask=ask_for(*categories, purpose=purpose, subjects=len(numbers)),
        body=body_about(*numbers),
        connector=connector,
        rules=rules,
        policy=seed_policy(),
        sector=Sector.HEALTH,
    )


def _one(drafts: tuple[Draft, ...]) -> Draft:
    (only,) = drafts
    return only


def test_an_exact_match_under_an_automatic_rule_may_go_by_itself(
    connector: FhirFolder, rules: ReleaseRules
) -> None:
    prepared = _one(_prepare(connector, rules, WREN.nhs))
    assert prepared.why is None
    assert prepared.item is not None
    assert len(prepared.item.entries) == 3
    assert {entry.subject for entry in prepared.item.entries} == {0}
    assert prepared.item.grounds.gateway == "CA1989-S47"
    assert len(prepared.item.grounds.schedule1) == 1


def test_only_what_was_asked_is_prepared_whatever_the_records_hold(
    connector: FhirFolder, rules: ReleaseRules
) -> None:
    asked = (Category.HEALTH_CONDITIONS, Category.HOUSING_TENANCY)
    drafts = _prepare(connector, rules, WREN.nhs, categories=asked)
    assert [each.category for each in drafts] == list(asked)
    assert [each.why for each in drafts] == [reason.NO_RULE, reason.NOT_SERVED]
    assert all(each.item is None for each in drafts)


def test_nobody_else_is_in_an_answer(connector: FhirFolder, rules: ReleaseRules) -> None:
    prepared = _one(_prepare(connector, rules, WREN.nhs, MORGAN.nhs))
    for other in OTHERS:
        assert other.family not in str(prepared)
    assert "Sprained" not in str(prepared)


def test_less_than_an_exact_match_waits_for_a_person(connector: FhirFolder, rules: ReleaseRules) -> None:
    prepared = _one(_prepare(connector, rules, None))
    assert (prepared.item, prepared.why) == (None, "no-checked-nhs-number")


def test_one_person_not_matched_makes_the_whole_ask_wait(connector: FhirFolder, rules: ReleaseRules) -> None:
    prepared = _one(_prepare(connector, rules, WREN.nhs, None))
    assert prepared.why == "no-checked-nhs-number"
    assert prepared.item is not None  # prepared for whoever looks, not sent


def test_nobody_by_that_number_is_a_nil_that_waits_unless_the_rule_lets_it_go(
    connector: FhirFolder, rules: ReleaseRules
) -> None:
    waits = _one(_prepare(connector, rules, NOBODY))
    assert waits.why == reason.NIL_WAITS
    assert waits.item is not None
    assert waits.item.entries == ()
    assert waits.item.searched.by  # a nil says what was searched
    goes = _one(_prepare(connector, _changed(rules, nil=Release.AUTOMATIC), NOBODY))
    assert goes.why is None


def test_each_reason_to_wait(connector: FhirFolder, rules: ReleaseRules) -> None:
    cases = [
        (NO_RULES, Purpose.CHILD_PROTECTION_ENQUIRY, reason.NO_RULE),
        (rules, Purpose.CHILD_IN_NEED, reason.OTHER_PURPOSE),
        (_changed(rules, preset="s47-answering-police"), Purpose.CHILD_PROTECTION_ENQUIRY, reason.NO_PRESET),
        (_changed(rules, release=Release.WAITING), Purpose.CHILD_PROTECTION_ENQUIRY, reason.RULE_WAITS),
    ]
    for given, purpose, why in cases:
        assert _one(_prepare(connector, given, WREN.nhs, purpose=purpose)).why == why


def test_a_restricted_record_waits_even_under_an_automatic_rule(tmp_path: Path, rules: ReleaseRules) -> None:
    folder = tmp_path / "records"
    write_records(folder, date(2026, 11, 20))
    for path in folder.glob("patient-*.json"):
        text = path.read_text()
        if WREN.nhs in text:
            label = '{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}'
            path.write_text(text.replace("{", '{"meta": {"security": [' + label + "]},", 1))
    prepared = _one(_prepare(FhirFolder(folder), rules, WREN.nhs))
    assert prepared.why == reason.RESTRICTED


EXTRACT = """
name = "Case list"
as_of = 2026-11-20
[person]
name = "Name"
born = "Born"
address = ["Home"]
relatives = ["Mother"]
[[entry]]
category = "health_attendances"
what = "Seen: {Seen}"
"""


@pytest.mark.parametrize(
    "changed",
    [{"address": "4 Invented Lane, ZZ1 1AA"}, {"beside": "Cora Imaginary"}, {}],
    ids=["home", "relative", "neither"],
)
def test_the_address_and_the_others_asked_about_help_to_find(
    tmp_path: Path, rules: ReleaseRules, changed: dict[str, str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Name,Born,Home,Mother,Seen\nWren Imaginary,27/03/2015,4 Invented Lane ZZ1 1AA,Cora Imaginary,once\n"
    )
    path.with_suffix(".toml").write_text(EXTRACT)
    body = body_about(None, None)
    child = body.subjects[0].model_copy(update={"born": date(2015, 3, 27), "address": changed.get("address")})
    other = body.subjects[1].model_copy(
        update={"name": changed.get("beside", "Dan Imaginary"), "born": date(1990, 1, 1)}
    )
    prepared = _one(
        prepare(
            ask=ask_for(VISITS, subjects=2),
            body=body.model_copy(update={"subjects": [child, other]}),
            connector=open_extract(path),
            rules=rules,
            policy=seed_policy(),
            sector=Sector.HEALTH,
        )
    )
    assert prepared.why == (None if changed else "near-match")
    assert prepared.item is not None
    assert [entry.what for entry in prepared.item.entries] == (["Seen: once"] if changed else [])


class _Register:
    """One record system that gives one reading of whoever is sought."""

    name = "Invented register"
    serves = frozenset({VISITS})

    def __init__(self, **reading: object) -> None:
        searched = Searched(systems=[self.name], by=["NHS number"], as_of=date(2026, 1, 2))
        whole = {"entries": {VISITS: ()}, "restricted": False, "searched": searched, "redactions": {}}
        self._reading = Reading(**(whole | reading))  # type: ignore[arg-type]

    def find(self, sought: SubjectSought) -> Match:
        return Found(
            person=PersonRef(connector=self.name, key="1", matched=MatchedBy.NHS_NUMBER),
        )

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        return self._reading

    def freshness(self) -> datetime | None:
        return None

    def unread(self) -> tuple[Unread, ...]:
        return ()


_LABELLED = LeftForPerson(category=VISITS, reason=LeftReason.LABELLED, count=1)
_ROW = LeftForPerson(category=VISITS, reason=LeftReason.ROW, count=1)
_GONE = Redaction(place="an entry of 2026-06-01", reason="restricted-record")


@pytest.mark.parametrize(
    "reading, why",
    [
        ({"restricted": True, "left": (_LABELLED,)}, reason.RESTRICTED),
        ({"left": (_LABELLED, _ROW)}, reason.LEFT),
        ({"left": (_ROW,)}, reason.LEFT),
        ({"entries": {}}, reason.NOT_SERVED),
        ({"redactions": {VISITS: (_GONE,)}}, reason.LEFT),
    ],
    ids=["restricted", "marked-and-unreadable", "unreadable", "not-searched", "redacted-whole"],
)
def test_what_was_left_out_whole_is_never_prepared_as_nothing_found(
    rules: ReleaseRules, reading: dict[str, object], why: str
) -> None:
    anything = _changed(rules, nil=Release.AUTOMATIC, sensitive=Sensitive.WITHHELD)
    prepared = _one(_prepare(_Register(**reading), anything, WREN.nhs))  # type: ignore[arg-type]
    assert (prepared.item, prepared.why, prepared.declined) == (None, why, None)
