"""Migrations: forward only, once, whoever comes at the same time; and one schema however it was reached."""

import asyncio

import asyncpg
import pytest

from broker.store import migrate as migrations
from broker.store.migrate import migrate
from broker.store.unavailable import StoreUnavailable

_SCHEMA = """
SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
    SELECT format('column %s.%s %s %s %s %s %s %s', c.relname, a.attname, a.attnum,
                  format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                  a.attidentity, a.attstorage) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
) AS lines
"""


async def schema(connection: asyncpg.Connection) -> str:
    """Every table, column, constraint and index, as text."""
    return str(await connection.fetchval(_SCHEMA))


@pytest.fixture
async def empty(empty_database_url: str) -> object:
    """A connection to a database with nothing in it."""
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


@pytest.mark.both_servers
async def test_an_empty_database_is_brought_to_the_newest_schema(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    try:
        number = await migrate(connection)
        assert number == max(each[0] for each in migrations._migrations())
        assert await connection.fetchval("SELECT n FROM log_head") == 0
    finally:
        await connection.close()


async def test_migrating_again_changes_nothing(empty: asyncpg.Connection) -> None:
    number = await migrate(empty)
    before = await schema(empty)
    assert await migrate(empty) == number
    assert await schema(empty) == before
    assert "column envelope.jti" in before
    assert "constraint body PRIMARY KEY (sender, jti)" in before


async def test_one_schema_whether_reached_at_once_or_step_by_step(
    empty: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations._migrations()
    for upto in range(1, len(known) + 1):
        monkeypatch.setattr(migrations, "_migrations", lambda upto=upto: known[:upto])
        assert await migrate(empty) == known[upto - 1][0]
    at_once = await asyncpg.connect(database_url)
    try:
        assert await schema(empty) == await schema(at_once)
    finally:
        await at_once.close()


async def test_each_migration_says_that_it_ran_and_under_which_name(empty: asyncpg.Connection) -> None:
    await migrate(empty)
    rows = await empty.fetch("SELECT number, name FROM schema_version ORDER BY number")
    assert [(row["number"], row["name"]) for row in rows] == [each[:2] for each in migrations._migrations()]
    numbers = [row["number"] for row in rows]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_newer_schema_is_refused_and_left_as_it_is(empty: asyncpg.Connection) -> None:
    newest = await migrate(empty)
    await empty.execute("INSERT INTO schema_version VALUES ($1, $2)", newest + 1, "of a later release")
    before = await schema(empty)
    with pytest.raises(StoreUnavailable) as refused:
        await migrate(empty)
    assert refused.value.code == "newer-schema"
    assert str(newest + 1) in str(refused.value)
    assert await schema(empty) == before
    # The lock was given back: an older database beside it is not kept waiting.
    assert await empty.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


async def test_a_migration_that_fails_leaves_the_schema_before_it(
    empty: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations._migrations()
    number = await migrate(empty)
    before = await schema(empty)
    broken = [*known, (number + 1, "broken.sql", "CREATE TABLE half (n int); SELECT 1/0;")]
    monkeypatch.setattr(migrations, "_migrations", lambda: broken)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty)
    assert await schema(empty) == before
    monkeypatch.setattr(migrations, "_migrations", lambda: known)
    assert await migrate(empty) == number


@pytest.mark.parametrize("at_once", [2, 8])
async def test_many_that_migrate_at_once_make_one_schema(
    empty_database_url: str, database_url: str, at_once: int
) -> None:
    connections = [await asyncpg.connect(empty_database_url) for _ in range(at_once)]
    whole = await asyncpg.connect(database_url)
    try:
        numbers = await asyncio.gather(*(migrate(connection) for connection in connections))
        assert len(set(numbers)) == 1
        assert await schema(connections[0]) == await schema(whole)
        assert await connections[0].fetchval("SELECT count(*) FROM schema_version") == len(
            migrations._migrations()
        )
    finally:
        for connection in (*connections, whole):
            await connection.close()
