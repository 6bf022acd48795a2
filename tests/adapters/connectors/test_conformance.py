"""The kit: what is shipped passes it, a newcomer's connector passes it, one that misbehaves does not."""

import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters.connectors import template
from adapters.connectors.connector import Connector
from tests.adapters.connectors import bad_connector, json_lines
from tests.adapters.connectors.made import (
    CHILD,
    MOTHER,
    SECRETS,
    bundle,
    child,
    childs_records,
    mother,
    mothers_records,
    write,
)
from tests.whole.programs import command

ZEBEDEE = "9990000018"


def installed(tmp_path: Path, module: ModuleType) -> Path:
    """A module as somebody's own file."""
    assert module.__file__ is not None
    file = tmp_path / f"{module.__name__.rpartition('.')[2]}_copy.py"
    shutil.copy(module.__file__, file)
    file.chmod(0o600)
    return file


def register(tmp_path: Path) -> Path:
    """An invented register, with a line that is none."""
    rows: list[dict[str, Any]] = [
        {
            "id": "a1", "nhs": ZEBEDEE, "given": "Zebedee", "family": "Quillfeather", "born": "2016-05-04",
            "address": "1 Nowhere Lane, Inventon",
            "events": [{"kind": "visit", "on": "2026-01-02", "what": "A made-up ailment.", "by": "Desk"}],
        },
        {"id": "a2", "given": "Ozwald", "family": "Quillfeather", "born": "2014-01-01", "events": []},
    ]  # fmt: skip
    path = tmp_path / "register.jsonl"
    path.write_text("\n".join([*map(json.dumps, rows), "no json"]))
    return path


def failed(place: str, *arguments: str) -> dict[str, str]:
    """What a connector fails, with why, by the command's own words."""
    said = command("gatehouse-adapter", "connector", "test", place, *arguments, "--json", expect=None)
    assert said.code == (1 if said.json["failed"] else 0)
    return {check["what"]: check["fault"] for check in said.json["checks"] if check["fault"]}


def test_the_template_is_a_connector_of_fewer_than_sixty_lines_and_passes(tmp_path: Path) -> None:
    connector: Connector = template.open_connector("")
    assert connector.name
    assert template.__file__ is not None
    assert len(Path(template.__file__).read_text().splitlines()) < 60
    file = installed(tmp_path, template)
    said = command("gatehouse-adapter", "connector", "test", f"python:{file}", "--nhs", ZEBEDEE)
    assert said.out.count("pass  ") == 13
    assert "FAIL" not in said.out


def test_one_written_from_the_template_passes(tmp_path: Path) -> None:
    connector: Connector = json_lines.open_connector(str(register(tmp_path)))
    assert connector.unread()[0].count == 1
    place = f"python:{installed(tmp_path, json_lines)}:{register(tmp_path)}"
    assert failed(place, "--nhs", ZEBEDEE) == {}


def test_a_folder_with_a_restricted_record_passes_and_its_values_are_in_no_reading(tmp_path: Path) -> None:
    folder = write(tmp_path / "f", all=bundle(child(), mother(), *childs_records(), *mothers_records()))
    never = tmp_path / "never.txt"
    never.write_text("\n".join(SECRETS[:6]))
    arguments = ("--nhs", CHILD, "--restricted", MOTHER, "--never", str(never))
    said = failed(f"fhir:{folder}", *arguments)
    # The child goes to the mother's surgery, and that is the child's to tell; nothing else is in common.
    assert said == {}
    # Who says of an open record that it is restricted is told so.
    assert any("does not say that the record is restricted" in fault for fault in failed(
        f"fhir:{folder}", "--restricted", CHILD).values())  # fmt: skip
    never.write_text("3 Invention Row")
    assert any("must not leave" in fault for fault in failed(f"fhir:{folder}", *arguments).values())


@pytest.mark.parametrize(
    "how,said",
    [
        ("behaves", "somebody was found"),
        ("behaves", "it does not wait for a person"),
        ("behaves", "a category that was not asked for"),
        ("behaves", "somebody is read"),
        ("dies", "connector-died"),
        ("breaks", "connector-broke"),
        ("garbage", "connector-garbage"),
        ("unasked", "connector-garbage"),
    ],
)
def test_one_that_misbehaves_is_told_what_is_wrong(tmp_path: Path, how: str, said: str) -> None:
    faults = failed(f"python:{installed(tmp_path, bad_connector)}:{how}", "--nhs", ZEBEDEE)
    assert any(said in fault for fault in faults.values()), faults


def test_a_number_that_is_none_and_no_number_are_refused(tmp_path: Path) -> None:
    file = installed(tmp_path, template)
    for arguments in ((), ("--nhs", "9990000019"), ("--id", "No System=1"), ("--id", "upn=")):
        ran = command("gatehouse-adapter", "connector", "test", f"python:{file}", *arguments, expect=1)
        assert ran.err.count("\n") == 1


def test_the_kinds_are_listed() -> None:
    listed = command("gatehouse-adapter", "connector", "--json").json
    assert {"fhir", "python"} <= {each["kind"] for each in listed}
    assert "fhir:DIR" in command("gatehouse-adapter", "connector").out


def test_one_without_nhs_numbers_is_tried_by_what_it_has(tmp_path: Path) -> None:
    file = installed(tmp_path, template)
    file.write_text(file.read_text().replace("system=NHS_NUMBER", 'system="local-id"'))
    assert failed(f"python:{file}", "--id", f"local-id={ZEBEDEE}") == {}
    assert "they wait for a person: not-described" in failed(f"python:{file}", "--nhs", ZEBEDEE).values()
