"""Bytes that are not what they should be: at every endpoint and as frames. Never a 5xx, never another's
connection."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.protocol.frame import ASKED_OF_HUB
from keys import strict_json
from tests.broker.http.conftest import House

_OPEN = ("/v1/enrolments", "/v1/enrolments/complete", "/v1/administration", "/v1/token")
_VERBS = tuple(f"/v1/{verb.value}" for verb in ASKED_OF_HUB)
_AT_ONCE = 8


@pytest.fixture(scope="session")
def bodies(test_inputs: Path) -> dict[str, bytes]:
    """The 318 bodies by file name."""
    found = {path.name: path.read_bytes() for path in (test_inputs / "vectors/json/test_parsing").iterdir()}
    assert len(found) == 318
    return found


@pytest.mark.parametrize("path", [*_OPEN, *_VERBS])
async def test_no_body_at_any_endpoint_is_a_failure_of_the_hub(
    house: House, bodies: dict[str, bytes], path: str
) -> None:
    peer = await house.welcome("northcare")
    media_type = "application/x-www-form-urlencoded" if path == "/v1/token" else "application/json"
    room = asyncio.Semaphore(_AT_ONCE)

    async def post(name: str, body: bytes) -> tuple[str, int]:
        async with room:
            headers = (
                {}
                if path in _OPEN[:3]
                else (
                    {"DPoP": peer.proof("POST", path, access_token=None)}
                    if path == "/v1/token"
                    else peer.bearing("POST", path)
                )
            )
            answer = await peer.send("POST", path, data=body, headers=headers, media_type=media_type)
            if answer.status != 200:
                assert answer.headers["Content-Type"] == "application/problem+json", name
                assert answer.body["status"] == answer.status, name
                assert answer.body["code"], name
            return name, answer.status

    statuses = dict(await asyncio.gather(*(post(name, body) for name, body in bodies.items())))
    taken = {name for name, status in statuses.items() if status == 200}
    assert {status for status in statuses.values() if status != 200} <= {400, 413}
    # `{}` asks for the whole directory; no other of these means anything to any endpoint.
    assert taken == ({"y_object_empty.json", "y_structure_whitespace_array.json"} & taken)
    assert all(bodies[name].strip() == b"{}" for name in taken)


async def test_no_body_as_a_frame_is_a_failure_of_the_hub_or_touches_another(
    house: House, bodies: dict[str, bytes]
) -> None:
    good = await (await house.welcome("southcare")).connect()
    bad = await house.welcome("northcare")
    answered = closed = 0
    line = await bad.connect()
    for name, body in sorted(bodies.items()):
        if line.closed.done():
            line = await bad.connect()
        await line.socket._writer.send_frame(body, aiohttp.WSMsgType.TEXT)
        stray = asyncio.ensure_future(line.stray.get())
        waiting: list[asyncio.Future[Any]] = [stray, line.closed]
        await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if stray.done():
            answered += 1
            problem = stray.result()["problem"]
            assert 400 <= problem["status"] < 500, name
        else:
            closed += 1
            stray.cancel()
            # Only what is no text closes, and only its own connection.
            assert line.closed.result() == aiohttp.WSCloseCode.INVALID_TEXT, name
            with pytest.raises(UnicodeDecodeError):
                body.decode("utf-8")
    assert answered + closed == 318
    assert closed > 0
    assert "ok" in await good.ask("directory", {})


_WRONG: list[dict[str, Any]] = [
    {"id": "a"},
    {"id": "a", "verb": "handover", "body": {}},
    {"id": "a", "verb": "changed", "body": {}},
    {"id": "a", "verb": "DECLARE", "body": {}},
    {"id": "a", "verb": "declare"},
    {"id": "a", "verb": "declare", "body": 1},
    {"id": "a", "verb": ["declare"], "body": {}},
    {"id": "a", "verb": "directory", "body": {}, "more": 1},
    {"id": "a", "verb": "directory", "body": {}, "seen": "1"},
    {"id": "a", "verb": "directory", "body": {"agency": "\0"}},
    {"id": "a", "verb": "status", "body": {"envelopes": []}},
    {"id": "a", "verb": "consistency", "body": {"old": -1}},
    {"id": "a", "verb": "consistency", "body": {"old": 1 << 62, "new": 1}},
    {"id": "a", "verb": "prove", "body": {"envelope": "00000000-0000-0000-0000-000000000000"}},
    {"id": "a", "verb": "subject-key", "body": {"epoch": 1 << 40}},
    {"id": "a", "verb": "act", "body": {"act": "e30.e30.AAAA"}},
    {"id": "a", "verb": "declare", "body": {"declaration": "e30.e30.AAAA", "openings": []}},
]


async def test_a_frame_that_asks_wrongly_is_answered_under_its_id(house: House) -> None:
    line = await (await house.welcome("northcare")).connect()
    for frame in _WRONG:
        await line.socket.send_str(strict_json.dump(frame).decode())
        answer = await asyncio.wait_for(line.stray.get(), 10)
        assert answer["re"] == "a", frame
        assert 400 <= answer["problem"]["status"] < 500, frame
    assert "ok" in await line.ask("directory", {})


async def test_a_frame_whose_id_cannot_be_read_is_answered_under_none(house: House) -> None:
    line = await (await house.welcome("northcare")).connect()
    wrong: tuple[Any, ...] = ("", "a b", "x" * 37, 1, None, "é")
    for name in wrong:
        frame: dict[str, Any] = {"id": name, "verb": "directory", "body": {}}
        await line.socket.send_str(strict_json.dump(frame).decode())
        assert (await asyncio.wait_for(line.stray.get(), 10))["re"] == "-", name


async def test_an_answer_to_nothing_changes_nothing(house: House) -> None:
    line = await (await house.welcome("northcare")).connect()
    frames: list[dict[str, Any]] = [
        {"re": "h1"},
        {"re": 1},
        {"re": "h1", "ok": {}, "problem": 1},
        {"re": "zz", "ok": {}},
    ]
    for frame in frames:
        await line.socket.send_str(strict_json.dump(frame).decode())
        assert "ok" in await line.ask("directory", {}), frame


async def test_a_frame_of_bytes_or_beyond_its_limit_closes_its_own_connection_only(house: House) -> None:
    good = await (await house.welcome("southcare")).connect()
    bad = await house.welcome("northcare")
    line = await bad.connect()
    await line.socket.send_bytes(b"{}")
    assert await asyncio.wait_for(line.closed, 10) == aiohttp.WSCloseCode.UNSUPPORTED_DATA
    line = await bad.connect()
    # The hub hangs up while we are still sending, so the close frame may be lost to us.
    with contextlib.suppress(ConnectionError):
        await line.socket.send_str(" " * (9 << 20))
    assert await asyncio.wait_for(line.closed, 20) in (aiohttp.WSCloseCode.MESSAGE_TOO_BIG, 1006)
    assert "ok" in await good.ask("directory", {})


async def test_text_that_postgresql_cannot_hold_is_the_clients_mistake(house: House) -> None:
    peer = await house.welcome("northcare")
    for path in ("directory", "status", "prove"):
        for body in (b'{"agency":"\\u0000"}', b'{"envelope":"\\u0000"}', b'{"envelopes":["\\u0000"]}'):
            assert (await peer.post(path, body)).status == 400
