"""How the two programs say no: in one line, without a traceback, and nothing about people is repeated."""

import json
import re
from pathlib import Path

import pytest

from tests.whole import forms
from tests.whole.programs import Ran, command, process
from tests.whole.stage import CARE, SCHOOL, Stage


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """A hub, and one agency whose adapter does not run."""
    bare_stage.serve()
    bare_stage.enrol(CARE)
    return bare_stage


def said_in_one_line(ran: Ran) -> str:
    """The one line a command said no with."""
    assert ran.code not in (0, None)
    assert ran.err.count("\n") == 1, ran
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.out + ran.err
    assert "should not" not in ran.err, "nobody had thought of it"
    return ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("inbox",), ("status",), ("run",), ("keys",), ("keys", "rotate"), ("open", "x"), ("recall", "x"),
        ("withdraw", "x"), ("lift", "care", "x", "agreement"), ("consent", "withdraw", "x"), ("consent",),
        ("consent", "give", "--purpose", "early_help"), ("evidence", "x", "y"),
        ("answer", "x"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_agency_that_is_not_enrolled_is_told_so(arguments: tuple[str, ...], tmp_path: Path) -> None:
    line = said_in_one_line(command("gatehouse-adapter", *arguments, "--state", tmp_path / "none", expect=1))
    assert "gatehouse-adapter enrol" in line or "consent give, or" in line
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", "x"), ("status", "x"), ("answer", "x"), ("answer",), ("recall", "x"), ("withdraw", "x"),
        ("lift", "care", "x", "agreement"), ("consent", "withdraw", "x"),
        ("consent", "give", "x", "--purpose", "early_help"),
        ("consent", "give", "--purpose", "x"), ("keys", "revoke", "x"), ("keys", "confirm", "school", "1"),
        ("evidence", "x", "y"), ("evidence", "x"), ("evidence",), ("ask", "none.yaml"), ("tell", "none.yaml"),
        ("run", "--connector", "fhir:none"), ("run", "--connector", "x"), ("recall", "x", "--by", "x"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_there_is_said_in_one_line(stage: Stage, arguments: tuple[str, ...]) -> None:
    said_in_one_line(stage.agencies[CARE].do(*arguments, expect=1))


_GOOD = forms.ask(SCHOOL, "attendance")
_BAD_FORMS = {
    "empty": "",
    "no mapping": "- 1\n- 2\n",
    "cut off": _GOOD[:-30],
    "a tab": _GOOD.replace("purpose:", "\tpurpose:"),
    "a repeated field": _GOOD + "to: school\n",
    "an unknown field": _GOOD + "colour: red\n",
    "a reference": _GOOD.replace("to: school", "to: &a school"),
    "a tag": _GOOD.replace("to: school", "to: !!python/object/apply:os.system [x]"),
    "another purpose": _GOOD.replace("child_protection_enquiry", "curiosity"),
    "no category": _GOOD.replace("[attendance]", "[]"),
    "a category twice": _GOOD.replace("[attendance]", "[attendance, attendance]"),
    "no subject": re.sub(r"subjects:\n.*\n", "subjects: []\n", _GOOD),
    "a wrong check digit": _GOOD.replace("9990000018", "9990000019"),
    "a wrong date": _GOOD.replace("2016-05-04", "2016-02-30"),
    "a due time of words": _GOOD.replace("due_within: 1h", "due_within: soon"),
    "a preset that is none": _GOOD.replace("s47-asking", "carte-blanche"),
    "a preset of others": _GOOD.replace("s47-asking", "s47-answering-health"),
    "a subject that is none": _GOOD.replace(
        "schedule1_for_everyone: c", "schedule1: [{subject: 7, reason: c}]"
    ),
    "consent without a reason": _GOOD.replace(", why_not_sought: prejudice", ""),
    "an agency of no name": _GOOD.replace("to: school", "to: 'No such Agency'"),
    "an agency nobody knows": _GOOD,
    "a very long line": _GOOD.replace("Duty desk", "x" * 1_000),
    "a very long form": _GOOD + "#" * (1 << 20),
    "bytes": "\x00\x01\x02",
    "deep": "a: " + "[" * 1_000,
}


@pytest.mark.parametrize("name", _BAD_FORMS)
def test_a_form_that_is_wrong_is_said_in_one_line(stage: Stage, name: str) -> None:
    care = stage.agencies[CARE]
    path = care.paper("bad.yaml", _BAD_FORMS[name])
    line = said_in_one_line(care.do("ask", path, expect=1))
    assert "Quillfeather" not in line
    assert "9990000019" not in line
    assert care.rows("SELECT 1 FROM sent") == []


def test_a_form_that_is_no_text_is_said_in_one_line(stage: Stage) -> None:
    care = stage.agencies[CARE]
    path = care.paper("bad.yaml", "")
    path.write_bytes(b"\xff\xfe\x00t")
    said_in_one_line(care.do("ask", path, expect=1))
    said_in_one_line(care.do("ask", path.parent, expect=1))


class TestEnrolment:
    """The code, and the hub's address."""

    def test_a_wrong_code_is_refused_and_not_repeated(self, stage: Stage, tmp_path: Path) -> None:
        stage.invite(SCHOOL)
        for code in ("WRONG-WRONG-WRONG-WRONG", "x", "\N{SNOWMAN}", "'; DROP TABLE agency; --"):
            line = self._enrol(stage, tmp_path, code)
            assert code not in line
            assert not (tmp_path / "school" / "agency.json").exists()

    def test_a_code_is_good_once(self, stage: Stage, tmp_path: Path) -> None:
        used = (stage.agencies[CARE].papers / "code").read_text()
        line = self._enrol(stage, tmp_path, used, agency=CARE)
        assert used not in line

    def test_an_agency_nobody_invited_reads_the_same_as_a_wrong_code(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        lines = {
            self._enrol(stage, tmp_path / name, "WRONG-WRONG-WRONG-WRONG", agency=name)
            for name in (CARE, "nobody-invited")
        }
        assert len(lines) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:1",
            "http://hub.example:8443",
            "ftp://x",
            "",
            "https://",
            "http://127.0.0.1:1?x=1",
        ],
    )
    def test_an_address_that_is_no_hub(self, stage: Stage, tmp_path: Path, url: str) -> None:
        self._enrol(stage, tmp_path, "CODE", url=url)

    def test_no_code_at_all(self, stage: Stage, tmp_path: Path) -> None:
        self._enrol(stage, tmp_path, "")
        missing = ("--code-file", tmp_path / "none")
        arguments = ("enrol", "--hub", stage.url, "--agency", SCHOOL, *missing, "--state", tmp_path / "x")
        said_in_one_line(command("gatehouse-adapter", *arguments, expect=1))

    def _enrol(
        self, stage: Stage, folder: Path, code: str, *, agency: str = SCHOOL, url: str | None = None
    ) -> str:
        folder.mkdir(exist_ok=True)
        (folder / "code").write_text(code)
        at = stage.url if url is None else url
        ran = command(
            "gatehouse-adapter", "enrol", "--hub", at, "--agency", agency, "--code-file", folder / "code",
            "--state", folder / agency, expect=1,
        )  # fmt: skip
        return said_in_one_line(ran)


class TestAdministration:
    """The hub's commands."""

    @pytest.mark.parametrize(
        "option, value",
        [
            ("--sector", "astrology"), ("--controller", "{"), ("--controller", "none.json"),
            ("--controller", "{}"), ("--controller", '{"id": "a", "id": "b"}'),
            ("--controller", '{"id": "a", "name": "b", "colour": 1}'),
            ("--code-ttl", "0"), ("--name", ""), ("--duty-contact", "x" * 300), ("--key", "none"),
            ("--hub", "http://127.0.0.1:1"), ("--hub", "x"), ("--person", "nobody"), ("--ca", "none"),
        ],
    )  # fmt: skip
    def test_an_agency_that_cannot_be_added(self, stage: Stage, option: str, value: str) -> None:
        good = {
            "--name": "x", "--sector": "health", "--duty-contact": "x",
            "--controller": '{"id": "a", "name": "b", "public_authority": true}',
        }  # fmt: skip
        if option == "--ca":
            good["--hub"] = "https://127.0.0.1:1"
        options = [each for pair in (good | {option: value}).items() for each in pair]
        said_in_one_line(stage.do("agency", "add", "some-agency", *options, expect=1))

    @pytest.mark.parametrize(
        "arguments",
        [
            ("agency", "add", "No Such Id", "--name", "x", "--sector", "health", "--duty-contact", "x",
             "--controller", '{"id": "a", "name": "b", "public_authority": true}'),
            ("agency", "stop", "nobody"), ("agency", "revoke-key", "care", "x"), ("agreement", "end", "none"),
            ("agency", "revoke-key", "care", "A" * 43),
            ("agreement", "sign"), ("agreement", "sign", "none.json"), ("verify", "none.json"),
            ("agreement", "sign", "--id", "x", "--controllers", "a", "--purposes", "x", "--categories", "y",
             "--from", "z"),
        ],
        ids=lambda words: " ".join(words)[:40],
    )  # fmt: skip
    def test_what_cannot_be_done_is_said_in_one_line(self, stage: Stage, arguments: tuple[str, ...]) -> None:
        said_in_one_line(stage.do(*arguments, expect=1))

    def test_an_agency_twice(self, stage: Stage) -> None:
        facts = '{"id": "a", "name": "b", "public_authority": true}'
        again = ("--name", "x", "--sector", "health", "--duty-contact", "x", "--controller", facts)
        said_in_one_line(stage.do("agency", "add", CARE, *again, expect=1))

    @pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"hub": 1, "hub": 2}', b"[" * 100_000])
    def test_a_file_that_is_no_evidence_and_no_keys(
        self, stage: Stage, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "x.json"
        path.write_bytes(content)
        said_in_one_line(stage.do("verify", path, expect=1))
        said_in_one_line(stage.do("verify", path, "--hub-keys", path, expect=1))
        said_in_one_line(stage.do("agreement", "sign", path, expect=1))

    @pytest.mark.parametrize(
        "arguments",
        [
            ("agency", "list"), ("policy", "show"), ("log", "export", "x"), ("agency", "stop", "care"),
            ("verify", "x"), ("agreement", "end", "x"),
        ],
        ids=" ".join,
    )  # fmt: skip
    def test_a_folder_that_is_no_hubs(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        said_in_one_line(command("gatehouse", *arguments, "--state", tmp_path / "none", expect=1))
        assert not (tmp_path / "none").exists()

    def test_doctor_says_what_is_wrong_and_fails(self, tmp_path: Path) -> None:
        ran = command("gatehouse", "doctor", "--state", tmp_path / "none", expect=1)
        assert "failed" in ran.out
        assert ran.err == ""


class TestDamagedFolder:
    """What lies in a state folder is not what belongs there."""

    @pytest.fixture
    def damaged(self, stage: Stage, tmp_path: Path) -> Path:
        """A copy of an agency's state folder, to be damaged."""
        import shutil

        shutil.copytree(stage.agencies[CARE].state, tmp_path / "care")
        return tmp_path / "care"

    @pytest.mark.parametrize("content", [b"", b"{}", b"not JSON", b"\x00" * 100])
    @pytest.mark.parametrize("name", ["agency.json", "journal.sqlite", "keys/key-sets.json", "keys/storage"])
    def test_a_file_of_other_content(self, damaged: Path, name: str, content: bytes) -> None:
        if (name, content) == ("journal.sqlite", b""):
            return  # an empty file is a new journal
        for more in ("-wal", "-shm"):
            (damaged / f"journal.sqlite{more}").unlink(missing_ok=True)
        (damaged / name).write_bytes(content)
        said_in_one_line(command("gatehouse-adapter", "inbox", "--state", damaged, expect=1))

    @pytest.mark.parametrize("name", ["keys/identity", "keys/storage", "keys/key-sets.json"])
    def test_a_key_that_others_may_read(self, damaged: Path, name: str) -> None:
        (damaged / name).chmod(0o644)
        line = said_in_one_line(command("gatehouse-adapter", "inbox", "--state", damaged, expect=1))
        assert "chmod 600" in line
        assert Path(name).name in line

    @pytest.mark.parametrize("name", ["keys/identity", "keys/storage", "keys/dpop"])
    def test_a_key_that_is_gone(self, damaged: Path, name: str) -> None:
        (damaged / name).unlink()
        said_in_one_line(command("gatehouse-adapter", "inbox", "--state", damaged, expect=1))

    def test_a_journal_of_a_newer_adapter(self, damaged: Path) -> None:
        import sqlite3

        db = sqlite3.connect(damaged / "journal.sqlite")
        db.execute("PRAGMA user_version = 99")
        db.close()
        line = said_in_one_line(command("gatehouse-adapter", "inbox", "--state", damaged, expect=1))
        assert "upgrade" in line


def test_errors_are_json_where_a_program_reads(stage: Stage) -> None:
    ran = stage.agencies[CARE].do("open", "x", "--json", expect=1)
    assert set(ran.json["error"]) == {"code", "message"}
    assert re.fullmatch(r"[a-z0-9-]+", ran.json["error"]["code"])


def test_a_real_process_says_the_same(stage: Stage, tmp_path: Path) -> None:
    """The control of calling `main`: an interpreter of its own adds nothing to what is said."""
    for program, *arguments in (
        ("gatehouse-adapter", "open", "x", "--state", str(stage.agencies[CARE].state)),
        ("gatehouse", "verify", str(tmp_path / "none"), "--state", str(stage.state)),
    ):
        assert process(program, *arguments, expect=1) == command(program, *arguments, expect=1)
    assert json.loads((stage.state / "hub.json").read_bytes())["url"] == stage.url
