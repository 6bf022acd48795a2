"""The same census as XML, as CSV, in SQLite and in PostgreSQL: every exact identifier finds its own child,
all of them, and nobody else's.
"""

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from adapters.connectors.cin_source import open_cin
from adapters.connectors.connector import (
    Connector,
    Found,
    LeftReason,
    NotFound,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.connectors.sql_source import open_sql
from adapters.matching.identifier import Check, written
from broker.protocol.body import Identifier
from policies.vocabulary import Category, SubjectRole
from tests.adapters.connectors.census import (
    MAPPING,
    SCHEMA,
    Children,
    Episodes,
    children_of,
    write_csv,
    write_sqlite,
)

HISTORY = Category.SOCIAL_CARE_HISTORY


@pytest.fixture(scope="module")
def census(test_inputs: Path) -> tuple[Children, Episodes]:
    return children_of(test_inputs / "data/cin/fake_CIN_data.xml")


def by(system: str, value: str) -> SubjectSought:
    return SubjectSought(role=SubjectRole.CHILD, identifiers=(Identifier(system=system, value=value),))


def finds_all_and_only_their_own(connector: Connector, census: tuple[Children, Episodes]) -> None:
    children, episodes = census
    assert len(children) == 332
    assert len(episodes) == 402
    referrals = Counter((whose, on) for whose, on, *_ in episodes)
    adoptions = Counter((whose, on) for whose, on, _, _, reason in episodes if reason == "RC1")
    seen: Counter[tuple[str, str]] = Counter()
    failed = left = 0
    for whose, upn, _ in children:
        own, other = connector.find(by("lachild", whose)), connector.find(by("upn", upn.lower()))
        assert isinstance(own, Found)
        assert isinstance(other, Found)
        assert own.person.key == other.person.key == whose
        check = written(Identifier(system="upn", value=upn)).check
        failed += check is Check.FAILED
        assert ("check fails" in other.person.how[0]) is (check is Check.FAILED)
        reading = connector.read(other.person, frozenset({HISTORY}))
        assert reading.searched.by == list(other.person.how)
        for entry in reading.entries[HISTORY]:
            if "Referral" in entry.what:
                assert isinstance(entry.on, date)
                seen[whose, entry.on.isoformat()] += 1
        left += sum(each.count for each in reading.left if each.reason is LeftReason.LABELLED)
        assert "adopt" not in str(reading.entries).lower()
    assert failed == 320
    assert left == adoptions.total() > 0
    # As tables the whole row of an adoption is marked; in the census itself only its closure is.
    assert seen == (referrals - adoptions if "Case" in connector.name else referrals)
    _says_what_it_cannot(connector, children)


def _says_what_it_cannot(connector: Connector, children: Children) -> None:
    nobody = connector.find(by("lachild", "RND999999999999"))
    assert isinstance(nobody, NotFound)
    assert nobody.searched.by == ["LAchildID"]
    for whose, _, born in children[:10]:
        mistyped = connector.find(
            SubjectSought(
                role=SubjectRole.CHILD,
                born=date.fromisoformat(born).replace(year=1950),
                identifiers=(Identifier(system="lachild", value=whose),),
            )
        )
        assert isinstance(mistyped, WaitsForPerson)
        assert mistyped.reason is WaitReason.BORN_DIFFERS


def test_as_xml(test_inputs: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_cin(test_inputs / "data/cin/fake_CIN_data.xml")
    finds_all_and_only_their_own(connector, census)
    fresh = connector.freshness()
    assert fresh is not None
    assert fresh.date() == date(2022, 7, 21)


def test_as_csv(tmp_path: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_cin(write_csv(tmp_path / "census", *census))
    finds_all_and_only_their_own(connector, census)


def test_in_sqlite(tmp_path: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_sql(write_sqlite(tmp_path, *census))
    finds_all_and_only_their_own(connector, census)


def test_in_postgres(tmp_path: Path, census: tuple[Children, Episodes], empty_database_url: str) -> None:
    asyncio.run(_load(empty_database_url, *census))
    mapping = tmp_path / "cases.toml"
    mapping.write_text(MAPPING.format(database=empty_database_url))
    connector = open_sql(mapping)
    finds_all_and_only_their_own(connector, census)


async def _load(url: str, children: Children, episodes: Episodes) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in SCHEMA:
            await connection.execute(statement)
        await connection.executemany(
            "INSERT INTO child VALUES ($1, $2, $3)",
            [(whose, upn, date.fromisoformat(born)) for whose, upn, born in children],
        )
        await connection.executemany(
            "INSERT INTO episode VALUES ($1, $2, $3, $4, $5)",
            [
                (whose, date.fromisoformat(on), need, closed and date.fromisoformat(closed), reason)
                for whose, on, need, closed, reason in episodes
            ],
        )
    finally:
        await connection.close()
