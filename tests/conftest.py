"""What every test may ask for: databases, the real inputs beside the repository, and no skip on demand.

`GATEHOUSE_TEST_DATABASE` names an external PostgreSQL whose role may create databases; storing tests then run
on it, and those marked `both_servers` on both. `GATEHOUSE_TEST_INPUTS` is the folder of real inputs. With
`GATEHOUSE_TEST_ALL=1` nothing may be skipped.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import Server, Servers

ROOT = Path(__file__).resolve().parents[1]
EXTERNAL = os.environ.get("GATEHOUSE_TEST_DATABASE") or None
EVERYTHING = os.environ.get("GATEHOUSE_TEST_ALL") == "1"

# Two cores shared with a database tell nothing about how fast an example should be.
settings.register_profile("gatehouse", deadline=None)
settings.load_profile("gatehouse")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The PostgreSQL servers of this test process."""
    made = Servers(tmp_path_factory.mktemp("server"), EXTERNAL)
    yield made
    made.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count as left out, what needs root where we are not root."""
    if os.geteuid() == 0:
        return
    ours = [item for item in items if item.get_closest_marker("as_root") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in ours])
    items[:] = ours


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_servers` on each server there is."""
    if "server_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_servers"):
        kinds = ["embedded", "external"] if EXTERNAL else ["embedded"]
        metafunc.parametrize("server_kind", kinds)


@pytest.fixture
def server_kind() -> str:
    """Which server a storing test uses unless it is marked `both_servers`."""
    return "external" if EXTERNAL else "embedded"


@pytest.fixture
def server(servers: Servers, server_kind: str) -> Server:
    """The PostgreSQL server of this test."""
    return servers.get(server_kind)


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """The URL of a database with the hub's schema, this test's own."""
    url = server.migrated()
    yield url
    server.drop(url)


@pytest.fixture
def empty_database_url(server: Server) -> Iterator[str]:
    """The URL of a database with nothing in it, this test's own."""
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def test_inputs() -> Path:
    """The folder of real inputs, which lies beside the repository; skips where it is absent."""
    folder = Path(os.environ.get("GATEHOUSE_TEST_INPUTS") or ROOT.parent / "shared")
    if not (folder / "vectors").is_dir():
        pytest.skip("no folder of real inputs: GATEHOUSE_TEST_INPUTS does not lead to one")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under GATEHOUSE_TEST_ALL a skipped test is a failed one."""
    report = yield
    if EVERYTHING and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped although GATEHOUSE_TEST_ALL=1: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under GATEHOUSE_TEST_ALL a module that skips itself is a failed one."""
    report = yield
    if EVERYTHING and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: skipped although GATEHOUSE_TEST_ALL=1: {report.longrepr}"
    return report
