"""The lock files: every requirement pinned and hashed, none with an address, and nothing under a GPL."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {name: ROOT / "locks" / f"{name}.txt" for name in ("runtime", "dev")}


def requirements(name: str) -> dict[str, tuple[str, list[str]]]:
    """Each requirement of a lock file, with its version and its hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", LOCKS[name].read_text().strip()):
        lines = entry.replace("\\\n", "\n").splitlines()
        matched = re.fullmatch(r"([a-z0-9-]+)==([\w.]+)(?: ; [\w .'\"=!<>()]+)?", lines[0].strip())
        assert matched, lines[0]
        found[matched[1]] = (matched[2], [line.strip() for line in lines[1:]])
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes_only(name: str) -> None:
    for package, (_, hashes) in requirements(name).items():
        assert hashes, package
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), package


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_holds_an_address_or_a_path(name: str) -> None:
    assert not re.search(r"://|/|@|--(?!hash)", LOCKS[name].read_text())


def test_what_is_tested_is_what_is_run() -> None:
    runtime, dev = requirements("runtime"), requirements("dev")
    assert {package: dev.get(package) for package in runtime} == runtime


def test_every_stated_requirement_and_the_build_backend_are_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]

    def names(stated: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", line)[0].lower().replace(".", "-") for line in stated}

    assert names(project["project"]["dependencies"]) | names(groups["build"]) <= set(requirements("runtime"))
    assert names(groups["dev"]) | names(project["build-system"]["requires"]) <= set(requirements("dev"))


def test_nothing_installed_from_a_lock_is_under_a_gpl() -> None:
    for package in requirements("dev"):
        try:
            about = importlib.metadata.metadata(package).json
        except importlib.metadata.PackageNotFoundError:  # for another platform
            continue
        classifiers = [line for line in about.get("classifier", []) if line.startswith("License")]
        terms = [str(about.get("license_expression", "")), str(about.get("license", ""))[:100], *classifiers]
        assert not re.search(r"\bA?GPL|GNU (Affero )?General Public", " ".join(terms)), package
