"""Of a restricted patient, address, telephone, e-mail and GP leave by no path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from adapters.connectors.connector import Connector, ConnectorFailed, Found, PersonRef, Reading
from adapters.connectors.fhir_folder import FhirFolder
from policies.vocabulary import Category
from tests.adapters.connectors.made import (
    CHILD,
    EMAIL,
    MOTHER,
    NEIGHBOUR,
    PHONE,
    POSTCODE,
    SECRETS,
    STREET,
    SURGERY,
    TOWN,
    Json,
    bundle,
    child,
    childs_records,
    mother,
    mothers_records,
    patient,
    security,
    snomed,
    sought,
    write,
)

READING: TypeAdapter[Reading] = TypeAdapter(Reading)


def read(connector: Connector, number: str) -> Reading:
    match = connector.find(sought(number))
    assert isinstance(match, Found), match
    return connector.read(match.person, connector.serves)


def letters(text: str) -> str:
    """Give letters and digits only, by another rule than the code's own."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def everything(reading: Reading) -> str:
    entries = [entry.about(0).model_dump_json() for given in reading.entries.values() for entry in given]
    return READING.dump_json(reading).decode() + repr(reading) + str(reading) + "".join(entries)


def assert_silent(reading: Reading, secrets: tuple[str, ...] = SECRETS) -> None:
    assert reading.restricted
    whole = letters(everything(reading))
    assert not [secret for secret in secrets if letters(secret) in whole]
    assert "01632" not in everything(reading)


@pytest.mark.parametrize("code", ["R", "V", "REDACTED", "r"])
def test_no_secret_in_any_reading_and_the_facts_still_pass(tmp_path: Path, code: str) -> None:
    folder = write(tmp_path, all=bundle(mother(meta=security(code)), *mothers_records()))
    reading = read(FhirFolder(folder, name=SURGERY), MOTHER)
    assert_silent(reading)
    said = {category: [entry.what for entry in given] for category, given in reading.entries.items()}
    assert said[Category.HEALTH_ATTENDANCES] == ["Emergency attendance: fracture of wrist"]
    assert said[Category.HEALTH_CONDITIONS] == ["Anxiety disorder"]
    assert said[Category.HEALTH_FLAGS] == ["Alert: Safeguarding concern"]
    assert said[Category.HOUSEHOLD] == ["Partner: Humphrey Pretend"]
    assert set(said[Category.HEALTH_OBSERVATIONS]) == {
        "Body weight: 61.5 kg",
        "Home circumstances: value not given",
    }
    assert "Maud" not in str(said)
    assert "1990" not in str(said)


def test_each_place_where_something_is_left_out_says_so(tmp_path: Path) -> None:
    reading = read(FhirFolder(write(tmp_path, all=bundle(mother(), *mothers_records()))), MOTHER)
    assert all(reading.redactions[category] for category in reading.entries)
    assert {redaction.reason for given in reading.redactions.values() for redaction in given} == {
        "restricted-record"
    }
    places = [redaction.place for redaction in reading.redactions[Category.HEALTH_ATTENDANCES]]
    # A whole entry whose words held the address, told from what every restricted record withholds.
    assert "an entry of 2026-06-01" in places


def test_without_records_the_same_is_said_to_be_withheld(tmp_path: Path) -> None:
    full = read(FhirFolder(write(tmp_path / "a", all=bundle(mother(), *mothers_records()))), MOTHER)
    bare = read(FhirFolder(write(tmp_path / "b", all=patient("mother", MOTHER, meta=security("R")))), MOTHER)
    for category in (Category.DEMOGRAPHICS, Category.GP_REGISTRATION):
        assert bare.entries[category] == full.entries[category]
        assert bare.redactions[category] == full.redactions[category]


