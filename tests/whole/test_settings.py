"""Settings of both programs: a flag, else its variable, else the file, else the default."""

from pathlib import Path

import pytest

import adapters.command.main
import broker.command.main
from tests.whole.programs import command


def parsed(program: str, *arguments: str) -> dict[str, object]:
    """How a command line is understood."""
    main = broker.command.main if program == "gatehouse" else adapters.command.main
    found: dict[str, object] = vars(main._parsed(list(arguments)))
    return found


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's state folder with a file in it, and no variables."""
    for name in ("DATABASE", "STATE", "PORT", "CONFIG"):
        monkeypatch.delenv(f"GATEHOUSE_{name}", raising=False)
    (tmp_path / "gatehouse.toml").write_text('port = 9001\nhost = "127.0.0.2"\ntls-cert = "/x/chain.pem"\n')
    return tmp_path


def test_a_flag_comes_before_a_variable_before_the_file_before_the_default(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("serve", "--state", str(hub))
    assert parsed("gatehouse", *line)["port"] == 9001
    assert parsed("gatehouse", *line)["tls_cert"] == Path("/x/chain.pem")
    assert parsed("gatehouse", *line)["origin"] == "gatehouse.hub"
    monkeypatch.setenv("GATEHOUSE_PORT", "9002")
    assert parsed("gatehouse", *line)["port"] == 9002
    assert parsed("gatehouse", *line, "--port", "9003")["port"] == 9003
    assert parsed("gatehouse", *line)["host"] == "127.0.0.2"


def test_the_file_may_lie_elsewhere_and_then_name_the_state_folder(hub: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('state = "/srv/gatehouse"\nport = 9004\n')
    found = parsed("gatehouse", "serve", "--config", str(file))
    assert (found["state"], found["port"]) == (Path("/srv/gatehouse"), 9004)


def test_the_adapter_reads_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gatehouse.toml").write_text('connector = "fhir:/srv/records"\npoll = 30\nrole = "manager"\n')
    line = ("run", "--state", str(tmp_path))
    found = parsed("gatehouse-adapter", *line)
    assert (found["connector"], found["poll"]) == ("fhir:/srv/records", 30)
    assert parsed("gatehouse-adapter", "withdraw", "x", "--state", str(tmp_path))["role"] == "manager"
    monkeypatch.setenv("GATEHOUSE_ADAPTER_POLL", "10")
    assert parsed("gatehouse-adapter", *line)["poll"] == 10
    assert parsed("gatehouse-adapter", *line, "--poll", "5")["poll"] == 5
    assert parsed("gatehouse-adapter", *line, "--poll")["poll"] == 0


@pytest.mark.parametrize(
    "text, says",
    [
        ("prot = 1\n", "there is no setting prot; settings are "),
        ('state = "/x"\n', "there is no setting state"),
        ("port = true\n", "port is to be a text or a whole number"),
        ("[serve]\nport = 1\n", "there is no setting serve"),
        ("port = \n", "is no TOML"),
        ("port = 70000\n", "a number up to 65535 is needed"),
    ],
)
def test_what_is_no_setting_is_refused_with_a_sentence(hub: Path, text: str, says: str) -> None:
    (hub / "gatehouse.toml").write_text(text)
    ran = command("gatehouse", "serve", "--state", hub, expect=2)
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_was_named_and_is_not_there_is_said(tmp_path: Path) -> None:
    for program, line in (("gatehouse", "serve"), ("gatehouse-adapter", "run")):
        ran = command(program, line, "--config", tmp_path / "none.toml", expect=2)
        assert "is not there" in ran.err


@pytest.mark.parametrize(
    "program, line, variables",
    [
        ("gatehouse", "serve", ("STATE", "DATABASE", "HOST", "PORT", "URL", "TLS_CERT", "METRICS", "CONFIG")),
        ("gatehouse", "doctor", ("STATE", "DATABASE", "CA")),
        (
            "gatehouse-adapter",
            "run",
            ("ADAPTER_STATE", "ADAPTER_CONNECTOR", "ADAPTER_POLL"),
        ),
        ("gatehouse-adapter", "enrol", ("ADAPTER_HUB", "ADAPTER_AGENCY", "ADAPTER_CA")),
    ],
)
def test_help_names_the_variable_of_each(program: str, line: str, variables: tuple[str, ...]) -> None:
    shown = command(program, line, "--help").out
    assert [name for name in variables if f"GATEHOUSE_{name}" not in shown] == []
