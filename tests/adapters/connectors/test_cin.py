"""Census returns in bad form and in bad faith: a clear error or a count, and everything else goes on."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.connectors.cin_source import NAME, open_cin
from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    LeftReason,
    NotFound,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.errors import WrongOrder
from broker.protocol.body import Identifier, Nature
from policies.vocabulary import Category, SubjectRole

HISTORY, PLAN = Category.SOCIAL_CARE_HISTORY, Category.CHILD_PROTECTION_PLAN
CHILD = """<Child><ChildIdentifiers><LAchildID>{id}</LAchildID><UPN>{upn}</UPN>
<FormerUPN>X98765432123B</FormerUPN><PersonBirthDate>{born}</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities><Disability>HEAR</Disability></Disabilities>
</ChildCharacteristics>{more}</Child>"""
EPISODE = """<CINdetails><CINreferralDate>2022-01-10</CINreferralDate>
<ReferralSource>{source}</ReferralSource>
<PrimaryNeedCode>N1</PrimaryNeedCode><CINclosureDate>2022-05-01</CINclosureDate>
<ReasonForClosure>{reason}</ReasonForClosure>
<Assessments><AssessmentActualStartDate>2022-02-01</AssessmentActualStartDate><FactorsIdentifiedAtAssessment>
<AssessmentFactors>3B</AssessmentFactors><AssessmentFactors>4B</AssessmentFactors>
</FactorsIdentifiedAtAssessment></Assessments>
<ChildProtectionPlans><CPPstartDate>2022-03-01</CPPstartDate><LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>
<Reviews><CPPreviewDate>2022-04-01</CPPreviewDate><CPPreviewDate>soon</CPPreviewDate></Reviews>
</ChildProtectionPlans></CINdetails>"""
HEADER = """<Header><CollectionDetails><Year>2022</Year><ReferenceDate>2022-03-31</ReferenceDate>
</CollectionDetails></Header>"""


def child(id: str = "TEST1", *, upn: str = "A123456789123", born: str = "2015-03-27", more: str = "") -> str:
    return CHILD.format(id=id, upn=upn, born=born, more=more)


def whole(*children: str, header: str = HEADER) -> str:
    return f"<Message>{header}<Children>{''.join(children)}</Children></Message>"


@pytest.fixture
def of(tmp_path: Path) -> Callable[[str], Any]:
    def made(text: str) -> Connector:
        path = tmp_path / "census.xml"
        path.write_text(text)
        return open_cin(path)

    return made


def by(system: str, value: str) -> SubjectSought:
    return SubjectSought(role=SubjectRole.CHILD, identifiers=(Identifier(system=system, value=value),))


def read(source: Connector) -> Any:
    match = source.find(by("lachild", "TEST1"))
    assert isinstance(match, Found)
    return source.read(match.person, source.serves)


def test_an_episode_in_plain_words(of: Callable[[str], Connector]) -> None:
    reading = read(of(whole(child(more=EPISODE.format(source="3E", reason="RC8")))))
    history = {entry.what: entry for entry in reading.entries[HISTORY]}
    referral = dict(history["Referral to children's social care"].detail)
    assert referral["primary need"] == "abuse or neglect"
    assert referral["referred by"] == "emergency department"
    assert dict(history["Case closed"].detail)["reason"] == "assessed, no further action"
    factors = history["Factors identified at assessment (census codes): 3B, 4B"]
    assert factors.nature is Nature.OPINION
    assert factors.on == date(2022, 2, 1)
    plan = [(entry.what, entry.on, dict(entry.detail)) for entry in reading.entries[PLAN]]
    assert plan[1] == ("Child protection plan", date(2022, 3, 1), {"latest category": "neglect"})
    assert plan[2] == ("Review of the child protection plan", None, {"when": "soon"})
    assert reading.searched.systems[0].startswith(f"{NAME}: yearly return 2022, to 2022-03-31")
    assert reading.searched.as_of == date(2022, 3, 31)


@pytest.mark.parametrize("source", ["1A", "1B", "1C", "1D", "9"])
def test_a_person_who_referred_is_not_described_nor_is_ethnicity(
    of: Callable[[str], Connector], source: str
) -> None:
    reading = read(of(whole(child(more=EPISODE.format(source=source, reason="RC8")))))
    (referral,) = [entry for entry in reading.entries[HISTORY] if entry.what.startswith("Referral")]
    assert dict(referral.detail)["referred by"] == "not given"
    assert "WBRI" not in str(reading.entries)


def test_an_adoption_is_counted_and_never_given(of: Callable[[str], Connector]) -> None:
    reading = read(of(whole(child(more=EPISODE.format(source="3E", reason="RC1")))))
    assert "Case closed" not in {entry.what for entry in reading.entries[HISTORY]}
    assert [(left.category, left.reason, left.count) for left in reading.left] == [
        (HISTORY, LeftReason.LABELLED, 1)
    ]


def test_a_former_upn_waits_for_a_person(of: Callable[[str], Connector]) -> None:
    match = of(whole(child())).find(by("upn", "X98765432123B"))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SUPERSEDED


def test_two_children_of_one_id_wait_for_a_person(of: Callable[[str], Connector]) -> None:
    source = of(whole(child(), child(upn="B123456789123", born="2016-01-01")))
    match = source.find(by("lachild", "TEST1"))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SEVERAL_PEOPLE
    assert [unread.code for unread in source.unread()] == ["lachildid-twice"]
    assert isinstance(source.find(by("upn", "B123456789123")), Found)


def test_a_name_and_a_birth_date_only_offer_candidates(of: Callable[[str], Connector]) -> None:
    source = of(whole(child()))
    whom = SubjectSought(role=SubjectRole.CHILD, name="Ada Testchild", born=date(2015, 3, 27))
    match = source.find(whom)
    assert isinstance(match, WaitsForPerson)
    assert len(match.candidates) == 1
    nobody = source.find(SubjectSought(role=SubjectRole.CHILD, name="Ada Testchild", born=date(1999, 9, 9)))
    assert isinstance(nobody, NotFound)
    assert nobody.searched.as_of == date(2022, 3, 31)


def test_bad_parts_are_counted_and_stop_nothing(of: Callable[[str], Connector]) -> None:
    source = of(
        whole(
            child(),
            "<Child><ChildCharacteristics><Ethnicity>X</Ethnicity></ChildCharacteristics></Child>",
            "<Child><ChildIdentifiers><UPN>C123456789123</UPN><PersonBirthDate>31/02/2015</PersonBirthDate>"
            "</ChildIdentifiers></Child>",
            header="",
        )
    )
    assert isinstance(source.find(by("lachild", "TEST1")), Found)
    assert isinstance(source.find(by("upn", "C123456789123")), Found)
    # A child without the id could be the one that is sought.
    assert isinstance(source.find(by("lachild", "TEST2")), WaitsForPerson)
    assert source.freshness() is None
    assert {unread.code: unread.count for unread in source.unread()} == {
        "child-without-identifiers": 1,
        "child-without-lachildid": 1,
        "birth-date-unreadable": 1,
        "census-without-date": 1,
    }


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "not well-formed"),
        ("no XML at all", "not well-formed"),
        (whole(child())[:-20], "not well-formed"),
        ("<Message><Children></Children></Message>", "names no child"),
        ("<Other/>", "not Message"),
        (f'<!DOCTYPE Message [<!ENTITY a "b">]>{whole(child("&a;"))}', "document type"),
        ('<!DOCTYPE Message SYSTEM "file:/etc/passwd"><Message/>', "document type"),
        (f"<?php x?>{whole(child())}", "processing instruction"),
        ("<a>" * 40 + "</a>" * 40, "nests too deep"),
        ('<?xml version="1.0" encoding="no-such"?><Message/>', "not"),
    ],
)
def test_what_is_no_census_is_a_clear_error(of: Callable[[str], Connector], text: str, says: str) -> None:
    with pytest.raises(ConnectorFailed) as failed:
        of(text).find(by("lachild", "TEST1"))
    assert failed.value.code == "census-unreadable"
    assert says in failed.value.message


def test_a_census_put_right_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "census.xml"
    path.write_text("not yet")
    source = open_cin(path)
    with pytest.raises(ConnectorFailed):
        source.find(by("lachild", "TEST1"))
    path.write_text(whole(child()))
    assert isinstance(source.find(by("lachild", "TEST1")), Found)
    path.unlink()
    with pytest.raises(ConnectorFailed):
        source.find(by("lachild", "TEST1"))


def test_a_place_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongOrder) as wrong:
        open_cin(tmp_path / "missing.xml")
    assert wrong.value.code == "unknown-connector"


def test_csv_files_with_bad_lines_beside_good(tmp_path: Path) -> None:
    (tmp_path / "ChildIdentifiers.csv").write_text(
        "LAchildID,UPN,PersonBirthDate\nTEST1,A123456789123,27/03/2015\nTEST2,B,C,D,E\n,,\n"
    )
    (tmp_path / "Assessments.csv").write_text(
        'LAchildID,AssessmentActualStartDate,AssessmentFactors\nTEST1,2022-02-01,"3B, 4B"\n'
        "NOBODY,2022-01-01,1A\n"
    )
    (tmp_path / "Reviews.csv").write_text("CPPreviewDate\n2022-04-01\n")
    source = open_cin(tmp_path)
    assert "Factors identified at assessment (census codes): 3B, 4B" in {
        entry.what for entry in read(source).entries[HISTORY]
    }
    assert {unread.code for unread in source.unread()} == {
        "census-without-date",
        "file-without-lachildid",
        "line-of-no-child",
        "line-unreadable",
    }
    (tmp_path / "ChildIdentifiers.csv").unlink()
    with pytest.raises(ConnectorFailed):
        source.find(by("lachild", "TEST1"))


def test_the_samples_of_other_years_are_read_and_their_faults_told(test_inputs: Path) -> None:
    samples = sorted((test_inputs / "data/cin").glob("*.xml"))
    assert len(samples) == 9
    told = set()
    for path in samples:
        source = open_cin(path)
        fresh = source.freshness()
        assert fresh is not None
        told |= {unread.code for unread in source.unread()}
        cut = path.read_bytes()[: path.stat().st_size // 2]
        with pytest.raises(ConnectorFailed):
            _cut(cut)
    assert told == {"year-and-reference-date-disagree", "date-after-the-return"}


def _cut(data: bytes) -> None:
    from adapters.connectors.cin_census import read_xml

    read_xml(data)
