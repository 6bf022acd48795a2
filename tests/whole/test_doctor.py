"""`doctor` of both programs: all is well on a good installation, and each fault is named with what to do."""

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.whole.programs import Ran, command
from tests.whole.stage import CARE, HEALTH, Stage


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """A hub, two agencies that have confirmed each other, and both adapters stopped again."""
    bare_stage.play(CARE, HEALTH)
    for agency in bare_stage.agencies.values():
        agency.stop()
    return bare_stage


@pytest.fixture
def state(stage: Stage, tmp_path: Path) -> Path:
    """A copy of an agency's state folder, to be damaged."""
    shutil.copytree(stage.agencies[CARE].state, tmp_path / "care")
    (tmp_path / "care").chmod(0o700)
    return tmp_path / "care"


def look(state: Path, *arguments: str | Path, expect: int = 1) -> dict[str, list[dict[str, str]]]:
    """The adapter's findings by what was looked at."""
    told = command("gatehouse-adapter", "doctor", "--state", state, *arguments, "--json", expect=expect).json
    assert told["ok"] is (expect == 0)
    found: dict[str, list[dict[str, str]]] = {}
    for each in told["findings"]:
        found.setdefault(each["what"], []).append(each)
    return found


def fault(found: dict[str, list[dict[str, str]]], what: str) -> str:
    """What is said of the one part that failed."""
    (wrong,) = [each for rows in found.values() for each in rows if each["verdict"] == "failed"]
    assert wrong["what"] == what
    return wrong["says"]


class TestAdapter:
    """`gatehouse-adapter doctor`."""

    def test_a_good_installation_is_well(self, state: Path) -> None:
        found = look(state, expect=0)
        assert found.keys() >= {
            "state folder", "disk", "journal", "keys", "agencies", "queue", "answering", "hub", "clock",
            "access",
        }  # fmt: skip
        ran: Ran = command("gatehouse-adapter", "doctor", "--state", state)
        assert all(line.split()[0] in ("ok", "advice") for line in ran.out.splitlines())

    def test_a_folder_that_others_may_enter(self, state: Path) -> None:
        state.chmod(0o755)
        assert "chmod 700" in fault(look(state), "state folder")

    def test_no_folder(self, tmp_path: Path) -> None:
        assert "run enrol first" in fault(look(tmp_path / "none"), "state folder")

    def test_a_key_that_others_may_read(self, state: Path) -> None:
        (state / "keys" / "identity").chmod(0o644)
        assert "identity" in fault(look(state), "keys")

    def test_a_key_that_is_gone(self, state: Path) -> None:
        (state / "keys" / "dpop").unlink()
        assert "restore it from the backup" in fault(look(state), "keys")

    def test_a_damaged_journal(self, state: Path) -> None:
        for more in ("-wal", "-shm"):
            (state / f"journal.sqlite{more}").unlink(missing_ok=True)
        data = bytearray((state / "journal.sqlite").read_bytes())
        data[4096 : 4096 + 512] = os.urandom(512)
        (state / "journal.sqlite").write_bytes(data)
        assert "restore it from the backup" in fault(look(state), "journal")

    def test_release_rules_that_do_not_read(self, state: Path) -> None:
        (state / "answering.toml").write_text("nonsense = [\n")
        assert fault(look(state), "answering")

    def test_a_record_system_that_is_not_there(self, state: Path) -> None:
        assert fault(look(state, "--connector", "fhir:/nowhere"), "connector")

    def test_an_agency_nobody_confirmed_is_advice(self, state: Path) -> None:
        write(state, "UPDATE pin SET confirmed_at = NULL WHERE agency = ?", HEALTH)
        (told,) = look(state, expect=0)["agencies"]
        assert (told["verdict"], HEALTH in told["says"]) == ("advice", True)

    def test_a_receipt_that_waits_for_too_long(self, state: Path) -> None:
        write(
            state,
            "INSERT INTO act (jti, act, token, exchange, category, done, created_at)"
            " VALUES ('x', 'nil', 'x', 'x', 'x', 0, ?)",
            1_700_000_000,
        )
        assert "1 acts wait for the hub" in fault(look(state), "queue")

    def test_another_hub_in_the_place_of_ours(self, state: Path) -> None:
        path = state / "agency.json"
        text = path.read_text()
        path.write_text(
            text.replace('"hub": "', '"hub": "', 1).replace("gatehouse.hub+", "gatehouse.hub+0", 1)
        )
        found = command("gatehouse-adapter", "doctor", "--state", state, "--json", expect=1)
        assert found.json["ok"] is False

    def test_no_hub_there(self, state: Path) -> None:
        change(state, hub_url="http://127.0.0.1:9")
        assert "does not answer as a hub" in fault(look(state), "hub")

    def test_a_connectors_own_check_is_called(self) -> None:
        import asyncio

        from adapters.doctor.answering import look_at_connector

        class Faulty:
            """A record system whose mapping does not fit."""

            async def check(self) -> list[str]:
                """One fault."""
                return ["find: the column born is missing"]

        (told,) = asyncio.run(look_at_connector(Faulty()))
        assert (told.verdict, told.says) == ("failed", "find: the column born is missing")


def change(state: Path, **members: Any) -> None:
    """Change `agency.json`."""
    path = state / "agency.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | members))


def write(state: Path, statement: str, *values: object) -> None:
    """Change a journal behind its adapter's back."""
    db = sqlite3.connect(state / "journal.sqlite", isolation_level=None)
    db.execute(statement, values)
    db.close()


class TestHub:
    """`gatehouse doctor`."""

    def test_a_good_hub_is_well(self, stage: Stage) -> None:
        told = stage.process("doctor", "--json", expect=None).json
        # The tests' own server does not sync its disk, which is said; all else is well.
        assert {each["what"] for each in told["findings"] if each["verdict"] == "failed"} <= {"database"}
        assert {each["what"] for each in told["findings"]} >= {
            "state folder", "keys", "database", "disk", "log", "queues", "hub",
        }  # fmt: skip

    def test_what_is_handed_over_in_vain_is_said(self, stage: Stage) -> None:
        stage.sql(
            "INSERT INTO envelope (sender, jti, kid, kind, recipient, exchange, categories, declaration,"
            " declaration_digest, body_digest, state, decided, deposit_by, needed_until, fruitless)"
            " VALUES ('care', 'x', 'x', 'ask', 'health', 'x', '{}', 'x', 'x', 'x', 'handed_over', '{}', 1,"
            " 1, 3)"
        )
        told = stage.process("doctor", "--json", expect=None).json
        (queues,) = [each for each in told["findings"] if each["what"] == "queues"]
        assert queues["verdict"] == "advice"
        assert HEALTH in queues["says"]
        stage.sql("DELETE FROM envelope WHERE jti = 'x'")

    def test_a_settings_file_with_a_password_that_others_may_read(self, stage: Stage) -> None:
        path = stage.state / "gatehouse.toml"
        path.write_text("metrics = 0\n")
        path.chmod(0o644)
        told = stage.process("doctor", "--json", expect=1).json
        path.unlink()
        (settings,) = [each for each in told["findings"] if each["what"] == "settings"]
        assert (settings["verdict"], "chmod 600" in settings["says"]) == ("failed", True)
