"""The command line itself: help with an example, one line for every failure, an exit code that tells, no
traceback.
"""

import json
from pathlib import Path

import pytest

from adapters.command import status
from adapters.command.exit import Exit
from adapters.command.main import main

COMMANDS = [
    ["enrol"], ["run"], ["tell"], ["ask"], ["inbox"], ["answer"], ["open"], ["status"], ["keys"],
    ["keys", "list"], ["keys", "fingerprint"], ["keys", "confirm"], ["keys", "forget"], ["keys", "rotate"],
    ["keys", "revoke"], ["consent"], ["alarm"], ["alarm", "show"], ["alarm", "clear"],
    ["consent", "give"], ["consent", "withdraw"], ["lift"], ["withdraw"], ["recall"], ["evidence"],
]  # fmt: skip
ID = "00000000-0000-4000-8000-000000000001"
NEEDS_ENROLMENT = [
    ["run"], ["inbox"], ["answer", ID, "--approve"], ["open", ID], ["status"], ["keys"], ["keys", "list"],
    ["keys", "fingerprint"], ["keys", "confirm", "eastmere-care", "12345"], ["keys", "rotate"],
    ["keys", "revoke", "x"], ["keys", "forget", "eastmere-care"], ["alarm"],
    ["alarm", "clear", "--as", "manager-2", "--why", "x"],
    ["consent", "give", "--purpose", "early_help"], ["consent", "withdraw", ID],
    ["lift", "eastmere-care", ID, "agreement"], ["withdraw", ID], ["recall", ID], ["evidence", ID, "x.json"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "example:\n  gatehouse-adapter " + command[0] in out
    assert "--state DIR" in out
    assert "--json" in out


@pytest.mark.parametrize("command", NEEDS_ENROLMENT, ids=" ".join)
def test_where_nobody_is_enrolled_it_says_what_to_do(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--state", str(tmp_path / "none")]) == Exit.FAILED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "enrol" in captured.err


def test_a_program_gets_the_error_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json", "--state", str(tmp_path)]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not-enrolled"


def test_options_count_before_and_after_an_inner_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["keys", "--json", "--state", str(tmp_path), "list"],
        ["keys", "list", "--json", "--state", str(tmp_path)],
    ):
        assert main(command) == Exit.FAILED
        captured = capsys.readouterr()
        assert str(tmp_path) in captured.err
        assert captured.out.startswith("{")


def test_the_state_folder_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEHOUSE_ADAPTER_STATE", str(tmp_path / "from-environment"))
    assert main(["status"]) == Exit.FAILED
    assert "from-environment" in capsys.readouterr().err


def test_what_was_not_foreseen_shows_no_traceback_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_arguments: object) -> int:
        raise RuntimeError("Wren Imaginary")

    monkeypatch.setattr(status, "perform", fail)
    assert main(["status"]) == Exit.FAILED
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "(RuntimeError at " in captured.err
    assert "Wren" not in captured.err + captured.out


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "perform", interrupted)
    assert main(["status"]) == Exit.STOPPED
    assert capsys.readouterr().err == "gatehouse-adapter: stopped.\n"


@pytest.mark.parametrize("command", [["ask"], ["tell"], ["answer"]], ids=" ".join)
def test_a_form_to_start_from_is_printed(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--example"]) == 0
    assert "practitioner:" in capsys.readouterr().out
    assert main(command) == Exit.FAILED
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["fly"],
        [],
        ["lift", "a", "b", "courage"],
        ["status", ID, "--wait", "soon"],
        ["recall", ID, "--reason", "whim"],
        ["recall", ID, "--by", "two words"],
        ["enrol", "--hub", "http://127.0.0.1"],
        ["alarm", "clear", "--why", "nobody says so"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_two(command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == Exit.USAGE


def test_a_code_on_the_command_line_is_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["enrol", "--hub", "http://127.0.0.1:1", "--agency", "a", "--code", "ABCDE-FGHJK"])
    assert ended.value.code == Exit.USAGE
    said = capsys.readouterr().err
    assert "--code-file" in said
    assert "ABCDE" not in said


def test_enrolment_wants_a_code_and_a_safe_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = tmp_path / "code.txt"
    code.write_text("\n")
    arguments = [
        "enrol",
        "--agency",
        "eastmere-care",
        "--state",
        str(tmp_path / "s"),
        "--code-file",
        str(code),
    ]
    assert main([*arguments, "--hub", "http://127.0.0.1:1"]) == Exit.FAILED
    assert "no enrolment code" in capsys.readouterr().err
    code.write_text("ABCDE-FGHJK")
    for url in ("http://hub.example", "ftp://hub.example", "hub.example", "https://user@hub.example"):
        assert main([*arguments, "--hub", url]) == Exit.FAILED
        assert "https://" in capsys.readouterr().err
    assert not (tmp_path / "s" / "agency.json").exists()
