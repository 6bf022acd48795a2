"""Slow and greedy clients over plain HTTP fill their own room, and never what others have."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from broker.http.limits import Limits
from tests.broker.http.conftest import House
from tests.broker.http.peer import Peer

FORM = "application/x-www-form-urlencoded"


class Slow:
    """A client that promises a body, sends one byte of it and then nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def told(self) -> bytes:
        """The head of what it is answered at last."""
        return await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)

    async def leave(self) -> None:
        """Hang up."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


@contextlib.asynccontextmanager
async def slow(
    house: House,
    path: str,
    *,
    length: int | None,
    headers: dict[str, str] | None = None,
    media_type: str = "application/json",
) -> AsyncIterator[Slow]:
    """A slow client at work; `length` None promises chunks and does not say how many."""
    address = house.url.removeprefix("http://")
    host, _, port = address.partition(":")
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"POST {path} HTTP/1.1", f"Host: {address}", f"Content-Type: {media_type}", size]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    reader, writer = await asyncio.open_connection(host, int(port))
    client = Slow(reader, writer)
    writer.write("\r\n".join((*lines, "", "")).encode() + (b"1\r\n{\r\n" if length is None else b"{"))
    await writer.drain()
    try:
        yield client
    finally:
        await client.leave()


async def slowly(
    house: House, stack: contextlib.AsyncExitStack, by: Peer, verb: str, *lengths: int | None
) -> list[Slow]:
    """An agency's slow requests, each let in or refused before this returns."""
    path = f"/v1/{verb}"
    clients = [
        await stack.enter_async_context(slow(house, path, length=length, headers=by.bearing("POST", path)))
        for length in lengths
    ]
    await asyncio.sleep(0.5)
    return clients


class TestAgency:
    """An agency's requests have a room of their own."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(requests=8, agency_requests=3, agency_bytes=10 << 20)

    async def test_its_slow_bodies_fill_its_own_room_and_no_other_agencys(self, house: House) -> None:
        care, school = await house.welcome("northcare"), await house.welcome("northschool")
        async with contextlib.AsyncExitStack() as stack:
            await slowly(house, stack, care, "declare", 9, 9, 9)
            late = await slowly(house, stack, care, "declare", *[9] * 9)
            for each in late:
                head = await each.told()
                assert head.startswith(b"HTTP/1.1 429 "), head
                assert b"Retry-After: 1\r\n" in head
            refused = await care.post("directory", b"{}")
            assert (refused.status, refused.body["code"]) == (429, "too-many")
            async with asyncio.timeout(3):
                assert (await school.post("directory", b"{}")).status == 200
                assert (await school.ask_token()).status == 200
        await asyncio.sleep(0.5)
        assert (await care.post("directory", b"{}")).status == 200

    async def test_its_bytes_are_counted_as_promised_and_unpromised_ones_as_the_most(
        self, house: House
    ) -> None:
        care, school = await house.welcome("northcare"), await house.welcome("northschool")
        for first in (8 << 20, None):
            async with contextlib.AsyncExitStack() as stack:
                await slowly(house, stack, care, "deposit", first)
                (second,) = await slowly(house, stack, care, "deposit", 3 << 20)
                assert (await second.told()).startswith(b"HTTP/1.1 429 ")
                # What still fits is taken.
                assert (await care.post("directory", b"{}")).status == 200
                async with asyncio.timeout(3):
                    assert (await school.post("directory", b"{}")).status == 200
            await asyncio.sleep(0.5)


class TestStranger:
    """Whoever is not known yet has a small room, apart from the agencies'."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(requests=16, strangers=3, stranger_wait=4.0, database_wait=1.0)

    async def test_slow_strangers_give_way_and_agencies_never_notice(self, house: House) -> None:
        care = await house.welcome("northcare")
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(slow(house, path, length=9, media_type=media_type))
                for path, media_type in (
                    ("/v1/token", FORM),
                    ("/v1/enrolments", "application/json"),
                    ("/v1/enrolments/complete", "application/json"),
                    ("/v1/administration", "application/json"),
                    ("/v1/token", FORM),
                )
                for _ in range(2)
            ]
            # All but three have given way.
            for each in clients[:7]:
                head = await each.told()
                assert head.startswith(b"HTTP/1.1 503 "), head
                assert b"Retry-After: 1\r\n" in head
            async with asyncio.timeout(3):
                assert (await care.post("directory", b"{}")).status == 200
                await care.authenticate()
                await house.welcome("northschool")
            # Honest requests came one after the other: one place was enough for them all.
            ends = [(await each.told())[9:12] for each in clients[7:]]
            assert ends == [b"503", b"408", b"408"]

    async def test_a_slow_stranger_with_room_is_waited_for_a_while(self, house: House) -> None:
        async with slow(house, "/v1/token", length=9, media_type=FORM) as client:
            assert (await client.told()).startswith(b"HTTP/1.1 408 ")

    async def test_what_is_being_worked_on_gives_way_to_nobody(self, house: House, database_url: str) -> None:
        care = await house.welcome("northcare")
        connection = await asyncpg.connect(database_url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE access_token")
                stuck = [asyncio.ensure_future(care.ask_token()) for _ in range(3)]
                await asyncio.sleep(0.5)
                refused = await care.ask_token()
                assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
                assert {(await each).status for each in stuck} == {503}
        finally:
            await connection.close()
        assert (await care.ask_token()).status == 200
