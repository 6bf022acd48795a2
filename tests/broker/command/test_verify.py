"""`gatehouse verify`: a permit's evidence holds as a whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker.command.main import main
from broker.hub import hub_document
from broker.protocol.evidence import Evidence, HubKeys
from keys import base64url
from keys.keyset import KeySet, SealingUse, sign_key_set
from keys.signing import SigningKey
from tests.broker.exchange.conftest import Play, play, settings
from tests.broker.exchange.desk import Desk, Sent

__all__ = ["play", "settings"]


def key_set_of(desk: Desk, at: int, **fields: Any) -> str:
    values: dict[str, Any] = {
        "agency": desk.agency,
        "version": 1,
        "previous": None,
        "expires": at + 1000,
        "signing": desk.signing.public,
        "sealing": (SealingUse(key=desk.sealing.public, seal_until=at + 1000),),
    }
    return sign_key_set(KeySet(**(values | fields)), desk.identity)


async def evidence_of(play: Play, desk: Desk, sent: Sent) -> dict[str, Any]:
    """What the sender's adapter writes."""
    declared = await play.declare(desk, sent)
    assert declared.proof is not None
    made = Evidence(
        hub=HubKeys.model_validate(hub_document(play.hub)),
        sender_identity={name: str(value) for name, value in desk.identity.public.jwk().items()},
        sender_key_set=key_set_of(desk, play.clock.at),
        declaration=sent.request.declaration,
        proof=declared.proof,
    )
    value: dict[str, Any] = json.loads(made.dump())
    return value


class Verifier:
    """Runs the command over evidence with the hub's pinned keys."""

    def __init__(self, folder: Path, pinned: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
        self._file, self._keys, self._capsys = folder / "evidence.json", folder / "keys.json", capsys
        self._keys.write_text(json.dumps(pinned))

    def __call__(self, evidence: dict[str, Any] | str, *options: str) -> tuple[int, str]:
        self._file.write_text(evidence if isinstance(evidence, str) else json.dumps(evidence))
        self._capsys.readouterr()
        code = main(["verify", str(self._file), "--hub-keys", str(self._keys), *options])
        return code, "".join(self._capsys.readouterr())


@pytest.fixture
def verifier(play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verifier:
    return Verifier(tmp_path, dict(hub_document(play.hub)), capsys)


async def test_good_evidence_verifies_and_an_officer_is_told_what_was_shown_and_what_not(
    play: Play, verifier: Verifier
) -> None:
    care, health = play["care"], play["health"]
    evidence = await evidence_of(play, care, care.ask(health, at=play.clock.at))
    code, text = verifier(evidence)
    assert code == 0
    assert text.count(" ok ") == 5
    for words in (
        "Verified: ask",
        "from care",
        "to health",
        "child_protection_enquiry",
        "Not shown by this",
        "fingerprint",
    ):
        assert words in text
    code, text = verifier(evidence, "--json")
    shown = json.loads(text)
    assert (code, shown["verified"], shown["index"]) == (0, True, evidence["proof"]["index"])


async def test_a_key_set_that_has_run_out_since_was_good_then(play: Play, verifier: Verifier) -> None:
    care = play["care"]
    evidence = await evidence_of(play, care, care.ask(play["health"], at=play.clock.at))
    evidence["sender_key_set"] = key_set_of(care, play.clock.at, expires=play.clock.at + 1)
    assert verifier(evidence)[0] == 0
    evidence["sender_key_set"] = key_set_of(care, play.clock.at, expires=play.clock.at)
    assert verifier(evidence)[0] == 1


async def test_no_part_of_the_evidence_can_be_changed_or_swapped(play: Play, verifier: Verifier) -> None:
    care, health = play["care"], play["health"]
    good = await evidence_of(play, care, care.ask(health, at=play.clock.at))
    other = await evidence_of(play, care, care.ask(health, at=play.clock.at))
    stranger = SigningKey.generate()
    nothing = base64url.encode(bytes(32))
    bad: dict[str, dict[str, Any]] = {
        "another declaration": {**good, "declaration": other["declaration"]},
        "another proof": {**good, "proof": other["proof"]},
        "another identity": {**good, "sender_identity": stranger.public.jwk()},
        "another agency's key set": {
            **good,
            "sender_key_set": key_set_of(care, play.clock.at, agency="health"),
        },
        "another signing key": {
            **good,
            "sender_key_set": key_set_of(care, play.clock.at, signing=stranger.public),
        },
        "another hub": {**good, "hub": {**good["hub"], "hub": "0" * 32}},
        "another decision key": {**good, "hub": {**good["hub"], "decision_key": stranger.public.jwk()}},
    }
    for member, value in (
        ("record", other["proof"]["record"]),
        ("salt", nothing),
        ("index", good["proof"]["index"] + 1),
        ("index", -1),
        ("size", good["proof"]["size"] + 1),
        ("path", [nothing]),
        ("path", []),
        ("checkpoint", good["proof"]["checkpoint"].replace("\n", "\n0", 1)),
        ("checkpoint", ""),
    ):
        bad[f"{member} {value}"] = {**good, "proof": {**good["proof"], member: value}}
    for name, evidence in bad.items():
        code, text = verifier(evidence)
        assert code == 1, name
        assert "NOT VERIFIED" in text, name
        assert "FAILED" in text, name
    for place in ("declaration", "sender_key_set"):
        for at in range(0, len(good[place]), 97):
            changed = good[place][:at] + ("A" if good[place][at] != "A" else "B") + good[place][at + 1 :]
            assert verifier({**good, place: changed})[0] == 1, (place, at)


async def test_a_record_that_is_no_permit_proves_nothing(play: Play, verifier: Verifier) -> None:
    care, police = play["care"], play["police"]
    refused = care.ask(police, at=play.clock.at)
    declared = await play.declare(care, refused)
    assert declared.outcome.value == "refuse"
    passed = await evidence_of(play, care, care.ask(play["health"], at=play.clock.at))
    (proof,) = (await play.hub.prover.prove([declared.index], seen=None)).values()
    evidence = {**passed, "declaration": refused.request.declaration, "proof": json.loads(proof.dump())}
    code, text = verifier(evidence)
    assert (code, "not-a-permit" in text) == (1, True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"a":1,"a":2}', "\x00", '{"hub":{}}'])
async def test_what_is_no_evidence_is_said_in_one_line(verifier: Verifier, text: str) -> None:
    code, said = verifier(text)
    assert code == 1
    assert len(said.splitlines()) == 1


async def test_without_the_hubs_keys_from_elsewhere_nothing_is_verified(
    play: Play, verifier: Verifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    care = play["care"]
    evidence = await evidence_of(play, care, care.ask(play["health"], at=play.clock.at))
    assert verifier(evidence)[0] == 0
    assert main(["verify", str(tmp_path / "evidence.json"), "--state", str(tmp_path / "none")]) == 1
    assert "hub.json" in capsys.readouterr().err
