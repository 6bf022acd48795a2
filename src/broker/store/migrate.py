"""Bringing the schema forward, under a lock, never back.

Migrations are numbered `.sql` files; each runs in one transaction with the row that says it ran. A schema
newer than this program is refused, so that an old process never writes into what it does not understand.
"""

from importlib.resources import files
from typing import Final

from broker.store.transaction import Connection
from broker.store.unavailable import StoreUnavailable

_LOCK: Final = 0x6761746568
# Any constant will do, as long as every version of the hub uses the same one.


def _migrations() -> list[tuple[int, str, str]]:
    folder = files("broker.store").joinpath("migrations")
    return sorted(
        (int(file.name.split("_")[0]), file.name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )


async def migrate(connection: Connection) -> int:
    """Bring the database forward to this program's schema; give its number.

    Raises:
        StoreUnavailable: the database is newer than this program.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (number int PRIMARY KEY, name text NOT NULL)"
        )
        present = await connection.fetchval("SELECT coalesce(max(number), 0) FROM schema_version")
        migrations = _migrations()
        newest = migrations[-1][0]
        if present > newest:
            raise StoreUnavailable(
                "newer-schema",
                f"The database has schema {present}; this Gatehouse knows up to {newest}: install the newer.",
            )
        for number, name, text in migrations:
            if number > present:
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute("INSERT INTO schema_version VALUES ($1, $2)", number, name)
        return newest
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
