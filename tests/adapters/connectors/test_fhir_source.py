"""Bad files stop nothing, are counted without a name, and are never read past the limits."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.connectors.connector import ConnectorFailed, Found, LeftReason, NotFound
from adapters.connectors.fhir_folder import FhirFolder
from adapters.connectors.fhir_source import FolderLimits
from policies.vocabulary import Category
from tests.adapters.connectors.made import CHILD, bundle, child, childs_records, nhs, patient, sought, write

GOOD = json.dumps(bundle(child(), *childs_records()))
BAD: dict[str, tuple[str | bytes, str | None]] = {
    "empty": ("", "json-malformed"),
    "cut": (GOOD[: len(GOOD) // 2], "json-malformed"),
    "twice": ('{"resourceType": "Patient", "id": "a", "id": "b"}', "json-repeated-key"),
    "nan": ('{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', "json-not-finite"),
    "deep": ('{"resourceType":' + "[" * 5_000 + "]" * 5_000 + "}", "json-too-deep"),
    "latin": (b'{"resourceType": "Patient", "id": "\xe9"}', "json-not-utf8"),
    "list": ("[]", "json-malformed"),
    "text": ('"Patient"', "json-malformed"),
    "other": ('{"name": "not FHIR"}', "not-fhir"),
    "typed": ('{"resourceType": 7}', "not-fhir"),
    "entry": ('{"resourceType": "Bundle", "entry": [{"resource": 1}, {"resource": {}}, 5]}', "not-fhir"),
    "entries": ('{"resourceType": "Bundle", "entry": {"resource": {}}}', "not-fhir"),
    # Not ours to read, and no fault.
    "claim": ('{"resourceType": "Claim"}', None),
    "outcome": ('{"resourceType": "OperationOutcome", "issue": []}', None),
    "nothing": ('{"resourceType": "Bundle", "type": "searchset", "total": 0}', None),
    "request": ('{"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE"}}]}', None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_counted_and_the_good_one_is_read(tmp_path: Path, name: str) -> None:
    content, code = BAD[name]
    connector = FhirFolder(write(tmp_path, a_bad=content, good=GOOD))
    match = connector.find(sought(CHILD))
    assert isinstance(match, Found)
    assert all(connector.read(match.person, connector.serves).entries.values())
    assert [problem.code for problem in connector.unread()] == ([] if code is None else [code])
    assert all(problem.file == 1 for problem in connector.unread())


def test_all_of_them_together_and_a_nil_says_how_many(tmp_path: Path) -> None:
    connector = FhirFolder(
        write(tmp_path, good=GOOD, **{name: content for name, (content, _) in BAD.items()})
    )
    assert isinstance(connector.find(sought(CHILD)), Found)
    match = connector.find(sought(nhs(9)))
    assert isinstance(match, NotFound)
    assert match.searched.systems == ["Health records (FHIR): 17 files, 12 could not be read"]


@pytest.mark.parametrize(
    "bad",
    [
        {"resourceType": "Condition", "subject": {"reference": "Patient/child"}, "code": "Asthma"},
        {"resourceType": "Condition", "subject": {"reference": "Patient/child"}, "invented": True},
        {"resourceType": "Condition", "subject": [{"reference": "Patient/child"}, 5]},
        {"resourceType": "Condition", "subject": {"reference": "Patient/child"}, "onsetDateTime": "soon"},
    ],
)
def test_a_bad_resource_is_left_for_a_person_and_the_good_ones_are_given(
    tmp_path: Path, bad: dict[str, object]
) -> None:
    connector = FhirFolder(write(tmp_path, all=bundle(child(), bad, *childs_records())))
    match = connector.find(sought(CHILD))
    assert isinstance(match, Found)
    reading = connector.read(match.person, connector.serves)
    assert [entry.what for entry in reading.entries[Category.HEALTH_CONDITIONS]] == ["Asthma"]
    assert [(left.reason, left.count) for left in reading.left] == [(LeftReason.UNREADABLE, 1)]


def test_links_pipes_and_folders_are_not_opened(tmp_path: Path) -> None:
    folder = write(tmp_path / "records", good=GOOD)
    outside = write(tmp_path / "outside", other=patient("other", nhs(8)))
    (folder / "link.json").symlink_to(outside / "other.json")
    (folder / "linked").symlink_to(outside)
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    connector = FhirFolder(folder)
    assert isinstance(connector.find(sought(nhs(8))), NotFound)
    assert isinstance(connector.find(sought(CHILD)), Found)
    assert [problem.code for problem in connector.unread()] == ["not-a-regular-file"] * 2


def test_folders_below_are_read_and_other_files_are_not(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", good=GOOD)
    (tmp_path / "notes.txt").write_text("{")
    (tmp_path / ".hidden.json").write_text("{")
    connector = FhirFolder(tmp_path)
    assert isinstance(connector.find(sought(CHILD)), Found)
    assert connector.unread() == ()


@pytest.mark.parametrize(
    "limits, codes",
    [
        (FolderLimits(files=1), ["folder-too-large"]),
        (FolderLimits(file_bytes=100), ["file-too-large", "file-too-large"]),
        (FolderLimits(total_bytes=len(GOOD) + 1), ["folder-too-large"]),
        (FolderLimits(depth=3), ["json-too-deep"]),
    ],
)
def test_beyond_the_limits_is_counted(tmp_path: Path, limits: FolderLimits, codes: list[str]) -> None:
    folder = write(tmp_path, a=GOOD, b=patient("other", nhs(8), text={"status": "empty", "div": "x" * 100}))
    connector = FhirFolder(folder, limits=limits)
    connector.find(sought(CHILD))
    assert [problem.code for problem in connector.unread()] == codes


def test_no_folder_is_no_nil(tmp_path: Path) -> None:
    for root in (tmp_path / "absent", write(tmp_path, file=GOOD) / "file.json"):
        with pytest.raises(ConnectorFailed) as failed:
            FhirFolder(root).find(sought(CHILD))
        assert failed.value.code == "folder-unreadable"


def test_an_empty_folder_has_nobody_and_no_freshness(tmp_path: Path) -> None:
    connector = FhirFolder(tmp_path)
    assert isinstance(connector.find(sought(CHILD)), NotFound)
    assert connector.freshness() is None


def test_what_is_said_of_bad_files_names_nobody(tmp_path: Path) -> None:
    folder = write(
        tmp_path, Testina_Madeup_9990000018='{"resourceType": "Patient", "name": [{"text": "Testina'
    )
    connector = FhirFolder(folder)
    connector.find(sought(CHILD))
    (problem,) = connector.unread()
    assert "estina" not in repr(problem)
    assert "999" not in repr(problem)


NAMES = [
    "identifier",
    "subject",
    "patient",
    "reference",
    "name",
    "meta",
    "security",
    "code",
    "period",
    "address",
    "coding",
    "system",
    "value",
    "link",
    "telecom",
    "id",
    "generalPractitioner",
    "component",
    "entry",
    "resource",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(
    kind=st.sampled_from(
        ["Patient", "RelatedPerson", "Encounter", "Condition", "Observation", "Flag", "Bundle"]
    ),
    more=JSON,
    about_child=st.booleans(),
)
def test_whatever_shape_a_resource_has_the_good_ones_are_read(
    tmp_path_factory: pytest.TempPathFactory, kind: str, more: object, about_child: bool
) -> None:
    bad = dict(more) if isinstance(more, dict) else {"extension": more}
    bad["resourceType"] = kind
    if about_child and kind not in {"Patient", "Bundle"}:
        bad["patient" if kind == "RelatedPerson" else "subject"] = {"reference": "Patient/child"}
    folder = write(tmp_path_factory.mktemp("shapes"), a=bad, b=GOOD)
    connector = FhirFolder(folder)
    match = connector.find(sought(CHILD))
    assert isinstance(match, Found)
    reading = connector.read(match.person, connector.serves)
    given_flags = [entry.what for entry in reading.entries[Category.HEALTH_FLAGS]]
    # A relation's label that cannot be understood makes the whole record a restricted one; then its words are
    # withheld.
    strict = kind == "RelatedPerson" and about_child and "meta" in bad
    assert (
        "Alert: details not given" if reading.restricted and strict else "Alert: Was not brought"
    ) in given_flags
