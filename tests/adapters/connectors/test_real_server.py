"""Records that others made, behind a small FHIR server: PDS's mock answers and Synthea's Bundles."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nhs_number.validate import is_valid

from adapters.connectors.connector import Found, NotFound, WaitReason, WaitsForPerson
from adapters.connectors.fhir_folder import FhirFolder
from adapters.connectors.fhir_server import FhirServer, open_server
from adapters.connectors.nhs_number import FHIR_SYSTEM
from policies.vocabulary import Category
from tests.adapters.connectors.fhir_service import Service, serving
from tests.adapters.connectors.made import bundle, nhs, sought, write
from tests.adapters.connectors.test_real_inputs import RESTRICTED, numbers_in, patients
from tests.adapters.connectors.test_restricted import everything

Json = dict[str, Any]


def resources(value: object, kinds: frozenset[str]) -> Iterator[Json]:
    """Every resource of these kinds in a JSON value, by the test's own walk."""
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from resources(inner, kinds)
    if isinstance(value, dict) and value.get("resourceType") in kinds:
        yield value


@pytest.fixture
def pds(test_inputs: Path) -> Iterator[Service]:
    """PDS's mock answers, each patient once, as PDS gives them."""
    known: dict[str, Json] = {}
    for path in sorted((test_inputs / "data" / "pds").rglob("*.json")):
        for patient in patients(json.loads(path.read_bytes())):
            known.setdefault(patient["id"], patient)
    with serving(Service(list(known.values()), pds=True)) as service:
        yield service


def test_whoever_is_there_by_a_valid_number_is_found_and_nobody_else(pds: Service, test_inputs: Path) -> None:
    connector = open_server(pds.url)
    there = numbers_in(test_inputs / "data" / "pds")
    valid = {number for number in there if is_valid(number)}
    assert len(valid) > 50
    for number in sorted(valid):
        match = connector.find(sought(number))
        assert isinstance(match, Found), number
        assert number in match.person.key
    for number in (nhs(1), nhs(2), "5328023641"):
        assert isinstance(connector.find(sought(number)), NotFound)
    for number in ("9000000015", "5647382910"):
        assert connector.find(sought(number)) == WaitsForPerson(reason=WaitReason.CHECK_DIGIT)


def test_the_restricted_patient_s_address_telephone_and_gp_are_in_no_reading(
    pds: Service, test_inputs: Path
) -> None:
    # PDS withholds them already; a server that does not is made from the unrestricted patient's answer.
    source = json.loads(
        (test_inputs / "data" / "pds" / "patientResponses" / "patient_9000000009.json").read_bytes()
    )
    patient = next(each for each in pds.resources if each["id"] == RESTRICTED)
    assert patient["meta"]["security"][0]["code"] == "R"
    for member in ("address", "telecom", "generalPractitioner", "managingOrganization", "contact"):
        patient[member] = source[member]
    patient["extension"] = [*patient.get("extension", []), *source["extension"]]
    connector = open_server(pds.url)
    match = connector.find(sought(RESTRICTED))
    assert isinstance(match, Found)
    reading = connector.read(match.person, connector.serves)
    assert reading.restricted
    said = re.sub(r"[^a-z0-9]", "", everything(reading).lower())
    secrets = (
        "1 Trevelyan Square",
        "Boar Lane",
        "LS1 6AE",
        "01632960587",
        "jane.smith@example.com",
        "Y12345",
    )
    for secret in (*secrets, "Y23456", "12345678", "Leeds", "Manchester"):
        assert re.sub(r"[^a-z0-9]", "", secret.lower()) not in said
    # Who lives there too is read as restricted as well, where the server can look by address.
    pds.pds = False
    other = next(each for each in pds.resources if each["id"] == "9000000009")
    other["address"] = source["address"]
    other["identifier"] = [{"system": FHIR_SYSTEM, "value": "9000000009"}]
    match = connector.find(sought("9000000009"))
    assert isinstance(match, Found)
    assert connector.read(match.person, frozenset({Category.DEMOGRAPHICS})).restricted


def test_synthea_s_children_are_read_page_by_page_as_from_a_folder(test_inputs: Path, tmp_path: Path) -> None:
    kinds = frozenset({"Patient", "Encounter", "Condition", "Observation"})
    served: list[Json] = []
    for ordinal, path in enumerate(sorted((test_inputs / "data" / "synthea").glob("*.json"))):
        text = path.read_text()
        for entry in json.loads(text)["entry"]:
            found = entry["resource"]
            text = text.replace(entry["fullUrl"], f"{found['resourceType']}/{found['id']}")
        mine = list(resources(json.loads(text), kinds))
        (patient,) = [each for each in mine if each["resourceType"] == "Patient"]
        patient["identifier"] = [{"system": FHIR_SYSTEM, "value": nhs(50 + ordinal)}]
        served += mine
    folder = FhirFolder(write(tmp_path, all=bundle(*served)))
    with serving(Service(served, page=20)) as service:
        connector: FhirServer = open_server(service.url)
        for ordinal in range(4):
            number = nhs(50 + ordinal)
            match, same = connector.find(sought(number)), folder.find(sought(number))
            assert isinstance(match, Found)
            assert isinstance(same, Found)
            reading, expected = (
                connector.read(match.person, connector.serves),
                folder.read(same.person, folder.serves),
            )
            assert reading.entries == expected.entries
            assert reading.left == expected.left
            assert sum(map(len, reading.entries.values())) > 20
