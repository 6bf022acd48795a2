"""What every answer has, what is not there, and what is not HTTP."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from broker.http.limits import Limits
from broker.http.origin import origins_of
from keys import note, strict_json
from keys.merkle import EMPTY_ROOT, leaf_hash
from keys.tile import tile_path
from tests.broker.http.conftest import House


async def raw(house: House, data: bytes, *, wait: float = 10) -> bytes:
    """Bytes as they are, and everything that comes back until the hub hangs up."""
    host, _, port = house.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), wait)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def head_of(path: str, length: int, *, host: str = "h", **headers: str) -> bytes:
    """The head of a POST that promises a body."""
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host.removeprefix('http://')}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in headers.items()),
    )
    return "\r\n".join((*lines, "", "")).encode()


_NOWHERE = [
    "/",
    "/v1",
    "/v1/",
    "/v2/hub",
    "/v1/handover",
    "/v1/declare/",
    "/log",
    "/log/tile/",
    "/log/tile/x",
    "/log/tile/0/001",
    "/log/tile/0/000.p/256",
    "/log/tile/64/000",
    "/%00",
    "/..%2f..%2fetc",
    "/log/tile/0/../000",
]


async def test_what_is_not_there_is_a_problem(house: House) -> None:
    for path in _NOWHERE:
        for method in ("GET", "POST"):
            answer = await house.send(method, path, b"{}" if method == "POST" else None)
            assert answer.status in (404, 405), (method, path)
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_another_method_is_a_problem_that_names_the_right_one(house: House) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = await house.send(method, "/v1/declare")
        shown = answer.status, answer.body["code"], answer.headers["Allow"]
        assert shown == (405, "method-not-allowed", "POST"), method


async def test_every_answer_keeps_browsers_out_and_does_not_say_what_serves_it(house: House) -> None:
    for method, path in (
        ("GET", "/healthz"),
        ("GET", "/nowhere"),
        ("POST", "/v1/declare"),
        ("GET", "/log/checkpoint"),
    ):
        answer = await house.send(method, path)
        assert "Server" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


_NOT_HTTP = [
    b"NONSENSE\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
    b"POST /v1/declare HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: h\r\nCanary Name: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(200)) + b"\r\n",
]


async def test_what_is_not_http_gets_a_problem_without_an_echo(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in _NOT_HTTP:
        answer = await raw(house, data)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.0 4", b"HTTP/1.1 4")), answer
        assert b"Server:" not in head
        assert strict_json.parse_object(body)["code"] == "malformed"
        for echoed in (b"NONSENSE", b"Canary", b"aaaa"):
            assert echoed not in answer
    assert "Canary" not in capsys.readouterr().err


class TestImpatient:
    """Slow senders are let go."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(idle=1.0, body_wait=0.5, stranger_wait=0.5)

    async def test_a_head_that_does_not_end_is_hung_up_on(self, house: House) -> None:
        assert await raw(house, b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: ") == b""
        assert await raw(house, b"") == b""

    async def test_a_body_that_does_not_end_is_a_problem(self, house: House) -> None:
        head = head_of("/v1/enrolments", 9) + b"{"
        answer = await raw(house, head)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"malformed"' in answer

    async def test_an_agencys_body_that_does_not_end_is_one_too(self, house: House) -> None:
        peer = await house.welcome("northcare")
        head = head_of("/v1/directory", 9, host=house.url, **peer.bearing("POST", "/v1/directory")) + b"{"
        assert (await raw(house, head)).startswith(b"HTTP/1.1 408 ")

    async def test_a_stranger_is_refused_before_a_body_is_waited_for(self, house: House) -> None:
        head = head_of("/v1/deposit", 9_000_000)
        assert (await raw(house, head)).startswith(b"HTTP/1.1 401 ")


class TestFull:
    """Beyond its bound the hub says so at once."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(requests=2, stranger_wait=1.5)

    async def test_too_many_at_once_get_503_and_the_hub_recovers(self, house: House) -> None:
        head = head_of("/v1/enrolments", 9) + b"{"
        holding = [asyncio.ensure_future(raw(house, head)) for _ in range(2)]
        await asyncio.sleep(0.5)
        refused = await house.send("GET", "/healthz")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        await asyncio.gather(*holding)
        assert (await house.send("GET", "/healthz")).status == 200


async def test_a_body_beyond_its_limit_is_refused_by_header_and_by_count(house: House) -> None:
    peer = await house.welcome("northcare")
    path = "/v1/declare"
    large = b" " * ((1 << 20) + 1)
    assert (await peer.send("POST", path, data=large, headers=peer.bearing("POST", path))).status == 413
    proof = peer.bearing("POST", path)
    head = [
        b"POST /v1/declare HTTP/1.1",
        b"Host: " + house.url.removeprefix("http://").encode(),
        b"Content-Type: application/json",
        b"Transfer-Encoding: chunked",
        b"Connection: close",
        *(f"{name}: {value}".encode() for name, value in proof.items()),
    ]
    chunks = b"".join(b"10000\r\n" + b" " * 65536 + b"\r\n" for _ in range(17))
    answer = await raw(house, b"\r\n".join(head) + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_header_given_twice_is_refused(house: House) -> None:
    peer = await house.welcome("northcare")
    headers = [
        ("Content-Type", "application/json"),
        *peer.bearing("POST", "/v1/directory").items(),
        ("Authorization", "DPoP other"),
    ]
    async with house.session.post(house.url + "/v1/directory", data=b"{}", headers=headers) as response:
        assert response.status == 400


async def test_the_log_is_public_reading(house: House, tmp_path: Path) -> None:
    await house.welcome("northcare")
    hub = (await house.send("GET", "/v1/hub")).body
    async with asyncio.timeout(10):
        while (
            checkpoint := note.open_checkpoint(
                (await house.send("GET", "/log/checkpoint")).data, note.parse_vkey(hub["log_vkey"])
            )
        ).size < 3:
            await asyncio.sleep(0.01)
    assert checkpoint.root != EMPTY_ROOT
    tile = await house.send("GET", f"/log/{tile_path(0, 0, checkpoint.size)}")
    entries = await house.hub.pool.fetch("SELECT entry FROM record ORDER BY index LIMIT $1", checkpoint.size)
    assert tile.data == b"".join(leaf_hash(bytes(row["entry"])) for row in entries)
    assert "public" in tile.headers["Cache-Control"]
    assert (await house.send("GET", f"/log/{tile_path(0, 0, checkpoint.size + 1)}")).status == 404


async def test_the_hub_says_what_agencies_pin(house: House) -> None:
    answer = await house.send("GET", "/v1/hub")
    assert set(answer.body) == {"hub", "origin", "decision_key", "log_vkey", "speaks", "database"}
    assert (answer.body["speaks"], answer.body["database"]) == (["1"], "ok")


async def test_the_policy_in_force_is_for_enrolled_agencies(house: House) -> None:
    peer = await house.welcome("northcare")
    assert (await house.send("GET", "/v1/policy")).status == 401
    answer = await peer.send("GET", "/v1/policy", headers=peer.bearing("GET", "/v1/policy"))
    row = await house.hub.pool.fetchrow("SELECT digest FROM policy_set")
    assert row is not None
    assert (answer.body["version"], answer.body["digest"]) == (1, row["digest"])
    assert answer.body["policy"]["version"] == 1


async def test_readiness_names_the_part_that_fails(house: House) -> None:
    ready = await house.send("GET", "/readyz")
    assert (ready.status, ready.body["status"]) == (200, "ready")
    await house.hub.pool.execute("DELETE FROM policy_head")
    await asyncio.sleep(1.1)
    failed = await house.send("GET", "/readyz")
    assert (failed.status, failed.body["policy"], failed.body["database"]) == (503, "failed", "ok")
    house.hub.head.forged = 7
    assert (await house.send("GET", "/readyz")).body["log"] == "failed"


async def test_a_lost_database_is_503_everywhere_and_the_process_lives(
    house: House, database_url: str
) -> None:
    peer = await house.welcome("northcare")
    pool = house.hub.pool
    gone = await asyncpg.create_pool(database_url, min_size=1, max_size=1)
    await gone.close()
    house.hub.pool = gone
    try:
        await asyncio.sleep(1.1)
        assert (await house.send("GET", "/healthz")).status == 200
        assert (await house.send("GET", "/readyz")).body["database"] == "failed"
        assert (await house.send("GET", "/v1/hub")).body["database"] == "unavailable"
        for answer in (await peer.post("directory", b"{}"), await peer.ask_token(), await peer.make_offer()):
            assert (answer.status, answer.body["code"]) == (503, "unavailable")
            assert answer.headers["Retry-After"]
    finally:
        house.hub.pool = pool
    await asyncio.sleep(1.1)
    assert (await house.send("GET", "/readyz")).status == 200


def test_an_origin_is_one_of_ours_whatever_the_host_header_says() -> None:
    local = origins_of(scheme="http", host="127.0.0.1", port=8443, public=None)
    assert local.public == "http://127.0.0.1:8443"
    assert local.chosen("LOCALHOST:8443") == "http://localhost:8443"
    assert local.chosen("evil.example") == "http://127.0.0.1:8443"
    behind = origins_of(scheme="http", host="127.0.0.1", port=8080, public="https://Hub.Example/")
    assert behind.public == behind.chosen("hub.example") == "https://hub.example"
    assert behind.chosen("127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert origins_of(scheme="https", host="::1", port=443, public=None).public == "https://[::1]"
