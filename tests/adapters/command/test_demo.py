"""The demonstration played once with real processes; then what its people would do with what lies on their
desks.
"""

import asyncio
import builtins
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.answering.sending import draft_bytes, open_categories, prepared
from adapters.command.exit import Exit
from adapters.command.main import main
from adapters.desk.inbox import save_draft
from adapters.errors import WrongOrder
from adapters.folder import open_folder
from adapters.order import ItemOrder
from broker.command.main import main as hub_main
from broker.protocol.body import Searched
from broker.protocol.declaration import Practitioner
from deploy.demo.papers import CARE, HEALTH, PROBATION, SCHOOL
from deploy.demo.people import FERN, MORGAN, OTHERS, WREN
from deploy.demo.programs import Programs
from deploy.demo.stage import Desk
from policies.grounds import Grounds
from policies.vocabulary import Category, HandlingCode, PractitionerRole, Regime

ROOT = Path(__file__).resolve().parents[3]
SAID_IN_CONFIDENCE = (
    "Wren", "Imaginary", "Fern", "Madeup", "bruise", "wheeze", "Peak expiratory", "chicken pox",
    "four Mondays", "live_operation",
    WREN.nhs, MORGAN.nhs, FERN.nhs, *(person.nhs for person in OTHERS),
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What the play left."""

    state: Path
    said: dict[str, Any]
    progress: str

    def desk(self, agency: str) -> str:
        """An agency's state folder, as an argument."""
        return str(self.state / agency)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The play, to its end."""
    state = tmp_path_factory.mktemp("demo") / "state"
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.demo.play", "--once", "--json", "--state", str(state)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return Played(state=state, said=json.loads(ran.stdout.splitlines()[-1]), progress=ran.stderr)


def test_everything_came_out_as_it_must(played: Played) -> None:
    counts = {name: value for name, value in played.said.items() if not name.startswith(("log_", "seconds"))}
    assert counts == {
        "exchanges": 10, "permitted": 22, "refused": 2, "held": 1, "lifted": 1, "opened": 21, "declined": 1,
        "silent": 1, "recalled": 1, "verified": 21,
    }  # fmt: skip
    assert list(played.said)[-3:] == ["log_root", "verified", "seconds"]
    assert "gatehouse verify " in played.progress
    assert "this does not mean nothing is held" in played.progress


def test_the_exported_log_is_the_one_that_was_named(played: Played) -> None:
    checkpoint = (played.state / "log" / "checkpoint").read_text().splitlines()
    assert int(checkpoint[1]) == played.said["log_size"]
    assert (played.state / "log" / "log.vkey").exists()


def test_nothing_that_was_started_still_runs(played: Played) -> None:
    for process in psutil.process_iter(["cmdline"]):
        assert str(played.state) not in " ".join(process.info["cmdline"] or ())


def test_nothing_readable_lies_on_any_disk_but_in_papers_records_and_the_picture_asked_for(
    played: Played,
) -> None:
    theirs = (played.state / "papers", played.state / "hospital-records", played.state / "registers")
    looked = 0
    for path in played.state.rglob("*"):
        if not path.is_file() or any(folder in path.parents for folder in theirs):
            continue
        if path.name == "picture.html":
            assert path.stat().st_mode & 0o077 == 0
            continue
        data = path.read_bytes()
        looked += 1
        for words in SAID_IN_CONFIDENCE:
            assert words.encode() not in data, f"{path.relative_to(played.state)} holds words of a body"
    assert looked > 50
    # The control: the same search finds them where they may be.
    assert any(WREN.nhs.encode() in path.read_bytes() for path in theirs[0].rglob("*.yaml"))


def test_the_asker_reads_the_same_of_a_decline_and_a_silence(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--state", played.desk(CARE)]) == Exit.DONE
    out = capsys.readouterr().out
    said = [line.split(": ", 1)[1] for line in out.splitlines() if "No information was shared" in line]
    assert len(said) == 3
    assert len(set(said)) == 1
    for word in ("declin", "silen", "live"):
        assert word not in out.lower()


def test_an_answer_is_printed_with_its_handling_code(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inbox", "--json", "--state", played.desk(CARE)]) == Exit.DONE
    received = json.loads(capsys.readouterr().out)["received"]
    item = next(each for each in received if each["categories"] == ["health_attendances"])
    assert main(["open", item["jti"], "--state", played.desk(CARE)]) == Exit.DONE
    out = capsys.readouterr().out
    assert "Handling: OFFICIAL-SENSITIVE PERSONAL" in out
    assert f"About 1: child, {WREN.name}" in out
    assert "wheeze" in out
    assert "exact match on a checked NHS number" in out


def test_what_is_not_there_is_said_in_one_line(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = "00000000-0000-4000-8000-000000000001"
    for command in (
        ["open", nothing],
        ["status", nothing],
        ["evidence", nothing, "x.json"],
        ["answer", nothing],
    ):
        assert main([*command, "--state", played.desk(CARE)]) == Exit.FAILED
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1


def test_evidence_is_never_written_over_another_file_and_a_changed_one_does_not_verify(
    played: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = sorted((played.state / "evidence" / CARE).glob("*.json"))[0]
    envelope = kept.stem.removeprefix(f"{HEALTH}-").removeprefix(f"{SCHOOL}-")
    file = tmp_path / "evidence.json"
    file.write_text("mine")
    command = ["evidence", envelope, str(file), "--state", played.desk(CARE)]
    assert main(command) == Exit.FAILED
    assert file.read_text() == "mine"
    file.unlink()
    assert main(command) == Exit.DONE
    assert file.stat().st_mode & 0o077 == 0
    assert hub_main(["verify", str(file), "--state", str(played.state / "hub")]) == 0
    value = json.loads(file.read_text())
    value["proof"]["index"] += 1
    file.write_text(json.dumps(value))
    assert hub_main(["verify", str(file), "--state", str(played.state / "hub")]) != 0
    capsys.readouterr()


def test_one_adapter_runs_on_a_folder(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    descriptor = os.open(played.state / CARE / "run.lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert main(["run", "--state", played.desk(CARE)]) == Exit.FAILED
    finally:
        os.close(descriptor)
    assert "stop it first" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["fhir:", "csv:x", "fhir:/no/such/folder", "fhir"])
def test_a_record_system_that_is_not_there_is_refused_at_the_start(
    played: Played, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--connector", place, "--state", played.desk(HEALTH)]) == Exit.FAILED
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """A person at a terminal, typing these lines."""

    def at_terminal(lines: list[str]) -> None:
        coming = iter(lines)

        def line(_question: str = "") -> str:
            try:
                return next(coming)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(builtins, "input", line)

    return at_terminal


def _silent(played: Played, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The ask probation never answered: its exchange, and what became of its category."""
    assert main(["inbox", "--json", "--state", played.desk(PROBATION)]) == Exit.DONE
    tasks = json.loads(capsys.readouterr().out)["tasks"]
    (task,) = [each for each in tasks if each["category"] == "household"]
    return task["exchange"], task["state"]


def test_what_was_prepared_goes_in_the_name_of_who_approves_it(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange, _ = _silent(played, capsys)
    approver = Practitioner(id="detective-77", role=PractitionerRole.SCREENER)
    category = Category.HOUSEHOLD
    folder = open_folder(played.state / PROBATION)
    try:
        with pytest.raises(WrongOrder) as refused:
            prepared(folder, exchange, open_categories(folder, exchange), approver)
        assert refused.value.code == "nothing-prepared"
        order = ItemOrder(
            exchange=exchange,
            category=category,
            practitioner=Practitioner(id="records-desk", role=PractitionerRole.SCREENER),
            grounds=Grounds(regime=Regime.UK_GDPR, article6="GDPR6-1E"),
            searched=Searched(systems=["Index"], by=["name"], as_of=date(2026, 11, 20)),
            handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
            necessity="Invented.",
        )
        saving = save_draft(
            folder, exchange=exchange, category=category, draft=draft_bytes(order), why="nil-waits"
        )
        asyncio.run(saving)
        (approved,) = prepared(folder, exchange, open_categories(folder, exchange), approver).items
        assert approved == replace(order, practitioner=approver)
    finally:
        folder.close()


def test_a_person_answers_at_the_terminal_item_by_item(
    played: Played, typed: Callable[[list[str]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    exchange, state = _silent(played, capsys)
    assert state in ("waiting", "prepared")
    command = ["answer", exchange, "--wait", "0", "--by", "detective-77", "--state", played.desk(PROBATION)]
    for unfinished in (["item", "Lives at the family home."], ["later"], ["decline", "excess", "no"]):
        typed(unfinished)
        assert main(command) == Exit.FAILED
        assert "still waits" in capsys.readouterr().err
        assert _silent(played, capsys)[1] == state
    typed([
        "item", "Lives at the family home.",  # a fact, or said? Of whom? It is asked again.
        "#2 2026-11-20 fact Lives at the family home.", "",
        "Case file; name and birth date", "c", "Bears on the child's safety.", "yes",
    ])  # fmt: skip
    assert main(command) == Exit.WAITING  # journalled; no adapter runs now
    assert "on its way" in capsys.readouterr().out
    assert _silent(played, capsys)[1] == "answered"
    assert main(command) == Exit.FAILED
    assert "Nothing of that waits" in capsys.readouterr().err


def test_without_a_terminal_it_says_how_else_to_answer(
    played: Played, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inbox", "--json", "--state", played.desk(HEALTH)]) == Exit.DONE
    exchange = json.loads(capsys.readouterr().out)["tasks"][0]["exchange"]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["answer", exchange, "--state", played.desk(HEALTH)]) == Exit.FAILED
    assert main(["answer", exchange, "--approve", "--state", played.desk(HEALTH)]) == Exit.FAILED
    capsys.readouterr()


async def test_commands_that_sign_against_the_hub_again(played: Played, tmp_path: Path) -> None:
    """The hub and social care come back; an ask is recalled, one withdrawn, keys rotated and revoked."""
    url = json.loads((played.state / CARE / "agency.json").read_text())["hub_url"]
    programs = Programs(logs=tmp_path)
    care = Desk(name=CARE, folder=played.state / CARE, programs=programs)
    health = Desk(name=HEALTH, folder=played.state / HEALTH, programs=programs)
    form = played.state / "papers" / CARE / "ask-health-2.yaml"
    try:
        await programs.start(
            "hub", "gatehouse", "serve", "--state", played.state / "hub", "--port", url.rsplit(":", 1)[1],
            ready="gatehouse is listening",
        )  # fmt: skip
        await care.start()
        asked = [
            (await care.do("ask", form, "--until", "deposited", "--wait", "30")).said["jti"] for _ in range(2)
        ]
        await care.do("recall", asked[0], "--reason", "wrong_subject", "--by", "sw-1", "--wait", "30")
        again = await care.do("recall", asked[0], "--by", "sw-1", "--wait", "30", expect=(Exit.FAILED,))
        assert again.said["act"]["problem_code"] == "wrong-state"
        await care.do("withdraw", asked[1], "--by", "sw-1", "--wait", "30")
        assert (await care.do("status", asked[0], "--until", "ended", "--wait", "30")).said[
            "state"
        ] == "recalled"
        before = (await care.do("keys", "list")).said["keys"]
        await care.do("keys", "rotate", "--by", "manager-7", "--wait", "30")
        after = (await care.do("keys", "list")).said["keys"]
        assert len(after) == len(before) + 2
        old = next(kid for kid, use in before.items() if use == "sealing")
        await care.do("keys", "revoke", old, "--by", "manager-7", "--wait", "30")
        idle = await health.do("run", "--once-idle")
        assert idle.said == {"agency": HEALTH, "connected": url}
        sent = (await health.do("status")).said["sent"]
        assert len(sent) == 3  # nothing was answered again, and what was recalled or withdrawn was not asked
    finally:
        await programs.stop_all()
