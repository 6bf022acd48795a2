"""The commands that administer a hub, against one that runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.enrolment.model import code_digest
from tests.broker.command.program import Serving, gatehouse, refused, serving

COUNCIL = '{"id": "council", "name": "Council (invented)", "public_authority": true, "local_authority": true}'
TRUST = {"id": "trust", "name": "Trust (invented)", "public_authority": True, "nhs_body": True}
ADD = (
    "agency",
    "add",
    "--name",
    "Invented",
    "--sector",
    "social_care",
    "--duty-contact",
    "desk",
    "--controller",
    COUNCIL,
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One hub for this file; each test adds its own agencies."""
    with serving(tmp_path_factory.mktemp("hub") / "state") as hub:
        yield hub


def test_an_agency_is_added_listed_and_stopped(hub: Serving, tmp_path: Path) -> None:
    facts = tmp_path / "trust.json"
    facts.write_text(json.dumps(TRUST))
    added = gatehouse(*ADD, "northcare", "--controller", facts, "--code-ttl", "60", "--json", state=hub.state)
    shown = json.loads(added.stdout)
    assert (added.returncode, set(shown), shown["agency"]) == (0, {"agency", "code", "expires"}, "northcare")
    assert len(code_digest(shown["code"])) == 43
    for_people = gatehouse(*ADD, "southcare", state=hub.state)
    assert len(for_people.stdout.splitlines()) == 1
    assert f"--agency southcare --hub {hub.url}" in for_people.stderr
    assert for_people.stdout.strip() != shown["code"]
    rows = {
        row["id"]: row["state"]
        for row in json.loads(gatehouse("agency", "list", "--json", state=hub.state).stdout)
    }
    assert rows == {"northcare": "invited", "southcare": "invited"}
    assert gatehouse("agency", "stop", "southcare", state=hub.state).returncode == 0
    assert "stopped" in gatehouse("agency", "list", state=hub.state).stdout
    # Invited anew: another code, the one before is good no more.
    again = json.loads(gatehouse(*ADD, "northcare", "--json", state=hub.state).stdout)
    assert again["code"] != shown["code"]


