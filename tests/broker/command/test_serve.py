"""`gatehouse serve` as a real process: first start, stop, kill, company, TLS, and what it refuses."""

import datetime as dt
import json
import os
import signal
import ssl
import stat
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.broker.command.program import gatehouse, refused, serving


def get(url: str, *, trust: ssl.SSLContext | None = None) -> dict[str, object]:
    """A JSON object from a hub."""
    with urllib.request.urlopen(url, timeout=10, context=trust) as response:
        value: dict[str, object] = json.loads(response.read())
        return value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_start_makes_a_private_folder_and_the_next_finds_it_again_even_after_a_kill(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with serving(state) as hub:
        assert mode(state) == mode(state / "keys") == 0o700
        assert {mode(path) for path in (state / "keys").iterdir()} == {0o600}
        file = hub.hub_file
        assert set(file) == {"url", "hub", "origin", "decision_key", "log_vkey", "pid"}
        assert (file["url"], file["pid"]) == (hub.url, hub.process.pid)
        first = get(f"{hub.url}/v1/hub")
        assert {name: first[name] for name in ("hub", "origin", "decision_key", "log_vkey")} == {
            name: file[name] for name in ("hub", "origin", "decision_key", "log_vkey")
        }
        assert get(f"{hub.url}/readyz")["status"] == "ready"
        hub.kill()
    with serving(state) as hub:
        assert get(f"{hub.url}/v1/hub") == first
        assert hub.stop() == 0
        events = [json.loads(line)["event"] for line in hub.errors.read_text().splitlines()]
        assert events[-2:] == ["stopping", "stopped"]
    assert not (state / "postgres" / "data" / "postmaster.pid").exists()
    # What the hub's keys are is still known when it is not running, for `verify`.
    assert gatehouse("keys", "list", state=state).returncode == 0
    # A key that is lost is not quietly made anew: subjects would get other tokens, records another signer.
    (state / "keys" / "subject").unlink()
    assert "restore" in refused("serve", "--port", "0", "--state", state)


def test_an_embedded_database_that_dies_is_started_again_and_the_hub_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with serving(state) as hub:
        pid = int((state / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        seen: set[int] = set()
        deadline = time.monotonic() + 60
        while seen != {200, 503} and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{hub.url}/readyz", timeout=10) as response:
                    seen |= {response.status} if 503 in seen else set()
            except urllib.error.HTTPError as error:
                seen.add(error.code)
            time.sleep(0.2)
        assert seen == {200, 503}
        assert gatehouse("agency", "list", state=state).returncode == 0
        assert hub.stop() == 0


def test_two_hubs_on_one_folder_are_one_hub_on_two_ports(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with serving(state) as one, serving(state) as other:
        assert one.url != other.url
        assert get(f"{one.url}/v1/hub") == get(f"{other.url}/v1/hub")
        assert one.stop() == 0
        assert get(f"{other.url}/readyz")["status"] == "ready"
        assert other.hub_file["url"] == other.url
        listed = gatehouse("agency", "list", "--json", state=state)
        assert (listed.returncode, listed.stdout) == (0, "[]\n")
        assert other.stop() == 0
    assert not (state / "postgres" / "data" / "postmaster.pid").exists()


def test_a_named_database_is_used_in_place_of_the_embedded_one(
    tmp_path: Path, empty_database_url: str
) -> None:
    state = tmp_path / "state"
    with serving(state, "--database", empty_database_url) as hub:
        assert get(f"{hub.url}/readyz")["status"] == "ready"
        assert not (state / "postgres").exists()
        exported = gatehouse(
            "log", "export", tmp_path / "log", "--database", empty_database_url, "--json", state=state
        )
        assert json.loads(exported.stdout)["size"] == 1
        # Another folder has other keys: it must not take this hub's database for its own.
        other = tmp_path / "other"
        line = refused("serve", "--port", "0", "--state", other, "--database", empty_database_url)
        assert "other keys" in line


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "chain.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    paths[1].chmod(0o600)
    return paths


def test_with_certificate_files_the_hub_speaks_tls_of_this_decade(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    state = tmp_path / "state"
    with serving(state, "--host", "localhost", "--tls-cert", chain, "--tls-key", key) as hub:
        assert hub.url.startswith("https://localhost:")
        trust = ssl.create_default_context(cafile=str(chain))
        assert get(f"{hub.url}/healthz", trust=trust) == {"status": "ok"}
        with urllib.request.urlopen(f"{hub.url}/healthz", context=trust) as response:
            assert "max-age" in response.headers["Strict-Transport-Security"]
        add = (
            "agency",
            "add",
            "northcare",
            "--name",
            "Northcare (invented)",
            "--sector",
            "social_care",
            "--duty-contact",
            "desk",
            "--controller",
            '{"id": "n", "name": "N", "public_authority": true}',
        )
        assert "--ca" in refused(*add, state=state)
        assert gatehouse(*add, "--ca", chain, state=state).returncode == 0
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(chain)
        with pytest.warns(DeprecationWarning, match="TLS"):
            old.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLS"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(OSError):
            get(f"{hub.url}/healthz", trust=old)


def test_what_would_be_unsafe_or_cannot_be_is_refused_in_one_line(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    state = tmp_path / "state"
    serve = ("serve", "--state", state, "--port", "0")
    assert "without TLS" in refused(*serve, "--host", "0.0.0.0")
    assert "without TLS" in refused(*serve, "--host", "::")
    assert "both" in refused(*serve, "--tls-cert", chain)
    assert "--url" in refused(*serve, "--host", "0.0.0.0", "--tls-cert", chain, "--tls-key", key)
    chain.chmod(0o600)
    assert "not a certificate chain" in refused(*serve, "--tls-cert", key, "--tls-key", chain)
    key.chmod(0o644)
    assert "every user" in refused(*serve, "--tls-cert", chain, "--tls-key", key)
    assert "Cannot read" in refused(*serve, "--tls-cert", tmp_path / "none", "--tls-key", key)
    assert "Cannot listen" in refused(*serve, "--host", "192.0.2.1")
    assert "database" in refused(*serve, "--database", "postgresql://nobody@127.0.0.1:1/none")
    assert "database" in refused(*serve, "--database", "nonsense")
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused("serve", "--port", "0", "--state", tmp_path / "file")
    keys = state / "keys"
    (keys / "log").write_bytes(b"short")
    (keys / "log").chmod(0o600)
    assert "log" in refused(*serve)
    (keys / "log").unlink()
    (keys / "log").symlink_to(tmp_path / "file")
    assert "log" in refused(*serve)
