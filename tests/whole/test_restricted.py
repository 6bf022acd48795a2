"""A restricted patient's address, telephone, e-mail and GP leave the source by no path, through the whole
house: record folder, connector, draft, approval, envelope, journal, table, log.

Played over an invented family, and over PDS's mock answers where they are there.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.adapters.connectors import made
from tests.whole import forms
from tests.whole.forms import Person
from tests.whole.programs import until
from tests.whole.search import found, found_in_files, found_in_tables
from tests.whole.stage import CARE, HEALTH, Stage

_CATEGORIES: Final = (
    "demographics", "household", "gp_registration", "health_attendances", "health_conditions",
    "health_observations", "health_flags",
)  # fmt: skip
_RULES: Final = "[practitioner]\nid = 'records-desk'\nrole = 'screener'\n" + "".join(
    f"""
[category.{category}]
release = "automatic"
nil = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "It bears on the enquiry."
"""
    for category in _CATEGORIES
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A folder of records with one restricted person, one who is not, and what is kept of the first."""

    folder: Path
    restricted: Person
    open: Person
    secrets: frozenset[str]
    told_of_open: frozenset[str]
    """What is said of the other: the control."""
    held: frozenset[str]
    """Categories in which there is something to tell; the others are nil."""


def invented(folder: Path, _inputs: Path | None) -> Records:
    """The invented family of the connector's own tests."""
    everybody = made.bundle(made.mother(), made.child(), *made.mothers_records(), *made.childs_records())
    return Records(
        folder=made.write(folder, all=everybody),
        restricted=Person(name="Maud Madeup", born="1990-04-01", nhs=made.MOTHER, address=""),
        open=Person(name="Testina Madeup", born="2016-02-29", nhs=made.CHILD, address=""),
        secrets=frozenset(made.SECRETS),
        told_of_open=frozenset({"3 Invention Row", "01632 960222", made.SURGERY}),
        held=frozenset(_CATEGORIES),
    )


def pds(folder: Path, inputs: Path | None) -> Records:
    """PDS's mock answers. They withhold what is restricted; a system that does not is made of the same
    answers, by putting the unrestricted patient's values at the restricted one.
    """
    assert inputs is not None
    shutil.copytree(inputs / "data" / "pds", folder)
    source = json.loads((folder / "patientResponses" / "patient_9000000009.json").read_bytes())
    path = folder / "patientResponses" / "patient_9000000025.json"
    path.chmod(0o644)
    patient: dict[str, Any] = json.loads(path.read_bytes())
    assert patient["meta"]["security"][0]["code"] == "R"
    for member in ("address", "telecom", "generalPractitioner", "managingOrganization", "contact"):
        patient[member] = source[member]
    path.write_text(json.dumps(patient))
    address = patient["address"][0]
    secrets = {*(line for line in address["line"] if line), address["postalCode"]}
    secrets |= {each["value"] for each in patient["telecom"] if each["system"] in ("phone", "email")}
    assert len(secrets) > 5
    return Records(
        folder=folder,
        restricted=Person(name="Janet Smythe", born="2010-10-22", nhs="9000000025", address=""),
        open=Person(name="Zebedee Karate-test-gtikmto", born="1991-06-28", nhs="5900046192", address=""),
        secrets=frozenset(secrets | {"Y12345"}),
        told_of_open=frozenset({"SM5 9PX"}),
        held=frozenset({"demographics", "gp_registration"}),
    )


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """Social care, and health whose adapter each test starts on its records."""
    bare_stage.play(CARE, HEALTH)
    return bare_stage


@pytest.fixture(params=["invented", "pds"])
def records(request: pytest.FixtureRequest, stage: Stage) -> Records:
    """Each folder of records; PDS's needs the folder of real inputs."""
    folder = stage.folder / "records" / request.param
    if request.param == "pds":
        return pds(folder, request.getfixturevalue("test_inputs"))
    return invented(folder, None)


def test_nothing_that_tells_where_a_restricted_person_is_leaves_the_source(
    stage: Stage, records: Records
) -> None:
    care, health = stage.agencies[CARE], stage.agencies[HEALTH]
    health.stop()
    (health.state / "answering.toml").write_text(_RULES)
    health.start("--connector", f"fhir:{records.folder}")
    # Of somebody else all of it is told, so the search finds what is there.
    _, said = _answered(stage, records.open)
    assert {body["category"] for body in said} >= records.held - {"gp_registration"}
    assert found(records.told_of_open, json.dumps(said).encode()) == records.told_of_open
    # However automatic the rules are, a restricted record waits for a person; who approves it gives no secret
    # away either, and each body says that something was left out.
    approved, withheld = _answered(stage, records.restricted)
    assert approved == set(_CATEGORIES)
    assert {body["category"] for body in withheld} >= records.held
    assert found(records.secrets, json.dumps(withheld).encode()) == set()
    assert all(body["redactions"] for body in withheld)
    # What people read of it at both ends, and everything that was written anywhere.
    for agency in (care, health):
        listed = agency.do("inbox").out + agency.do("status").out
        assert found(records.secrets, listed.encode()) == set()
    stage.say("log", "export", stage.folder / "export" / records.folder.name)
    written = [path for path in stage.folder.iterdir() if path.name not in ("papers", "records")]
    assert found_in_files(records.secrets, written) == {}
    assert found_in_tables(records.secrets, stage.table_dump()) == {}


def _answered(stage: Stage, person: Person) -> tuple[set[str], list[dict[str, Any]]]:
    """Ask about somebody, approve at the source what waits there; what waited, and the bodies as the asker
    reads them.
    """
    care, health = stage.agencies[CARE], stage.agencies[HEALTH]
    form = care.paper(f"ask-{person.nhs}.yaml", forms.ask(HEALTH, *_CATEGORIES, people=(person,)))
    exchange = care.say("ask", form, "--until", "settled", "--wait", "60")["jti"]

    def looked_at() -> bool:
        tasks = [task for task in health.say("inbox")["tasks"] if task["exchange"] == exchange]
        settled = [task for task in tasks if task["state"] in ("answered", "nil") or task["why"]]
        return len(settled) == len(_CATEGORIES)

    until(looked_at, "every category was prepared or answered")
    tasks = [task for task in health.say("inbox")["tasks"] if task["exchange"] == exchange]
    waited = {task["category"] for task in tasks if task["state"] in ("waiting", "prepared")}
    if waited:
        health.say("answer", exchange, "--approve", "--by", "records-desk", "--wait", "30")
    answered = [task for task in health.say("inbox")["tasks"] if task["exchange"] == exchange]
    items = care.receives(exchange, "item", count=sum(task["state"] == "answered" for task in answered))
    return waited, [care.say("open", item["jti"])["body"] for item in items]
