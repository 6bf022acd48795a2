"""A folder of FHIR files answers for exactly the person sought, in dated plain words."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    LeftReason,
    NotFound,
    PersonRef,
    SourceEntry,
)
from adapters.connectors.fhir_folder import FhirFolder
from broker.protocol.body import Nature
from policies.vocabulary import Category
from tests.adapters.connectors.made import (
    CHILD,
    Json,
    bundle,
    child,
    childs_records,
    nhs,
    patient,
    sought,
    write,
)


def found(connector: Connector, number: str) -> PersonRef:
    """Give who is found, and fail the test if nobody is."""
    match = connector.find(sought(number))
    assert isinstance(match, Found), match
    return match.person


def entries(connector: Connector, number: str, category: Category) -> tuple[SourceEntry, ...]:
    return connector.read(found(connector, number), frozenset({category})).entries[category]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "records", all=bundle(child(), *childs_records()))


def test_it_is_a_connector_and_says_what_it_serves(folder: Path) -> None:
    connector: Connector = FhirFolder(folder)
    assert connector.serves == {
        Category.DEMOGRAPHICS, Category.HOUSEHOLD, Category.GP_REGISTRATION, Category.HEALTH_ATTENDANCES,
        Category.HEALTH_CONDITIONS, Category.HEALTH_OBSERVATIONS, Category.HEALTH_FLAGS,
    }  # fmt: skip


@pytest.mark.parametrize(
    "category, on, what",
    [
        (Category.HEALTH_ATTENDANCES, datetime(2026, 3, 2, 14, tzinfo=UTC), "Emergency attendance: asthma"),
        (Category.HEALTH_CONDITIONS, date(2024, 1, 10), "Asthma"),
        (Category.HEALTH_OBSERVATIONS, date(2026, 3, 2), "Body height: 121 cm"),
        (Category.HEALTH_FLAGS, None, "Alert: Was not brought"),
        (Category.HOUSEHOLD, None, "Grandmother: Gran Madeup"),
        (Category.GP_REGISTRATION, None, "Registered with GP: Imaginary Lane Surgery"),
    ],
)
def test_each_category_reads_as_a_dated_statement(
    folder: Path, category: Category, on: object, what: str
) -> None:
    (entry,) = entries(FhirFolder(folder), CHILD, category)
    assert (entry.on, entry.what, entry.nature) == (on, what, Nature.FACT)
    assert entry.reference is not None


def test_an_entry_names_who_recorded_it_and_becomes_a_body_s_entry(folder: Path) -> None:
    (entry,) = entries(FhirFolder(folder), CHILD, Category.HEALTH_ATTENDANCES)
    about = entry.about(3)
    assert (about.subject, about.recorded_by, about.reference) == (
        3,
        "Invented General Hospital",
        "Encounter/ce1",
    )


def test_only_what_was_asked_is_read_and_what_is_not_served_is_no_nil(folder: Path) -> None:
    connector = FhirFolder(folder)
    asked = frozenset({Category.HEALTH_FLAGS, Category.POLICE_INCIDENTS})
    reading = connector.read(found(connector, CHILD), asked)
    assert reading.entries.keys() == {Category.HEALTH_FLAGS}


def test_a_nil_says_what_was_searched_and_of_when(folder: Path) -> None:
    os.utime(folder / "all.json", (1_700_000_000, 1_700_000_000))
    connector = FhirFolder(folder, name="Invented records")
    match = connector.find(sought(nhs(9)))
    assert isinstance(match, NotFound)
    assert match.searched.systems == ["Invented records: 1 files"]
    assert match.searched.by == ["exact match on a checked NHS number"]
    assert match.searched.as_of == connector.freshness() == datetime.fromtimestamp(1_700_000_000, UTC)


def test_what_changes_in_the_folder_is_seen_at_the_next_look(folder: Path) -> None:
    connector = FhirFolder(folder)
    person = found(connector, CHILD)
    write(folder, more=patient("other", nhs(8)))
    assert isinstance(connector.find(sought(nhs(8))), Found)
    (folder / "all.json").unlink()
    assert isinstance(connector.find(sought(CHILD)), NotFound)
    with pytest.raises(ConnectorFailed) as failed:
        connector.read(person, connector.serves)
    assert failed.value.code == "person-gone"


def test_a_person_of_another_system_is_not_read_here(folder: Path) -> None:
    person = found(FhirFolder(folder, name="one"), CHILD)
    with pytest.raises(ConnectorFailed) as failed:
        FhirFolder(folder, name="two").read(person, frozenset())
    assert failed.value.code == "person-not-here"


def _condition(**more: object) -> Json:
    there = {"reference": "Patient/child"}
    return {"resourceType": "Condition", "id": "x", "subject": there, "code": {"text": "Asthma"}} | more


@pytest.mark.parametrize(
    "condition, expected",
    [
        (_condition(verificationStatus={"coding": [{"code": "entered-in-error"}]}), None),
        (
            _condition(verificationStatus={"coding": [{"code": "provisional"}]}),
            (Nature.OPINION, "Asthma (provisional)"),
        ),
        (
            _condition(verificationStatus={"coding": [{"code": "refuted"}]}),
            (Nature.FACT, "Ruled out: asthma"),
        ),
        (
            _condition(code={"coding": [{"display": "Viral sinusitis (disorder)"}]}),
            (Nature.FACT, "Viral sinusitis"),
        ),
    ],
)
def test_errors_are_not_given_and_doubts_are_opinions(
    tmp_path: Path, condition: Json, expected: tuple[Nature, str] | None
) -> None:
    connector = FhirFolder(write(tmp_path, all=bundle(child(), condition)))
    given = [(entry.nature, entry.what) for entry in entries(connector, CHILD, Category.HEALTH_CONDITIONS)]
    assert given == ([] if expected is None else [expected])


def test_part_of_a_date_is_not_made_a_whole_one(tmp_path: Path) -> None:
    connector = FhirFolder(write(tmp_path, all=bundle(child(), _condition(onsetDateTime="2024-05"))))
    (entry,) = entries(connector, CHILD, Category.HEALTH_CONDITIONS)
    assert entry.on is None
    assert ("when", "2024-05") in entry.detail


def test_a_sensitive_resource_and_a_former_name_are_left_for_a_person(tmp_path: Path) -> None:
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "STD"}]}
    former = [{"use": "official", "text": "Testina Madeup"}, {"use": "old", "text": "Testina Before"}]
    connector = FhirFolder(write(tmp_path, all=bundle(child(name=former), _condition(meta=label))))
    reading = connector.read(found(connector, CHILD), connector.serves)
    assert {(left.category, left.reason, left.count) for left in reading.left} == {
        (Category.HEALTH_CONDITIONS, LeftReason.LABELLED, 1),
        (Category.DEMOGRAPHICS, LeftReason.FORMER, 1),
    }
    assert "Before" not in str(reading.entries)
    assert reading.entries[Category.HEALTH_CONDITIONS] == ()
    # What was left tells nobody outside.
    assert reading.redactions[Category.HEALTH_CONDITIONS] == ()


def test_more_entries_than_a_body_takes_are_cut_to_the_newest(tmp_path: Path) -> None:
    many = [
        _condition(id=f"c{n}", onsetDateTime=f"{1900 + n % 100}-01-01", code={"text": f"N{n}"})
        for n in range(5_001)
    ]
    connector = FhirFolder(write(tmp_path, all=bundle(child(), *many)))
    reading = connector.read(found(connector, CHILD), frozenset({Category.HEALTH_CONDITIONS}))
    given = reading.entries[Category.HEALTH_CONDITIONS]
    assert len(given) == 5_000
    assert given[0].on == date(1999, 1, 1)
    assert [(left.reason, left.count) for left in reading.left] == [(LeftReason.TOO_MANY, 1)]


def test_of_several_versions_the_newest_speaks(tmp_path: Path) -> None:
    old = _condition(meta={"versionId": "9"}, code={"text": "Cough"})
    new = _condition(meta={"versionId": "10"}, code={"text": "Asthma"})
    connector = FhirFolder(write(tmp_path, a=bundle(child(), new), b=old))
    assert [entry.what for entry in entries(connector, CHILD, Category.HEALTH_CONDITIONS)] == ["Asthma"]


@pytest.mark.parametrize(
    "reference, whose",
    [
        ({"reference": "Patient/child"}, "child"),
        ({"reference": "Patient/child/_history/2"}, "child"),
        ({"reference": "https://records.example.org/fhir/Patient/child"}, "child"),
        ({"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": CHILD}}, "child"),
        ({"reference": "Patient/nobody"}, None),
        ({"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"}, None),
        ({"reference": "#child"}, None),
        ({"display": "Testina Madeup"}, None),
        # Says two things at once.
        (
            {
                "reference": "Patient/other",
                "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": CHILD},
            },
            None,
        ),
    ],
)
def test_a_resource_is_whose_its_reference_says_or_nobody_s(
    tmp_path: Path, reference: Json, whose: str | None
) -> None:
    connector = FhirFolder(
        write(tmp_path, a=child(), b=patient("other", nhs(8)), c=_condition(subject=reference))
    )
    assert len(entries(connector, CHILD, Category.HEALTH_CONDITIONS)) == (whose == "child")
    assert entries(connector, nhs(8), Category.HEALTH_CONDITIONS) == ()
    assert [problem.code for problem in connector.unread()] == ([] if whose else ["subject-unclear"])


def test_an_id_borne_by_two_people_leads_to_neither_but_for_its_own_file(tmp_path: Path) -> None:
    one = bundle(patient("1", nhs(8)), _condition(subject={"reference": "Patient/1"}, code={"text": "First"}))
    two = bundle(
        patient("1", nhs(9)), _condition(subject={"reference": "Patient/1"}, code={"text": "Second"})
    )
    stray = _condition(subject={"reference": "Patient/1"}, code={"text": "Whose"})
    connector = FhirFolder(write(tmp_path, one=one, two=two, stray=stray))
    assert [e.what for e in entries(connector, nhs(8), Category.HEALTH_CONDITIONS)] == ["First"]
    assert [e.what for e in entries(connector, nhs(9), Category.HEALTH_CONDITIONS)] == ["Second"]