@pytest.mark.parametrize(
    "meta",
    [
        {"security": "R"},
        {"security": [{"display": "restricted"}]},
        {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "Q"}]},
        {"security": [{"code": "U"}, {"code": "R"}]},
    ],
)
def test_a_label_that_is_not_understood_is_taken_for_strict(tmp_path: Path, meta: Json) -> None:
    connector = FhirFolder(write(tmp_path, good=mother(meta={}), odd=mother(meta=meta)))
    assert_silent(read(connector, MOTHER))


@pytest.mark.parametrize("code", ["U", "N"])
def test_an_open_label_withholds_nothing(tmp_path: Path, code: str) -> None:
    reading = read(FhirFolder(write(tmp_path, all=mother(meta=security(code)))), MOTHER)
    assert not reading.restricted
    assert letters(STREET) in letters(everything(reading))


def test_one_strict_copy_among_several_is_enough(tmp_path: Path) -> None:
    old = mother(meta={"versionId": "1"} | security("R"))
    new = mother(meta={"versionId": "2"} | security("U"))
    assert_silent(read(FhirFolder(write(tmp_path, old=old, new=new)), MOTHER))


def test_a_strict_copy_that_cannot_be_read_is_enough(tmp_path: Path) -> None:
    broken = json.dumps(mother())[:-1]
    connector = FhirFolder(write(tmp_path, broken=broken, good=mother(meta=security("U"))))
    assert_silent(read(connector, MOTHER))
    assert [problem.code for problem in connector.unread()] == ["json-malformed"]


