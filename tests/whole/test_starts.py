"""Starting: what must not start does not, and says why in one line; adapters over TLS; an adapter whose hub
is not there yet. Real processes throughout; more of `serve` is in `tests/broker/command`.
"""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.whole import forms
from tests.whole.programs import Program, Ran, command, command_line, process, until
from tests.whole.stage import CARE, HEALTH, SCHOOL, Stage
from tests.whole.test_manners import said_in_one_line


def refused(stage: Stage, *arguments: str | Path, state: Path | None = None) -> str:
    """Start a hub that must not start; the one line it says."""
    where = state or stage.state
    ran = process("gatehouse", "serve", "--state", where, "--port", "0", *arguments, env=stage.env, expect=1)
    assert ran.out == ""
    return said_in_one_line(Ran(code=ran.code, out=ran.out, err=_without_log(ran.err)))


def _without_log(text: str) -> str:
    """Standard error without the log's JSON lines."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("{"))


class Certificate:
    """A self-made certificate of 127.0.0.1 and its key, as files."""

    def __init__(self, folder: Path, name: str = "hub") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.cert, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self.cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.key.chmod(0o600)

    @property
    def options(self) -> tuple[str | Path, ...]:
        """As `serve` takes them."""
        return ("--tls-cert", self.cert, "--tls-key", self.key)


class TestRefused:
    """What must not start."""

    def test_on_a_port_in_use(self, bare_stage: Stage) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            assert "--port" in refused(bare_stage, "--port", str(taken.getsockname()[1]))
        for port in ("70000", "-1", "x", "\N{ARABIC-INDIC DIGIT ONE}"):
            ran = process("gatehouse", "serve", "--state", bare_stage.state, "--port", port, expect=2)
            assert "--port" in ran.err.splitlines()[-1]

    def test_on_a_database_that_is_not_there_without_showing_its_password(self, bare_stage: Stage) -> None:
        for url in (
            "postgresql://hub:sesame@127.0.0.1:1/hub",
            "nonsense://hub:sesame@x/y",
            "postgresql://[sesame",
        ):
            line = refused(bare_stage, "--database", url)
            assert "sesame" not in line

    def test_in_a_folder_that_is_none(self, bare_stage: Stage, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        refused(bare_stage, state=tmp_path / "file")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "keys").symlink_to(tmp_path)
        refused(bare_stage, state=tmp_path / "folder")

    @pytest.mark.as_root
    def test_in_a_folder_of_somebody_else(self, bare_stage: Stage, tmp_path: Path) -> None:
        (tmp_path / "theirs").mkdir()
        os.chown(tmp_path / "theirs", 60999, 60999)
        assert "is not a folder of this user" in refused(bare_stage, state=tmp_path / "theirs")

    def test_with_a_key_that_others_may_read(self, bare_stage: Stage, tmp_path: Path) -> None:
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "decision").write_bytes(bytes(32))
        (tmp_path / "keys" / "decision").chmod(0o644)
        line = refused(bare_stage, state=tmp_path)
        assert "decision is open to other users; chmod 600 it" in line


@pytest.fixture(scope="module")
def stopped(bare_stage: Stage) -> Stage:
    """A hub that has run and was stopped."""
    bare_stage.serve()
    assert bare_stage.hub is not None
    assert bare_stage.hub.stop() == 0
    return bare_stage


class TestOneDatabase:
    """A hub on a database that has seen another program."""

    def test_a_newer_schema_is_refused(self, stopped: Stage) -> None:
        stopped.sql("INSERT INTO schema_version VALUES (99, 'from the future')")
        try:
            line = refused(stopped)
        finally:
            stopped.sql("DELETE FROM schema_version WHERE number = 99")
        assert "schema 99" in line
        assert "install the newer" in line

    def test_the_keys_of_another_hub_are_refused(self, stopped: Stage, tmp_path: Path) -> None:
        refused(stopped, state=tmp_path / "other")

    def test_an_open_folder_is_closed_to_others(self, stopped: Stage) -> None:
        stopped.state.chmod(0o755)
        (stopped.state / "keys").chmod(0o755)
        stopped.serve()
        assert stopped.hub is not None
        assert {oct(path.stat().st_mode & 0o777) for path in (stopped.state, stopped.state / "keys")} == {
            "0o700"
        }
        files = [path for path in stopped.state.rglob("*") if path.is_file()]
        assert {oct(path.stat().st_mode & 0o077) for path in files} == {"0o0"}, files
        assert len(files) >= 5
        assert stopped.hub.stop() == 0


@pytest.fixture(scope="module")
def tls(stopped: Stage) -> Iterator[tuple[Stage, Certificate]]:
    """A hub on every address, reached as 127.0.0.1 over TLS."""
    certificate = Certificate(stopped.folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    url = f"https://127.0.0.1:{port}"
    stage = Stage(
        folder=stopped.folder,
        database=stopped.database,
        arguments=("--host", "0.0.0.0", "--port", port, "--url", url, *certificate.options),
        trust=("--ca", certificate.cert),
    )
    try:
        stage.serve()
        assert stage.url == url
        yield stage, certificate
        assert stage.hub is not None
        assert stage.hub.stop() == 0
    finally:
        stage.close()


class TestTls:
    """Over TLS with a certificate of one's own."""

    def test_an_exchange_by_adapters_that_know_the_authority(self, tls: tuple[Stage, Certificate]) -> None:
        hub, certificate = tls
        for name in (CARE, SCHOOL):
            hub.enrol(name, "--ca", certificate.cert)
        hub.agree()
        for agency in hub.agencies.values():
            agency.start()
        hub.confirm_all()
        care, school = hub.agencies[CARE], hub.agencies[SCHOOL]
        form = care.paper("ask.yaml", forms.ask(SCHOOL, "attendance"))
        ask = care.say("ask", form, "--until", "settled", "--wait", "60")["jti"]
        assert school.inbox(ask)[0]["outcome"] == "opened"
        school.stop()
        care.stop()

    def test_without_the_authority_nothing_is_sent(
        self, tls: tuple[Stage, Certificate], tmp_path: Path
    ) -> None:
        hub, _ = tls
        stranger = Certificate(tmp_path, "stranger")
        (tmp_path / "code").write_text("ANY")
        for more in ((), ("--ca", stranger.cert), ("--ca", tmp_path / "none"), ("--ca", stranger.key)):
            ran = command(
                "gatehouse-adapter", "enrol", "--hub", hub.url, "--agency", "school", "--code-file",
                tmp_path / "code", "--state", tmp_path / "school", *more, expect=1,
            )  # fmt: skip
            said_in_one_line(ran)
            assert not (tmp_path / "school" / "agency.json").exists()
            said_in_one_line(hub.do("agency", "stop", "nobody", *more, expect=1))

    def test_plain_http_is_spoken_to_no_other_machine(self, tmp_path: Path) -> None:
        (tmp_path / "code").write_text("ANY")
        ran = command(
            "gatehouse-adapter", "enrol", "--hub", "http://192.0.2.1:8443", "--agency", "school",
            "--code-file", tmp_path / "code", "--state", tmp_path / "school", expect=1,
        )  # fmt: skip
        assert "https://" in said_in_one_line(ran)


class TestAdapter:
    """An adapter and a hub that is not always there."""

    def test_it_may_start_before_its_hub_and_is_stopped_by_the_keyboard(self, stopped: Stage) -> None:
        stopped.serve()
        health = stopped.enrol(HEALTH)
        assert stopped.hub is not None
        assert stopped.hub.stop() == 0
        health.begin()
        running = health.running
        assert running is not None
        until(lambda: any(each.get("code") == "no-connection" for each in running.events()), "it has tried")
        stopped.serve(port=stopped.port)
        health.connected()
        # A second one on the same folder would close the first one's connections.
        line = [*command_line("gatehouse-adapter"), "run", "--state", str(health.state)]
        again = Program.start("again", line, logs=stopped.logs)
        assert again.ended() == 1
        assert "Another gatehouse-adapter run is at work" in again.err.read_text()
        running.child.send_signal(signal.SIGINT)
        assert running.ended() == 0
        health.running = None
        assert [line for line in running.err.read_text().splitlines() if not line.startswith("{")] == []
        assert [row[0] for row in health.rows("PRAGMA integrity_check")] == ["ok"]
        assert stopped.hub.stop() == 0
