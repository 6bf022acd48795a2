"""The catalogue: read strictly, true to the list it was built from, and usable where it says so."""

import json
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from policies.catalogue import Layer, load_catalogue, parse_catalogue
from policies.errors import MalformedCatalogue
from policies.policy_set import seed_policy
from policies.vocabulary import Verification
from policies.wording import WORDINGS

RAW = json.loads(files("policies").joinpath("data/catalogue.json").read_bytes())


def test_every_entry_of_the_domain_list_is_there_with_its_status(test_inputs: Path) -> None:
    listed = json.loads((test_inputs / "domain" / "lawful_bases.json").read_bytes())
    catalogue = load_catalogue()
    # Beside the list stands what nobody has read yet, marked so; nothing may rest on it.
    added = {"GDPR-A19"}
    assert set(catalogue.entries) == {row["id"] for row in listed} | added
    assert len(catalogue.entries) == 62 + len(added)
    assert {catalogue.entries[name].status for name in added} == {Verification.TO_BE_CONFIRMED}
    assert all(catalogue.entries[name].use is None for name in added)
    for row in listed:
        entry = catalogue.entries[row["id"]]
        assert entry.status.value == row["status"].replace(" ", "_"), row["id"]
        # What the list says is not in force can be relied on by nobody here.
        if "not in force" in row.get("force", "").lower() or "in_force=false" in row.get("force", ""):
            assert not entry.in_force, row["id"]


def test_what_was_read_in_part_says_what_was_not() -> None:
    for entry in load_catalogue().entries.values():
        if entry.status is not Verification.VERIFIED:
            assert entry.caution, entry.id


def test_the_duty_to_assist_is_still_to_be_confirmed() -> None:
    use = load_catalogue().entries["CA1989-S47"].use
    assert use is not None
    assert use.asker is not None
    assert use.source is not None
    assert use.asker.status is Verification.PARTLY
    assert use.source.status is Verification.TO_BE_CONFIRMED


def test_no_gateway_is_taken_to_set_confidence_aside() -> None:
    for entry in load_catalogue().entries.values():
        assert entry.use is None or not entry.use.overrides_confidence, entry.id


def test_only_known_layers_can_be_relied_on() -> None:
    usable = {entry.layer for entry in load_catalogue().entries.values() if entry.use is not None}
    assert usable == {
        Layer.ARTICLE6,
        Layer.ARTICLE9,
        Layer.ARTICLE10,
        Layer.GATEWAY,
        Layer.CONFIDENTIALITY,
    }


def test_every_source_a_finding_cites_is_in_the_catalogue() -> None:
    for code, wording in WORDINGS.items():
        if wording.source is not None:
            assert wording.source in load_catalogue().entries, code


def test_every_claim_of_the_seed_is_usable_and_in_force() -> None:
    seed = seed_policy()
    catalogue = load_catalogue()
    for claimed in [preset.grounds for preset in seed.presets] + [each.grounds for each in seed.receiving]:
        for claim in (
            claimed.article6,
            claimed.article9,
            claimed.schedule1_paragraph,
            claimed.article10,
            claimed.gateway,
            claimed.confidentiality,
        ):
            if claim is not None:
                entry = catalogue.entries[claim]
                assert entry.use is not None
                assert entry.in_force


def _entry(raw: dict[str, Any], id: str) -> dict[str, Any]:
    return next(row for row in raw["entries"] if row["id"] == id)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.pop("as_of"),
        lambda raw: raw.update(as_of="yesterday"),
        lambda raw: raw.update(more=1),
        lambda raw: raw["entries"].append(raw["entries"][0]),
        lambda raw: raw.update(entries={}),
        lambda raw: raw["entries"].append("CA1989-S47"),
        lambda raw: _entry(raw, "CA1989-S47").pop("status"),
        lambda raw: _entry(raw, "CA1989-S47").update(status="probably"),
        lambda raw: _entry(raw, "CA1989-S47").update(who=None),
        lambda raw: _entry(raw, "CA1989-S47").update(in_force="yes"),
        lambda raw: _entry(raw, "CA1989-S47").update(title=""),
        lambda raw: _entry(raw, "CA1989-S47")["use"].update(companions=["goodwill"]),
        lambda raw: _entry(raw, "CA1989-S47")["use"].update(companions="gateway"),
        lambda raw: _entry(raw, "CA1989-S47")["use"].update(purposes=["early_help", "early_help"]),
        lambda raw: _entry(raw, "CA1989-S47")["use"]["asker"].update(facts=[]),
        lambda raw: _entry(raw, "CA1989-S47")["use"]["asker"].update(facts=[["council"]]),
        lambda raw: _entry(raw, "CA1989-S47")["use"]["asker"].update(effect="allows"),
    ],
)
def test_a_spoiled_catalogue_is_refused(spoil: Any) -> None:
    raw = deepcopy(RAW)
    spoil(raw)
    with pytest.raises(MalformedCatalogue) as caught:
        parse_catalogue(raw)
    assert caught.value.code == "malformed-catalogue"
    assert str(caught.value).startswith("catalogue")


def test_any_change_changes_the_digest() -> None:
    raw = deepcopy(RAW)
    _entry(raw, "CA1989-S47")["caution"] = "Read again."
    assert parse_catalogue(raw).digest != load_catalogue().digest
