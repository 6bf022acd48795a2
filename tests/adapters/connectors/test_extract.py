"""Extracts as agencies export them: mixed dates, case, gaps, several lines of one person, bad lines."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    LeftReason,
    MatchedBy,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.connectors.extract_source import open_extract
from adapters.connectors.written_date import read_date
from adapters.errors import Unusable, WrongOrder
from broker.protocol.body import Identifier
from policies.vocabulary import Category, SubjectRole

ORDERS = Category.PROBATION_SUPERVISION
PAGE = """
name = "Probation case list"
as_of = 2026-11-20
complete = ["crn"]
[person]
key = "CRN"
given = "Forename"
family = "Surname"
born = "DOB"
address = ["Address", "Postcode"]
identifiers = { crn = "CRN", pnc = "PNC" }
sensitive = "Restricted"
[[entry]]
category = "probation_supervision"
what = "{Order} ({Months} months)"
on = "Start"
recorded_by = "Officer"
sensitive = "Hidden"
detail = { Risk = "assessed risk of harm" }
"""
HEADING = "CRN,PNC,Forename,Surname,DOB,Address,Postcode,Restricted,Order,Months,Start,Officer,Risk,Hidden,"
ADA = "X100001,2001/0171310W,ADA,TESTCHILD,27/03/1995,4 Invented Lane,ZZ1 1AA,No,"
LINES = (
    ADA + "Community order,12,01-Feb-2026,Invented Officer,high,,",
    ADA + "Licence,,2026-03-01,,,N,",
    ADA + "Placed at a refuge,1,20260401,,,Y,",
    "X100002,,ben,testchild,1996-02-03 00:00:00,,,Y,Licence,6,soon,,,,",
    "X100003,,Cy,Testchild,3/4/96,,,,Licence,6,soon,,,",
    ",,,,,,,,,,,,,,",
    "too,many,cells,in,this,line,by,far,a,b,c,d,e,f,,g",
)


@pytest.fixture
def of(tmp_path: Path) -> Callable[..., Any]:
    def made(*lines: str, page: str = PAGE, encoding: str = "utf-8") -> Connector:
        path = tmp_path / "cases.csv"
        path.write_text("\r\n".join((HEADING, *(lines or LINES))), encoding=encoding)
        path.with_suffix(".toml").write_text(page)
        return open_extract(path)

    return made


def by(value: str, system: str = "crn") -> SubjectSought:
    return SubjectSought(role=SubjectRole.OTHER_ADULT, identifiers=(Identifier(system=system, value=value),))


def read(source: Connector, sought: SubjectSought) -> Any:
    match = source.find(sought)
    assert isinstance(match, Found)
    return source.read(match.person, source.serves)


@pytest.mark.parametrize(
    "written, means",
    [
        ("2015-03-27", date(2015, 3, 27)),
        ("2015-03-27T10:00:00Z", date(2015, 3, 27)),
        ("2015-03-27 00:00:00", date(2015, 3, 27)),
        ("20150327", date(2015, 3, 27)),
        ("27/03/2015", date(2015, 3, 27)),
        ("7.3.2015", date(2015, 3, 7)),
        ("27-Mar-2015", date(2015, 3, 27)),
        ("27th March 2015", date(2015, 3, 27)),
        ("03/27/2015", None),
        ("31/02/2015", None),
        ("1/7/80", None),
        ("March 2015", None),
        ("27 Foo 2015", None),
        ("٢٧/٠٣/٢٠١٥", None),
        ("", None),
        (None, None),
        (20150327, None),
    ],
)
def test_a_date_is_read_where_it_can_mean_one_day_only(written: object, means: date | None) -> None:
    assert read_date(written) == means


def test_lines_of_one_person_are_one_reading_and_the_hidden_line_stays(of: Callable[..., Connector]) -> None:
    source = of()
    for sought in (by("x100001"), by("01/171310w", "pnc")):
        reading = read(source, sought)
        assert [(str(entry.on), entry.what) for entry in reading.entries[ORDERS]] == [
            ("2026-03-01", "Licence ( months)"),
            ("2026-02-01", "Community order (12 months)"),
        ]
        assert [(left.reason, left.count) for left in reading.left] == [(LeftReason.LABELLED, 1)]
        assert reading.searched.as_of == date(2026, 11, 20)
        assert reading.searched.systems[0].startswith("Probation case list: extract to 2026-11-20")
    assert {unread.code for unread in source.unread()} == {"line-unreadable", "birth-date-unreadable"}


def test_a_restricted_person_is_found_and_nothing_given(of: Callable[..., Connector]) -> None:
    reading = read(of(), by("X100002"))
    assert reading.restricted
    assert reading.entries == {ORDERS: ()}


def test_a_date_that_means_nothing_is_given_as_it_stands(of: Callable[..., Connector]) -> None:
    (entry,) = read(of(), by("X100003")).entries[ORDERS]
    assert entry.on is None
    assert dict(entry.detail)["when"] == "soon"


def test_by_name_date_and_postcode_it_is_certain_by_name_and_date_it_waits(
    of: Callable[..., Connector],
) -> None:
    source = of()
    whom = SubjectSought(role=SubjectRole.PARENT, name="Ada Testchild", born=date(1995, 3, 27))
    near = source.find(whom)
    assert isinstance(near, WaitsForPerson)
    assert near.candidates[0].person.key == "X100001"
    certain = source.find(
        SubjectSought(role=whom.role, name=whom.name, born=whom.born, address="4, invented lane, zz11aa")
    )
    assert isinstance(certain, Found)
    assert certain.person.matched is MatchedBy.DESCRIPTION


def test_one_number_on_lines_of_two_people_waits_for_a_person(of: Callable[..., Connector]) -> None:
    source = of(LINES[0], LINES[0].replace("ADA", "DAN"))
    match = source.find(by("X100001"))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SEVERAL_PEOPLE
    assert len({candidate.person.key for candidate in match.candidates}) == 2


def test_an_export_of_british_windows_is_read(of: Callable[..., Connector]) -> None:
    source = of(LINES[0].replace("ADA", "Zoë"), encoding="cp1252")
    whom = SubjectSought(
        role=SubjectRole.PARENT, name="zoe testchild", born=date(1995, 3, 27), address="ZZ1 1AA"
    )
    assert isinstance(source.find(whom), Found)


@pytest.mark.parametrize(
    "before, after, says",
    [
        ("as_of = 2026-11-20", 'as_of = "yesterday"', "as_of is the day"),
        ("as_of = 2026-11-20", "", "as_of"),
        ('born = "DOB"', 'borne = "DOB"', "unknown member borne"),
        ("probation_supervision", "probation", "category"),
        ('complete = ["crn"]', 'complete = ["nhs"]', "complete names"),
        ('complete = ["crn"]', 'separator = "x"', "separator"),
        ("[[entry]]", "[entry]", "a list is needed"),
        ('what = "{Order} ({Months} months)"', "", "what"),
        ("name = ", "name : ", "not TOML"),
    ],
)
def test_a_page_with_anything_unknown_is_refused(
    of: Callable[..., Connector], before: str, after: str, says: str
) -> None:
    with pytest.raises(Unusable) as refused:
        of(page=PAGE.replace(before, after, 1))
    assert refused.value.code == "extract-mapping"
    assert says in refused.value.message


def test_a_column_that_is_not_there_and_an_empty_file_are_clear_errors(
    of: Callable[..., Connector], tmp_path: Path
) -> None:
    source = of(page=PAGE.replace('"Officer"', '"Worker"'))
    with pytest.raises(ConnectorFailed) as missing:
        source.find(by("X100001"))
    assert missing.value.code == "extract-unreadable"
    assert "'Worker' is not in the heading" in missing.value.message
    (tmp_path / "cases.csv").write_text("")
    with pytest.raises(ConnectorFailed) as empty:
        source.find(by("X100001"))
    assert "no heading" in empty.value.message
    with pytest.raises(WrongOrder):
        open_extract(tmp_path / "missing.csv")


SUI = """
name = "Local authority extract"
as_of = "file"
[person]
given = "GivenName"
family = "Surname"
born = "DOB"
address = ["PostCode"]
[[entry]]
category = "demographics"
what = "Name on record: {GivenName} {Surname}"
"""


def extract(folder: Path, source: Path, page: str) -> Connector:
    path = folder / "extract.csv"
    path.write_bytes(source.read_bytes())
    path.with_suffix(".toml").write_text(page)
    return open_extract(path)


def test_every_line_of_a_real_export_finds_its_own_and_only_its_own(
    test_inputs: Path, tmp_path: Path
) -> None:
    place = test_inputs / "data/sui/E2E.Tests/Resources/Smoke/sui_batch_search_queries.csv"
    connector = extract(tmp_path, place, SUI)
    with place.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["PostCode"]]
    assert len(rows) == 900
    keys = set()
    for row in rows:
        day, month, year = map(int, row["DOB"].split("/"))
        whom = SubjectSought(
            role=SubjectRole.CHILD,
            name=f"{row['Surname']}, {row['GivenName']}".title(),
            born=date(year, month, day),
            address=row["PostCode"].replace(" ", "").lower(),
        )
        match = connector.find(whom)
        assert isinstance(match, Found), match
        (entry,) = connector.read(match.person, connector.serves).entries[Category.DEMOGRAPHICS]
        assert entry.what == f"Name on record: {row['GivenName']} {row['Surname']}"
        keys.add(match.person.key)
    assert len(keys) == 900


RECONCILED = SUI.replace("GivenName", "Forename").replace(
    'address = ["PostCode"]', 'key = "SourceID"\naddress = ["PostCode"]\nidentifiers = { nhs = "NHSNumber" }'
)


def test_exact_numbers_find_their_own_and_a_shared_one_waits(test_inputs: Path, tmp_path: Path) -> None:
    place = test_inputs / "data/sui/E2E.Tests/Resources/Csv/reconciliation_test_data.csv"
    connector = extract(tmp_path, place, RECONCILED)
    alone = connector.find(by("944 930 5552", "nhs"))
    assert isinstance(alone, Found)
    assert alone.person.key == "12345678"
    shared = connector.find(by("9691914913", "nhs"))
    assert isinstance(shared, WaitsForPerson)
    assert shared.reason is WaitReason.SEVERAL_PEOPLE
    wrong = connector.find(by("0449310999", "nhs"))
    assert isinstance(wrong, WaitsForPerson)
    assert wrong.reason is WaitReason.CHECK_DIGIT
