"""Evidence and the exported log, as an officer meets them: `gatehouse verify` accepts what adapters wrote of
each kind, and nothing in which one bit was turned; the exported log derives again from its tiles.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.command.state import read_keys_file
from broker.command.verify import verify
from broker.protocol.evidence import Evidence
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire
from keys import base64url, note, tile
from tests.whole import forms
from tests.whole.programs import process
from tests.whole.stage import CARE, SCHOOL, Stage

_KINDS = ("ask", "item", "notice")


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """Social care and a school."""
    bare_stage.play(CARE, SCHOOL)
    return bare_stage


@pytest.fixture(scope="module")
def evidence(stage: Stage) -> dict[tuple[str, str], Path]:
    """The evidence file of one envelope of each kind, by kind and by who wrote it."""
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    form = care.paper("ask.yaml", forms.ask(SCHOOL, "attendance"))
    ask = care.say("ask", form, "--until", "settled", "--wait", "60")["jti"]
    answered = school.say("answer", ask, "--from", school.paper("answer.yaml", forms.answer("attendance")))
    told = school.paper("tell.yaml", forms.tell(CARE))
    sent = {
        "ask": (care, ask),
        "item": (school, answered["answers"][0]["sent"]["jti"]),
        "notice": (school, school.say("tell", told, "--wait", "60")["jti"]),
    }
    files = {}
    for kind, (sender, envelope) in sent.items():
        assert sender.reach(envelope, "settled")["kind"] == kind
        for agency in (care, school):
            path = stage.folder / "evidence" / f"{kind}-{agency.name}.json"
            path.parent.mkdir(exist_ok=True)
            agency.do("evidence", envelope, path)
            files[kind, agency.name] = path
    return files


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("agency", [CARE, SCHOOL])
def test_evidence_of_each_kind_verifies_at_both_ends(
    stage: Stage, evidence: dict[tuple[str, str], Path], kind: str, agency: str
) -> None:
    shown = stage.say("verify", evidence[kind, agency])
    assert (shown["verified"], shown["kind"]) == (True, kind)
    assert shown["sender"] == (CARE if kind == "ask" else SCHOOL)
    sender = stage.agencies[shown["sender"]]
    assert shown["fingerprint"] == sender.say("keys", "fingerprint")["fingerprint"]
    said = stage.do("verify", evidence[kind, agency]).out
    assert f"Verified: {kind}" in said
    assert "Not shown by this:" in said


def test_it_is_verified_offline_and_by_the_keys_alone(
    stage: Stage, evidence: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    """As a process in an empty folder, with nothing of the hub's but its public keys."""
    keys = tmp_path / "keys.json"
    known = json.loads((stage.state / "hub.json").read_bytes())
    keys.write_text(json.dumps({name: known[name] for name in ("hub", "origin", "decision_key", "log_vkey")}))
    done = process(
        "gatehouse", "verify", evidence["item", CARE], "--hub-keys", keys, "--state", tmp_path / "none"
    )
    assert "Verified: item" in done.out
    assert done.err == ""


def test_the_keys_of_another_hub_refuse_it(
    stage: Stage, evidence: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    from keys.signing import SigningKey

    known = json.loads((stage.state / "hub.json").read_bytes())
    stranger = SigningKey.generate().public
    log = note.VerifierKey(name=known["origin"], key=SigningKey.generate().public)
    for change in ({"decision_key": stranger.jwk()}, {"log_vkey": str(log)}, {"hub": "0" * 32}):
        keys = tmp_path / "keys.json"
        keys.write_text(json.dumps(known | change))
        for name in evidence.values():
            ran = stage.do("verify", name, "--hub-keys", keys, expect=1)
            assert "NOT VERIFIED" in ran.out
            assert "(other-hub-keys)" in ran.out
            # A file that brings keys of its own is believed no more than its reader's keys allow.
            value = json.loads(name.read_bytes())
            lying = tmp_path / "lying.json"
            lying.write_text(json.dumps({**value, "hub": {**value["hub"], **change}}))
            assert stage.do("verify", lying, expect=1).err == ""
            ran = stage.do("verify", lying, "--hub-keys", keys, expect=1)
            assert "NOT VERIFIED" in ran.out
            assert "(other-hub-keys)" not in ran.out


@pytest.mark.parametrize("kind", _KINDS)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_bit_turned_anywhere_refuses_it(
    stage: Stage, evidence: dict[tuple[str, str], Path], kind: str, data: st.DataObject
) -> None:
    whole = evidence[kind, data.draw(st.sampled_from([CARE, SCHOOL]))].read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    assert not _verifies(stage, whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])