def test_an_agreement_is_signed_from_options_or_a_file_and_ended(hub: Serving, tmp_path: Path) -> None:
    options = (
        "--controllers",
        "a,b",
        "--purposes",
        "child_protection_enquiry",
        "--categories",
        "health_conditions",
        "--from",
        "2026-01-01",
    )
    signed = gatehouse(
        "agreement", "sign", "--id", "one", *options, "--until", "2027-01-01T12:00:00+01:00", state=hub.state
    )
    assert signed.returncode == 0, signed.stderr
    file = tmp_path / "two.json"
    file.write_text(
        json.dumps(
            {
                "id": "two",
                "controllers": ["a", "b"],
                "purposes": ["early_help"],
                "categories": ["health_conditions"],
                "starts": "2026-01-01T00:00:00Z",
                "ends": None,
                "version": 1,
            }
        )
    )
    assert gatehouse("agreement", "sign", file, state=hub.state).returncode == 0
    for name in ("one", "two"):
        assert gatehouse("agreement", "end", name, state=hub.state).returncode == 0
        assert refused("agreement", "end", name, state=hub.state)
    assert "--purposes" in refused("agreement", "sign", "--id", "x", state=hub.state)
    assert "--purposes" in refused(
        "agreement", "sign", "--id", "x", *options[:3], "fun", *options[4:], state=hub.state
    )
    assert "--from" in refused("agreement", "sign", "--id", "x", *options[:-1], "soon", state=hub.state)
    file.write_text('{"id": "x", "id": "y"}')
    assert "twice" in refused("agreement", "sign", file, state=hub.state)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--controller", "{"),
        ("--controller", "[]"),
        ("--controller", '{"id": "x"}'),
        ("--controller", "/nowhere"),
        ("--controller", COUNCIL[:-1] + ', "more": 1}'),
        ("--sector", "astrology"),
        ("--code-ttl", "0"),
        ("--duty-contact", ""),
        ("--name", "n" * 201),
        ("--key", "/nowhere"),
        ("--person", "nobody"),
        ("--hub", "http://127.0.0.1:1"),
        ("--hub", "ftp://hub"),
        ("--hub", "nonsense"),
        ("--state", "/nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(hub: Serving, wrong: tuple[str, str]) -> None:
    refused(*ADD, "elsewhere", *wrong, state=hub.state)


def test_what_is_wrong_is_named(hub: Serving) -> None:
    """So that a typing error is found without the documentation."""
    assert "scool" in refused(
        *ADD, "elsewhere", "--controller", COUNCIL[:-1] + ', "scool": true}', state=hub.state
    )
    assert "lower-case" in refused(*ADD, "Elsewhere", state=hub.state)


def test_acts_by_another_key_or_for_another_agency_are_refused(hub: Serving, tmp_path: Path) -> None:
    stranger = tmp_path / "key"
    stranger.write_bytes(bytes(range(32)))
    stranger.chmod(0o600)
    assert refused(*ADD, "elsewhere", "--key", stranger, state=hub.state)
    stranger.chmod(0o644)
    assert "chmod" in refused(*ADD, "elsewhere", "--key", stranger, state=hub.state)
    assert refused("agency", "stop", "nobody-there", state=hub.state)
    assert refused("agency", "revoke-key", "nobody-there", "A" * 43, state=hub.state)


def test_policy_keys_log_and_doctor_show_what_there_is(hub: Serving, tmp_path: Path) -> None:
    policy = json.loads(gatehouse("policy", "show", "--json", state=hub.state).stdout)
    assert (policy["version"], policy["policy"]["version"]) == (1, 1)
    assert policy["digest"] in gatehouse("policy", "show", state=hub.state).stdout
    keys = json.loads(gatehouse("keys", "list", "--json", state=hub.state).stdout)
    assert {row["key"]: row["state"] for row in keys} == dict.fromkeys(
        ("decision", "log", "subject", "administrator"), "present"
    )
    exported = json.loads(gatehouse("log", "export", tmp_path / "log", "--json", state=hub.state).stdout)
    lines = (tmp_path / "log" / "checkpoint").read_text().splitlines()
    assert int(lines[1]) == exported["size"] >= 1
    assert (tmp_path / "log" / "log.vkey").read_text().strip() == hub.hub_file["log_vkey"]
    doctor = gatehouse("doctor", "--json", state=hub.state)
    found = json.loads(doctor.stdout)
    assert (doctor.returncode, found["ok"]) == (0, True)
    advice = " ".join(each["says"] for each in found["findings"] if each["verdict"] == "advice")
    assert "distribution's PostgreSQL" in advice
    (hub.state / "keys" / "subject").chmod(0o644)
    try:
        assert gatehouse("doctor", state=hub.state).returncode == 1
    finally:
        (hub.state / "keys" / "subject").chmod(0o600)


def test_every_command_has_help_with_an_example() -> None:
    commands = (
        (),
        ("serve",),
        ("agency", "add"),
        ("agency", "stop"),
        ("agency", "revoke-key"),
        ("agency", "list"),
        ("agreement", "sign"),
        ("agreement", "end"),
        ("policy", "show"),
        ("verify",),
        ("log", "export"),
        ("keys", "list"),
        ("doctor",),
    )
    for command in commands:
        done = gatehouse(*command, "--help")
        assert done.returncode == 0
        assert "example" in done.stdout, command


def test_a_known_agency_is_invited_again(hub: Serving) -> None:
    first = json.loads(gatehouse(*ADD, "westcare", "--json", state=hub.state).stdout)
    again = gatehouse("agency", "invite", "westcare", "--code-ttl", "60", "--json", state=hub.state)
    shown = json.loads(again.stdout)
    assert (again.returncode, shown["agency"]) == (0, "westcare")
    assert shown["code"] != first["code"]
    assert (
        "enrol --again --agency westcare" in gatehouse("agency", "invite", "westcare", state=hub.state).stderr
    )
    assert "never added" in refused("agency", "invite", "nobody-here", state=hub.state)


def test_the_subject_key_is_renewed_one_epoch_at_a_time(hub: Serving) -> None:
    renewed = gatehouse("keys", "renew-subject-key", "2", state=hub.state)
    assert renewed.returncode == 0, renewed.stderr
    assert "Epoch 2" in renewed.stdout
    assert "not open" in refused("keys", "renew-subject-key", "2", state=hub.state)
