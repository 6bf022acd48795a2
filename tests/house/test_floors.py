"""The floors hold, and the check that says so goes red where one is broken."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the house's contracts over the packages in `root/src`."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house of the same shape with hardly anything in it."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in ("adapters", "broker", "broker/protocol", "broker/store", "keys", "policies"):
        (tmp_path / "src" / module).mkdir(parents=True)
        (tmp_path / "src" / module / "__init__.py").write_text("")
    (tmp_path / "src" / "keys" / "store.py").write_text("import pathlib\n")
    (tmp_path / "src" / "adapters" / "run.py").write_text(
        "import asyncio\nimport broker.protocol\nimport keys.store\n"
    )
    return tmp_path


def test_an_empty_house_keeps_its_floors(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "module, imported",
    [
        ("keys.sealing", "policies"),
        ("keys.sealing", "broker.protocol"),
        ("keys.sealing", "socket"),
        ("keys.sealing", "pathlib"),
        ("keys.store", "asyncio"),
        ("policies.decide", "keys"),
        ("policies.decide", "sqlite3"),
        ("policies.decide", "broker.store"),
        ("broker.protocol.wire", "broker.store"),
        ("broker.protocol.wire", "asyncpg"),
        ("broker.protocol.wire", "adapters"),
        ("broker.store", "adapters.run"),
        ("adapters.run", "broker.store"),
        ("adapters.run", "broker"),
        ("adapters.run", "asyncpg"),
    ],
)
def test_a_planted_import_turns_the_check_red(house: Path, module: str, imported: str) -> None:
    path = house / "src" / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    file.write_text(f"import {imported}\n")
    done = lint(house)
    assert done.returncode == 1
    assert f"{module} imports {imported} (line 1)" in done.stdout


def test_the_demonstration_imports_neither_side() -> None:
    for path in (ROOT / "deploy" / "demo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            assert not {name.split(".")[0] for name in names} & {"adapters", "broker"}, path.name


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime; datetime.now()",
        "import time; time.time()",
        "import uuid; uuid.uuid4()",
        "import random",
        "import os; os.urandom(8)",
    ],
)
@pytest.mark.parametrize(
    "where, allowed",
    [
        ("src/broker/store/rows.py", False),
        ("src/policies/decide.py", False),
        ("src/adapters/journal.py", False),
        ("src/broker/command/main.py", True),
        ("src/adapters/clock.py", True),
    ],
)
def test_clock_and_chance_stay_at_the_edges(line: str, where: str, allowed: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", where, "-"],
        cwd=ROOT,
        input=f"{line}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is allowed, done.stdout