def test_a_turned_bit_is_refused_in_one_line(
    stage: Stage, evidence: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    whole = evidence["item", CARE].read_bytes()
    path = tmp_path / "turned.json"
    said = set()
    for place in range(0, len(whole), len(whole) // 25):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        ran = stage.do("verify", path, expect=1)
        assert "Traceback" not in ran.out + ran.err
        failed = [line for line in ran.out.splitlines() if line.startswith("          ")]
        # Either the file is not one, or a step failed: one line says which and why.
        assert len(failed) + ran.err.count("\n") == 1, ran
        said |= {*failed, *ran.err.splitlines()}
    assert len(said) > 4, "the reasons differ with the place"


def _verifies(stage: Stage, data: bytes) -> bool:
    """What `gatehouse verify` does with a file, without the file."""
    pinned = read_keys_file(stage.state / "hub.json")
    try:
        return verify(parse_wire(Evidence, data, limit=4 << 20), pinned).verified
    except Problem:
        return False


def test_the_same_files_verify_whole(stage: Stage, evidence: dict[tuple[str, str], Path]) -> None:
    assert all(_verifies(stage, path.read_bytes()) for path in evidence.values())


class TestExport:
    """`gatehouse log export`: the log as anybody may check it."""

    @pytest.fixture
    def exported(
        self, stage: Stage, evidence: dict[tuple[str, str], Path], tmp_path: Path
    ) -> tuple[Path, dict[str, Any]]:
        """A fresh export."""
        return tmp_path / "log", stage.say("log", "export", tmp_path / "log")

    def test_its_root_derives_again_from_its_tiles(self, exported: tuple[Path, dict[str, Any]]) -> None:
        folder, shown = exported
        key = note.parse_vkey((folder / "log.vkey").read_text().strip())
        checkpoint = note.open_checkpoint((folder / "checkpoint").read_bytes(), key)
        assert (checkpoint.size, base64url.encode(checkpoint.root)) == (shown["size"], shown["root"])
        assert checkpoint.size > 12
        assert tile.verify_tiles(checkpoint.size, _tiles(folder)) == checkpoint.root

    def test_what_the_hub_serves_is_the_same(
        self, stage: Stage, exported: tuple[Path, dict[str, Any]]
    ) -> None:
        import http.client

        folder, shown = exported
        (path,) = (each for each in (folder / "tile").rglob("*") if each.is_file())
        connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=10)
        try:
            connection.request("GET", f"/log/{path.relative_to(folder)}")
            assert connection.getresponse().read() == path.read_bytes()
        finally:
            connection.close()
        assert shown["size"] == len(path.read_bytes()) // 32

    def test_evidence_lies_in_it(
        self, evidence: dict[tuple[str, str], Path], exported: tuple[Path, dict[str, Any]]
    ) -> None:
        """The leaf that evidence proves is the leaf at its index of the exported tiles."""
        from keys import merkle

        folder, shown = exported
        tiles = _tiles(folder)
        for path in evidence.values():
            proof = json.loads(path.read_bytes())["proof"]
            entry = merkle.entry(1, base64url.decode(proof["salt"]), proof["record"].encode())
            at = proof["index"]
            assert tiles.read_tile(0, at // 256, shown["size"] % 256)[at % 256 * 32 :][
                :32
            ] == merkle.leaf_hash(entry)

    def test_a_bit_turned_in_a_stored_tile_is_found(self, stage: Stage, tmp_path: Path) -> None:
        turn = "UPDATE tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0"
        stage.sql(turn)
        try:
            ran = stage.do("log", "export", tmp_path / "log", expect=1)
        finally:
            stage.sql(turn)
        assert ran.err.count("\n") == 1
        assert not (tmp_path / "log" / "checkpoint").exists()
        stage.do("log", "export", tmp_path / "log")


def _tiles(folder: Path) -> tile.MemoryTiles:
    tiles = tile.MemoryTiles()
    for path in (folder / "tile").rglob("*"):
        if path.is_file():
            level, index, width = tile.parse_tile_path(str(path.relative_to(folder)))
            tiles.write([tile.Tile(level=level, index=index, width=width, hashes=path.read_bytes())])
    return tiles
