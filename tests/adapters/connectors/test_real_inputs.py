"""The folder connector over records that others made: PDS's mock answers and Synthea's Bundles."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from nhs_number.validate import is_valid
from pydantic import TypeAdapter

from adapters.connectors.connector import Found, NotFound, Reading, WaitReason, WaitsForPerson
from adapters.connectors.fhir_folder import FhirFolder
from adapters.connectors.nhs_number import FHIR_SYSTEM
from policies.vocabulary import Category
from tests.adapters.connectors.made import nhs, security, sought, write

RESTRICTED = "9000000025"
READING: TypeAdapter[Reading] = TypeAdapter(Reading)


def patients(value: object) -> list[dict[str, Any]]:
    """Give every Patient in a JSON value, by the test's own walk."""
    if isinstance(value, list):
        return [found for member in value for found in patients(member)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("resourceType") == "Patient" else []
    return own + [found for member in value.values() for found in patients(member)]


def numbers_in(folder: Path) -> set[str]:
    return {
        identifier["value"]
        for path in folder.rglob("*.json")
        for patient in patients(json.loads(path.read_bytes()))
        for identifier in patient["identifier"]
        if identifier.get("system") == FHIR_SYSTEM
    }


@pytest.fixture
def pds(test_inputs: Path) -> Path:
    return test_inputs / "data" / "pds"


def test_whoever_is_there_by_a_valid_number_is_found_and_nobody_else(pds: Path) -> None:
    connector = FhirFolder(pds)
    there = numbers_in(pds)
    valid = {number for number in there if is_valid(number)}
    assert len(valid) > 50
    assert there - valid == {"9000000015"}
    for number in sorted(valid):
        match = connector.find(sought(number))
        assert isinstance(match, Found), number
        said = str(connector.read(match.person, connector.serves))
        others = valid - {number}
        assert not [other for other in others if other in said]
    # Numbers that stand in the files, but not as a Patient's own: RelatedPerson, Coverage, file names, and
    # none at all.
    mentioned = {
        match
        for path in pds.rglob("*.json")
        for match in re.findall(r"\b\d{10}\b", path.read_text() + path.name)
    }
    strangers = {number for number in mentioned - valid if is_valid(number)} | {nhs(1), nhs(2), "5328023641"}
    for number in sorted(strangers):
        if is_valid(number):
            assert isinstance(connector.find(sought(number)), NotFound), number


@pytest.mark.parametrize("number", ["9000000015", "5647382910"])
def test_a_number_that_fails_its_check_digit_is_refused_with_that_reason(pds: Path, number: str) -> None:
    match = FhirFolder(pds).find(sought(number))
    assert match == WaitsForPerson(reason=WaitReason.CHECK_DIGIT)
    assert match.reason.value == "nhs-number-check-digit"


def test_everybody_is_found_by_name_only_as_somebody_s_choice(pds: Path) -> None:
    connector = FhirFolder(pds)
    for path in pds.rglob("*.json"):
        for patient in patients(json.loads(path.read_bytes())):
            name = " ".join(word for given in patient.get("name", [])[:1] for word in given.get("given", []))
            assert isinstance(connector.find(sought(None, name=name or None)), WaitsForPerson)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def test_the_restricted_patient_s_address_telephone_and_gp_are_in_no_reading(
    pds: Path, tmp_path: Path
) -> None:
    # PDS withholds them already; a system that does not is made from the same answers: its own values from
    # the unrestricted patient's answer, put where FHIR has room for them.
    folder = tmp_path / "pds"
    shutil.copytree(pds, folder)
    source = json.loads((pds / "patientResponses" / "patient_9000000009.json").read_bytes())
    path = folder / "patientResponses" / f"patient_{RESTRICTED}.json"
    path.chmod(0o644)
    patient = json.loads(path.read_bytes())
    assert patient["meta"]["security"][0]["code"] == "R"
    for member in ("address", "telecom", "generalPractitioner", "managingOrganization", "contact"):
        patient[member] = source[member]
    patient["extension"] += source["extension"]
    path.write_text(json.dumps(patient))
    secrets = {
        "1 Trevelyan Square",
        "Boar Lane",
        "LS1 6AE",
        "01632960587",
        "jane.smith@example.com",
        "Y12345",
        "Y23456",
    }
    secrets |= {"12345678", "123456789012", "Leeds", "West Yorkshire", "Manchester"}
    connector = FhirFolder(folder)
    match = connector.find(sought(RESTRICTED))
    assert isinstance(match, Found)
    reading = connector.read(match.person, connector.serves)
    whole = _plain(READING.dump_json(reading).decode() + repr(reading))
    assert reading.restricted
    assert not [secret for secret in secrets if _plain(secret) in whole]
    assert "Janet" not in str(reading)
    assert all(reading.redactions[category] for category in reading.entries)


def test_malformed_samples_planted_among_them_stop_nothing(pds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pds"
    shutil.copytree(pds, folder)
    whole = (pds / "patientResponses" / "patient_9732110317.json").read_bytes()
    for place, cut in enumerate((0, 1, len(whole) // 2, len(whole) - 1)):
        (folder / f"cut{place}.json").write_bytes(whole[:cut])
    write(folder, nan='{"resourceType": "Patient", "multipleBirthInteger": NaN}', noise=bytes(range(256)))
    connector = FhirFolder(folder)
    for number in numbers_in(pds):
        assert isinstance(connector.find(sought(number)), Found if is_valid(number) else WaitsForPerson)
    assert sum(problem.code.startswith("json-") for problem in connector.unread()) == 6


@pytest.fixture
def synthea(test_inputs: Path, tmp_path: Path) -> dict[str, Path]:
    """Synthea's children, each given a valid NHS number of the range 999 in place of the American ones."""
    mapped: dict[str, Path] = {}
    for ordinal, path in enumerate(sorted((test_inputs / "data" / "synthea").glob("*.json"))):
        record = json.loads(path.read_bytes())
        number = nhs(100 + ordinal)
        (patient,) = patients(record)
        patient["identifier"] = [{"system": FHIR_SYSTEM, "value": number}]
        write(tmp_path / "synthea", **{f"record{ordinal}": record})
        mapped[number] = tmp_path / "synthea" / f"record{ordinal}.json"
    assert len(mapped) == 4
    return mapped


def test_synthea_s_children_are_found_by_their_number_and_read_whole(synthea: dict[str, Path]) -> None:
    connector = FhirFolder(next(iter(synthea.values())).parent)
    assert isinstance(connector.find(sought(nhs(99))), NotFound)
    kinds = {
        Category.HEALTH_ATTENDANCES: "Encounter", Category.HEALTH_CONDITIONS: "Condition",
        Category.HEALTH_OBSERVATIONS: "Observation",
    }  # fmt: skip
    for number, path in synthea.items():
        match = connector.find(sought(number))
        assert isinstance(match, Found)
        reading = connector.read(match.person, connector.serves)
        resources = [entry["resource"] for entry in json.loads(path.read_bytes())["entry"]]
        for category, kind in kinds.items():
            ids = {f"{kind}/{resource['id']}" for resource in resources if resource["resourceType"] == kind}
            assert {entry.reference for entry in reading.entries[category]} == ids
            assert all(entry.on is not None and entry.what for entry in reading.entries[category])
        assert reading.left == ()
        for given in reading.entries.values():
            for entry in given:
                entry.about(0)


def test_a_restricted_synthea_child_s_whereabouts_are_in_no_reading(synthea: dict[str, Path]) -> None:
    folder = next(iter(synthea.values())).parent
    for number, path in synthea.items():
        record = json.loads(path.read_bytes())
        (patient,) = patients(record)
        patient["meta"] = security("R")
        path.write_text(json.dumps(record))
        connector = FhirFolder(folder)
        match = connector.find(sought(number))
        assert isinstance(match, Found)
        reading = connector.read(match.person, connector.serves)
        whole = _plain(READING.dump_json(reading).decode())
        address, phone = patient["address"][0], patient["telecom"][0]["value"]
        organisations = [
            entry["resource"]
            for entry in record["entry"]
            if entry["resource"]["resourceType"] == "Organization"
        ]
        secrets = [*address["line"], address["city"], address["state"], phone]
        secrets += [organisation["name"] for organisation in organisations]
        assert reading.restricted
        assert not [secret for secret in secrets if _plain(secret) in whole]
        assert reading.entries[Category.HEALTH_ATTENDANCES]
