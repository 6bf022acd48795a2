"""One stage per module."""

from collections.abc import Iterator

import pytest

from tests.conftest import EXTERNAL
from tests.servers import Servers
from tests.whole.stage import CARE, HEALTH, SCHOOL, Stage


@pytest.fixture(scope="module")
def bare_stage(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with nobody on it: no process runs yet."""
    server = servers.get("external" if EXTERNAL else "embedded")
    url = server.empty()
    made = Stage(folder=tmp_path_factory.mktemp("stage"), database=url)
    yield made
    made.close()
    server.drop(url)


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """A hub with social care, health and a school at it, everybody running and confirmed."""
    bare_stage.play(CARE, HEALTH, SCHOOL)
    return bare_stage