@pytest.mark.parametrize(
    "more",
    [
        {"address": [{"line": ["17, Figment Cres."], "postalCode": "zz994xy"}]},
        {"address": [{"text": f"c/o Maud, {STREET}, {TOWN}"}]},
        {"telecom": [{"system": "phone", "value": "+44 1632 960 111"}]},
        {"telecom": [{"system": "email", "value": EMAIL.upper()}]},
        {"contact": [{"name": {"text": "Maud"}, "telecom": [{"system": "phone", "value": "(01632)960111"}]}]},
    ],
)
def test_who_lives_with_somebody_restricted_is_read_as_restricted(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    folder = write(tmp_path, all=bundle(mother(), *mothers_records(), child(**more), *childs_records()))
    assert_silent(read(FhirFolder(folder), CHILD))


@pytest.mark.parametrize(
    "related",
    [
        {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": MOTHER}]},
        {"name": [{"given": ["Maud"], "family": "Other"}], "birthDate": "1990-04-01"},
        {"meta": security("R")},
    ],
)
def test_a_child_s_record_does_not_tell_where_its_restricted_mother_is(tmp_path: Path, related: Json) -> None:
    # As PDS answers: her own record holds no address; the child's RelatedPerson does.
    hers = patient(
        "mother", MOTHER, meta=security("R"), name=[{"text": "Maud Madeup"}], birthDate="1990-04-01"
    )
    record = {
        "resourceType": "RelatedPerson", "id": "m", "patient": {"reference": "Patient/child"},
        "address": [{"line": [STREET], "city": TOWN, "postalCode": POSTCODE}],
        "telecom": [{"system": "phone", "value": PHONE}, {"system": "email", "value": EMAIL}],
    } | related  # fmt: skip
    reading = read(FhirFolder(write(tmp_path, a=hers, b=child(), c=record)), CHILD)
    assert_silent(reading, (STREET, TOWN, POSTCODE, PHONE, EMAIL))


def test_somebody_else_s_note_that_tells_it_is_taken_out_and_the_rest_stays(tmp_path: Path) -> None:
    words = {"code": {"text": "Cough"}, "note": [{"text": f"Caught it at {STREET.upper()}, {TOWN}."}]}
    note = {"resourceType": "Condition", "id": "n", "subject": {"reference": "Patient/neighbour"}} | words
    other = patient(
        "neighbour", NEIGHBOUR, address=[{"line": ["21 Figment Crescent"], "postalCode": POSTCODE}]
    )
    reading = read(FhirFolder(write(tmp_path, all=bundle(mother(), other, note))), NEIGHBOUR)
    assert not reading.restricted
    (entry,) = reading.entries[Category.HEALTH_CONDITIONS]
    assert (entry.what, entry.detail) == ("Cough", ())
    assert [redaction.reason for redaction in reading.redactions[Category.HEALTH_CONDITIONS]] == [
        "restricted-record"
    ]
    # The same street and postcode is not the same home.
    assert "21 Figment Crescent" in str(reading.entries)


def test_words_of_a_desk_s_own_code_system_are_free_text(tmp_path: Path) -> None:
    there = {"reference": "Patient/mother"}
    # The GP is not named where it could be known; a local display names it all the same.
    flag = {
        "resourceType": "Flag", "id": "f", "status": "at Elm House", "subject": there,
        "code": {"coding": [{"system": "https://desk.example.org/codes", "display": "Ask at Elm House"}]},
    }  # fmt: skip
    weight = {
        "resourceType": "Observation", "id": "o", "status": "final", "subject": there,
        "code": {"coding": [snomed("Body weight")]}, "valueQuantity": {"value": 7, "unit": "at Elm House"},
    }  # fmt: skip
    hers = patient("mother", MOTHER, meta=security("R"))
    reading = read(FhirFolder(write(tmp_path, all=bundle(hers, flag, weight))), MOTHER)
    assert [e.what for e in reading.entries[Category.HEALTH_FLAGS]] == ["Alert: details not given"]
    assert [e.what for e in reading.entries[Category.HEALTH_OBSERVATIONS]] == ["Body weight: value not given"]
    assert "Elm" not in str(reading)


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in _leaves(member, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, member in enumerate(value) for leaf in _leaves(member, (*path, place))]
    return [path] if isinstance(value, str) else []


RECORDS = mothers_records()
# Not in the surgery's own resource: what nothing names as the GP nobody can know to be one.
LEAVES = [(place, leaf) for place, record in enumerate(RECORDS) if place for leaf in _leaves(record)]


def _respelt(draw: st.DrawFn, secret: str) -> str:
    gap = st.sampled_from(["", " ", "  ", "-", ". ", "\u200b", "\u00a0"])
    return "".join(
        draw(st.sampled_from([c.lower(), c.upper()])) + (draw(gap) if c == " " else "")
        for c in secret
        if c != " " or draw(st.booleans())
    )


@st.composite
def planted(draw: st.DrawFn) -> list[Json]:
    """Give the mother's records with a secret, spelt somehow, in some place that holds text."""
    records: list[Json] = json.loads(json.dumps(RECORDS))
    for _ in range(draw(st.integers(1, 4))):
        number, leaf = draw(st.sampled_from(LEAVES))
        secret = _respelt(draw, draw(st.sampled_from(SECRETS)))
        holder: Any = records[number]
        for step in leaf[:-1]:
            holder = holder[step]
        holder[leaf[-1]] = draw(st.sampled_from(["{}", "At {} since May", "{} and {}", "({})"])).replace(
            "{}", secret
        )
    return records


@given(planted())
def test_wherever_a_secret_stands_and_however_it_is_spelt(
    tmp_path_factory: pytest.TempPathFactory, records: list[Json]
) -> None:
    folder = write(tmp_path_factory.mktemp("planted"), all=bundle(mother(), *records))
    connector = FhirFolder(folder)
    assert_silent(read(connector, MOTHER))


def test_a_reading_that_still_held_something_would_not_be_given(tmp_path: Path) -> None:
    # The way out itself refuses: a person whose key is another connector's, or gone, reads nothing either.
    connector = FhirFolder(write(tmp_path, all=mother()))
    match = connector.find(sought(MOTHER))
    assert isinstance(match, Found)
    gone = PersonRef(connector=connector.name, key="mother", matched=match.person.matched)
    with pytest.raises(ConnectorFailed):
        connector.read(gone, connector.serves)
