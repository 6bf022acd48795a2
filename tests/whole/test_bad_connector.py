"""A real adapter on a record system that hangs: it stops at once, and nothing of it is left running."""

import shutil
from pathlib import Path

import psutil
import pytest

from tests.adapters.connectors import bad_connector
from tests.whole import forms
from tests.whole.programs import until
from tests.whole.stage import CARE, HEALTH, Stage

RULES = """\
[practitioner]
id = "records-desk"
role = "screener"
[category.health_attendances]
release = "automatic"
nil = "automatic"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "It bears on the enquiry."
"""


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """Social care, and health whose adapter each test starts on its connector."""
    bare_stage.play(CARE, HEALTH)
    return bare_stage


def connectors_of(pid: int) -> list[psutil.Process]:
    """The processes of an adapter's connector."""
    return psutil.Process(pid).children(recursive=True)


def ended(process: psutil.Process) -> bool:
    """Whether a process has, also where nobody has taken note of it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_adapter_ends_while_its_connector_hangs_and_the_connector_ends_with_it(
    stage: Stage, tmp_path: Path, end: str
) -> None:
    care, health = stage.agencies[CARE], stage.agencies[HEALTH]
    file = tmp_path / "bad.py"
    shutil.copy(bad_connector.__file__, file)
    file.chmod(0o600)
    health.stop()
    (health.state / "answering.toml").write_text(RULES)
    health.start("--connector", f"python:{file}:find-hangs")
    assert health.running is not None
    (connector,) = connectors_of(health.running.child.pid)
    form = care.paper(f"{end}.yaml", forms.ask(HEALTH, "health_attendances"))
    exchange = care.say("ask", form, "--until", "settled", "--wait", "60")["jti"]
    # It hangs, and what people do meanwhile is done.
    answer = health.paper("answer.yaml", forms.answer("health_attendances", preset="s47-answering-health"))
    health.say("answer", exchange, "--from", answer, "--wait", "30")
    care.receives(exchange, "item", count=1)
    if end == "stop":
        health.stop()
    else:
        health.kill()
    until(lambda: ended(connector), "the connector's process ended")
    assert ended(connector)
