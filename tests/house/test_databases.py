"""The databases that tests are given: their own, empty or migrated, and reached as the hub's own role."""

import asyncpg
import pytest

from tests.servers import Server, database_of, with_database


@pytest.mark.both_servers
async def test_an_empty_database_is_this_tests_own(empty_database_url: str, server: Server) -> None:
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await connection.fetchval("SELECT current_database()") == database_of(empty_database_url)
        await connection.execute("CREATE TABLE mine (n int)")
    finally:
        await connection.close()


async def test_dropping_does_not_wait_for_those_still_connected(server: Server) -> None:
    url = server.empty()
    connection = await asyncpg.connect(url)
    server.drop(url)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await connection.fetchval("SELECT 1")
    await connection.close(timeout=5)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://r:p@/one?host=/tmp/x%20y&port=5432",
        "postgresql://r@127.0.0.1:6000/one",
        "postgresql:///one?host=/t",
    ],
)
def test_a_url_is_led_to_another_database_and_nothing_else_changes(url: str) -> None:
    assert with_database(with_database(url, "two"), "one").replace("//@/", "///") == url
    assert database_of(with_database(url, "two")) == "two"
