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
    failed = 0
    for whose, upn, born in children:
        keys = set()
        for sought in (by("lachild", whose), by("upn", upn.lower())):
            match = connector.find(sought)
            assert isinstance(match, Found)
            keys.add(match.person.key)
        assert keys == {whose}
        check = written(Identifier(system="upn", value=upn)).check
        failed += check is Check.FAILED
        assert ("check fails" in match.person.how[0]) is (check is Check.FAILED)
        other = connector.find(
            SubjectSought(
                role=SubjectRole.CHILD,
                born=date.fromisoformat(born).replace(year=1950),
                identifiers=(Identifier(system="lachild", value=whose),),
            )
        )
        assert isinstance(other, WaitsForPerson)
        assert other.reason is WaitReason.BORN_DIFFERS
    assert failed == 320
    nobody = connector.find(by("lachild", "RND999999999999"))
    assert isinstance(nobody, NotFound)
    assert nobody.searched.by == ["LAchildID"]


def reads_every_episode(connector: Connector, census: tuple[Children, Episodes]) -> None:
    children, episodes = census
    referrals = Counter((whose, on) for whose, on, *_ in episodes)
    adoptions = Counter((whose, on) for whose, on, _, _, reason in episodes if reason == "RC1")
    adopted = {whose for whose, _, _, _, reason in episodes if reason == "RC1"}
    seen: Counter[tuple[str, str]] = Counter()
    left = 0
    for whose, _, _ in children:
        match = connector.find(by("lachild", whose))
        assert isinstance(match, Found)
        reading = connector.read(match.person, frozenset({HISTORY}))
        for entry in reading.entries[HISTORY]:
            if "Referral" in entry.what:
                assert isinstance(entry.on, date)
                seen[whose, entry.on.isoformat()] += 1
        labelled = [each.count for each in reading.left if each.reason is LeftReason.LABELLED]
        assert bool(labelled) is (whose in adopted)
        left += sum(labelled)
        assert "adopt" not in str(reading.entries).lower()
    assert left == sum(reason == "RC1" for *_, reason in episodes)
    # As tables the whole row of an adoption is marked; in the census itself only its closure is.
    assert seen == (referrals - adoptions if "Case" in connector.name else referrals)


def test_as_xml(test_inputs: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_cin(test_inputs / "data/cin/fake_CIN_data.xml")
    finds_all_and_only_their_own(connector, census)
    reads_every_episode(connector, census)
    fresh = connector.freshness()
    assert fresh is not None
    assert fresh.date() == date(2022, 7, 21)


def test_as_csv(tmp_path: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_cin(write_csv(tmp_path / "census", *census))
    finds_all_and_only_their_own(connector, census)
    reads_every_episode(connector, census)


def test_in_sqlite(tmp_path: Path, census: tuple[Children, Episodes]) -> None:
    connector = open_sql(write_sqlite(tmp_path, *census))
    finds_all_and_only_their_own(connector, census)
    reads_every_episode(connector, census)


def test_in_postgres(tmp_path: Path, census: tuple[Children, Episodes], empty_database_url: str) -> None:
    asyncio.run(_load(empty_database_url, *census))
    mapping = tmp_path / "cases.toml"
    mapping.write_text(MAPPING.format(database=empty_database_url))
    connector = open_sql(mapping)
    finds_all_and_only_their_own(connector, census)
    reads_every_episode(connector, census)


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
