"""What may be in the repository: no large file, no path of a machine, no private key, no endless module."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "base", "manager", "misc"}
OF_A_MACHINE = re.compile(
    rb"file:///|/home/(?!gatehouse)[a-z]\w+/|/Users/\w+/"
    rb"|extra-index-url|BEGIN (EC |RSA |OPENSSH )?PRIVATE KEY"
)


def tracked() -> list[Path]:
    """The files of the repository; without git, those that a clean folder holds."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        found = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    else:
        found = [
            path for path in ROOT.rglob("*") if ".venv" not in path.parts and "__pycache__" not in path.parts
        ]
    return [path for path in found if path.is_file()]


def test_no_file_is_large() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > 1 << 20] == []


def test_no_file_names_a_machine_or_holds_a_private_key() -> None:
    here = Path(__file__).resolve()
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked()
        if path.resolve() != here and (match := OF_A_MACHINE.search(path.read_bytes()))
    }
    assert found == {}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in tracked() if path.suffix == ".py"}
    assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 500} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in tracked() if path.suffix == ".py" and path.stem in NAMES_THAT_SAY_NOTHING] == []


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"])
def test_nothing_is_left_for_later(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b".encode())
    sources = [path for path in tracked() if path.suffix in {".py", ".sql"}]
    assert [path for path in sources if pattern.search(path.read_bytes())] == []
