"""Only an exact match on a checked NHS number finds; whatever is less waits for a person."""

from datetime import date
from pathlib import Path

import pytest

from adapters.connectors.connector import Found, MatchedBy, NotFound, WaitReason, WaitsForPerson
from adapters.connectors.fhir_folder import FhirFolder
from adapters.connectors.nhs_number import FHIR_SYSTEM, SYSTEM
from broker.protocol.body import Identifier
from policies.vocabulary import SubjectRole
from tests.adapters.connectors.made import CHILD, Json, child, nhs, patient, security, sought, write

OTHER = nhs(8)


def number(value: str = CHILD, **more: object) -> Json:
    return {"system": FHIR_SYSTEM, "value": value} | more


def status(code: str) -> Json:
    return {
        "extension": [
            {
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
                "valueCodeableConcept": {"coding": [{"code": code}]},
            }
        ]
    }


@pytest.mark.parametrize(
    "files, reason",
    [
        ({"a": child()}, None),
        ({"a": child(identifier=[number(**status("01"))])}, None),
        ({"a": child(), "b": child(telecom=[])}, None),
        ({"a": child(), "b": patient("twin", CHILD)}, WaitReason.SEVERAL_PEOPLE),
        ({"a": patient("child", CHILD), "b": patient("child", OTHER)}, None),
        ({"a": child(identifier=[number(use="old")])}, WaitReason.SUPERSEDED),
        (
            {"a": child(identifier=[number(period={"end": "2020-01-01"}), number(OTHER)])},
            WaitReason.SUPERSEDED,
        ),
        (
            {"a": child(link=[{"type": "replaced-by", "other": {"reference": "Patient/new"}}])},
            WaitReason.SUPERSEDED,
        ),
        ({"a": child(link=[{"type": "replaces", "other": {"reference": "Patient/old"}}])}, WaitReason.LINKED),
        ({"a": child(link=[{"type": "seealso", "other": {"reference": "RelatedPerson/r"}}])}, None),
        ({"a": child(identifier=[number(), number(OTHER)])}, WaitReason.SEVERAL_NUMBERS),
        ({"a": child(identifier=[number(), number(OTHER, use="old")])}, None),
        ({"a": child(identifier=[number(**status("02"))])}, WaitReason.NOT_VERIFIED),
        ({"a": child(active=False)}, WaitReason.INACTIVE),
        ({"a": child(birthDate="first of May")}, WaitReason.UNREADABLE),
        ({"a": child(birthDate="first of May"), "b": child()}, None),
        ({"a": child(), "b": child(deceasedBoolean=True)}, WaitReason.COPIES_DISAGREE),
        ({"a": child(deceasedDateTime="2015-01-01")}, WaitReason.COPIES_DISAGREE),
        ({"a": child(deceasedDateTime="2016-03-01T00:00:00+00:00")}, None),
        ({"a": child(), "b": child(birthDate="2011-11-11")}, None),
        (
            {"a": child(), "b": child(birthDate="2011-11-11", name=[{"text": "Some One"}])},
            WaitReason.COPIES_DISAGREE,
        ),
        (
            {"a": child(meta={"versionId": "2"}), "b": child(meta={"versionId": "1"}, deceasedBoolean=True)},
            None,
        ),
        ({"a": '{"resourceType": "Patient", "identifier": "' + CHILD}, WaitReason.UNREADABLE),
    ],
)
def test_a_number_finds_only_what_nothing_contradicts(
    tmp_path: Path, files: dict[str, Json], reason: WaitReason | None
) -> None:
    match = FhirFolder(write(tmp_path, **files)).find(sought(CHILD))
    if reason is None:
        assert isinstance(match, Found)
        assert match.person.matched is MatchedBy.NHS_NUMBER
    else:
        assert isinstance(match, WaitsForPerson)
        assert match.reason is reason


@pytest.mark.parametrize(
    "born, name, reason",
    [
        (None, None, None),
        (date(2016, 2, 29), "Testina Madeup", None),
        (date(2016, 2, 29), "MADEUP, testína", None),
        (None, "Testina Other-Name", None),
        (date(2016, 2, 28), "Testina Madeup", WaitReason.BORN_DIFFERS),
        (date(2016, 2, 29), "Someone Else", WaitReason.NAME_DIFFERS),
    ],
)
def test_what_the_asker_knows_must_not_contradict_the_record(
    tmp_path: Path, born: date | None, name: str | None, reason: WaitReason | None
) -> None:
    match = FhirFolder(write(tmp_path, a=child())).find(sought(CHILD, born=born, name=name))
    assert isinstance(match, Found if reason is None else WaitsForPerson)
    assert reason is None or (isinstance(match, WaitsForPerson) and match.reason is reason)


@pytest.mark.parametrize(
    "given, reason",
    [
        ((), WaitReason.NO_CHECKED_NUMBER),
        ((("upn", CHILD),), WaitReason.NO_CHECKED_NUMBER),
        (((SYSTEM, "9000000015"),), WaitReason.CHECK_DIGIT),
        (((SYSTEM, "5647382910"),), WaitReason.CHECK_DIGIT),
        (((SYSTEM, "12"),), WaitReason.FORM),
        (((SYSTEM, "1111111111"),), WaitReason.PLACEHOLDER),
        (((SYSTEM, CHILD), (SYSTEM, OTHER)), WaitReason.SEVERAL_NUMBERS),
        (((SYSTEM, CHILD), (SYSTEM, "9000000015")), WaitReason.CHECK_DIGIT),
    ],
)
def test_what_is_sought_by_less_than_one_checked_number_waits(
    tmp_path: Path, given: tuple[tuple[str, str], ...], reason: WaitReason
) -> None:
    identifiers = tuple(Identifier(system=system, value=value, checked=True) for system, value in given)
    one = sought(None)
    match = FhirFolder(write(tmp_path, a=child(), b=patient("bad", "9000000015"))).find(
        type(one)(role=SubjectRole.CHILD, identifiers=identifiers)
    )
    assert isinstance(match, WaitsForPerson)
    assert match.reason is reason
    assert match.candidates == ()


def test_name_and_birth_date_offer_candidates_to_a_person_and_find_nobody(tmp_path: Path) -> None:
    restricted = child(id="twin", identifier=[], meta=security("R"))
    connector = FhirFolder(
        write(tmp_path, a=child(), b=restricted, c=child(id="no", identifier=[], birthDate="2016-03-01"))
    )
    match = connector.find(sought(None, name="Testina Madeup", born=date(2016, 2, 29)))
    assert isinstance(match, WaitsForPerson)
    assert [(c.name, c.born, c.restricted) for c in match.candidates] == [
        ("Testina Madeup", "2016-02-29", False),
        ("Testina Madeup", "2016-02-29", True),
    ]
    reading = connector.read(match.candidates[1].person, connector.serves)
    assert reading.restricted
    assert reading.searched.by == ["a record chosen by a person of the agency"]


def test_a_refused_number_on_a_record_is_counted_and_finds_nobody(tmp_path: Path) -> None:
    connector = FhirFolder(write(tmp_path, a=patient("x", "9000000015")))
    assert isinstance(connector.find(sought(CHILD)), NotFound)
    assert [(problem.file, problem.code) for problem in connector.unread()] == [(1, "nhs-number-refused")]


def test_nothing_found_tells_a_person_s_name_or_number_by_accident(tmp_path: Path) -> None:
    connector = FhirFolder(write(tmp_path, a=child()))
    match = connector.find(sought(CHILD))
    assert CHILD not in repr(match)
    assert "Madeup" not in repr(sought(CHILD, name="Testina Madeup"))
