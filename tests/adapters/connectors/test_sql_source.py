"""Invented case systems in SQLite and PostgreSQL: read only, within limits, the sensitive left behind."""

import asyncio
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    LeftReason,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
)
from adapters.connectors.sql_check import check
from adapters.connectors.sql_database import URL_VARIABLE, Question, open_database
from adapters.connectors.sql_mapping import load_mapping
from adapters.connectors.sql_source import SqlSource, open_sql
from adapters.connectors.sql_statement import Statement
from broker.protocol.body import Identifier, Nature
from policies.vocabulary import Category, SubjectRole

HISTORY = Category.SOCIAL_CARE_HISTORY
SCHEMA = (
    "CREATE TABLE child (id integer, given text, family text, born date, upn text, hidden text)",
    "CREATE TABLE note (child integer, d date, w text, n text, hidden text, worker text)",
    (
        "INSERT INTO child VALUES (1, 'Ada', 'Testchild', '2015-03-27', 'A1', 'no'),"
        " (2, 'Ben', 'Testchild', '2015-03-27', 'B2', 'Yes')"
    ),
    (
        "INSERT INTO note VALUES (1, '2026-01-01', 'Referral', NULL, NULL, 'Invented Worker'),"
        " (1, '2026-02-01', 'Worried', 'opinion', NULL, NULL), (1, '2026-03-01', 'Refuge', NULL, 'y', NULL),"
        " (1, NULL, 'No day', NULL, 'n', NULL), (1, '2026-04-01', 'Odd', 'rumour', NULL, NULL),"
        " (2, '2026-01-01', 'Of a hidden child', NULL, NULL, NULL)"
    ),
)
MAPPING = '''
name = "Case system"
database = "{database}"
as_of = "SELECT max(d) FROM note"
[find]
identifiers = ["upn"]
sql = """
SELECT id AS key, given, family, born, upn AS id_upn, hidden AS sensitive FROM child
WHERE CAST(id AS text) = :key OR upn = :id_upn OR born = :born
"""
[category.social_care_history]
sql = """
SELECT d AS "on", w AS what, n AS nature, hidden AS sensitive, worker AS recorded_by FROM note
WHERE CAST(child AS text) = :key
"""
[limits]
seconds = {seconds}
rows = 100
'''
Make = Callable[..., Path]


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Writes the mapping of a database of that kind, with SELECTs changed as asked."""
    if request.param == "sqlite":
        where = "cases.db"
        connection = sqlite3.connect(tmp_path / where)
        for statement in SCHEMA:
            connection.execute(statement)
        connection.commit()
        connection.close()
    else:
        where = request.getfixturevalue("empty_database_url")
        asyncio.run(_run(where, *SCHEMA))

    def made(*changes: tuple[str, str], seconds: int = 20) -> Path:
        text = MAPPING.format(database=where, seconds=seconds)
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "mapping.toml"
        path.write_text(text)
        return path

    return made


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def by_upn(value: str) -> SubjectSought:
    return SubjectSought(role=SubjectRole.CHILD, identifiers=(Identifier(system="upn", value=value),))


def read(connector: Connector, upn: str) -> Reading:
    match = connector.find(by_upn(upn))
    assert isinstance(match, Found)
    return connector.read(match.person, frozenset({HISTORY, Category.OFFENCES}))


def failure(act: Callable[[], Any]) -> str:
    with pytest.raises(ConnectorFailed) as failed:
        act()
    return failed.value.code


def test_a_person_is_found_and_read_newest_first_and_the_sensitive_stays(make: Make) -> None:
    source: Connector = open_sql(make())
    reading = read(source, " a1 ")
    assert [(str(entry.on), entry.what) for entry in reading.entries[HISTORY]] == [
        ("2026-02-01", "Worried"),
        ("2026-01-01", "Referral"),
        ("None", "No day"),
    ]
    assert reading.entries[HISTORY][0].nature is Nature.OPINION
    assert reading.entries[HISTORY][1].recorded_by == "Invented Worker"
    assert {(each.reason, each.count) for each in reading.left} == {
        (LeftReason.LABELLED, 1),
        (LeftReason.ROW, 1),
    }
    assert Category.OFFENCES not in reading.entries
    assert reading.searched.systems == ["Case system"]
    assert str(reading.searched.as_of) == "2026-04-01"


def test_of_a_sensitive_person_nothing_is_given_however_they_were_chosen(make: Make) -> None:
    source = open_sql(make())
    chosen = PersonRef(connector="Case system", key="2", matched=MatchedBy.PERSON)
    for reading in (read(source, "B2"), source.read(chosen, source.serves)):
        assert reading.restricted
        assert reading.entries == {HISTORY: ()}
        assert [(each.reason, each.count) for each in reading.left] == [(LeftReason.LABELLED, 1)]


def test_who_is_gone_or_of_another_system_is_an_error_and_who_never_was_is_not_found(make: Make) -> None:
    source = open_sql(make())
    gone = PersonRef(connector="Case system", key="9", matched=MatchedBy.IDENTIFIER)
    other = PersonRef(connector="Another", key="1", matched=MatchedBy.IDENTIFIER)
    assert failure(lambda: source.read(gone, source.serves)) == "person-gone"
    assert failure(lambda: source.read(other, source.serves)) == "person-not-here"
    nobody = SubjectSought(role=SubjectRole.CHILD, name="Zoe Otherwise", born=None)
    complete = open_sql(make(('["upn"]', '["upn"]\ncomplete = ["upn"]')))
    assert not isinstance(source.find(nobody), Found)
    assert not isinstance(complete.find(nobody), NotFound)


def test_a_value_with_quotes_is_a_value(make: Make) -> None:
    source = open_sql(make())
    assert not isinstance(source.find(by_upn("A1' OR '1'='1")), Found)
    injected = PersonRef(connector="Case system", key="1' OR '1'='1", matched=MatchedBy.IDENTIFIER)
    assert failure(lambda: source.read(injected, source.serves)) == "person-gone"


def test_nothing_can_be_written_even_by_a_statement_that_would(make: Make) -> None:
    path = make()
    database = open_database(load_mapping(path), path.parent)
    delete = Statement(texts=("DELETE FROM child",), names=())
    assert failure(lambda: database.ask([Question(select=delete, rows=1)])) == "database-refused"
    assert isinstance(open_sql(path).find(by_upn("A1")), Found)


def test_a_select_without_end_ends_when_its_time_is_up(make: Make) -> None:
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    source = open_sql(make(("SELECT max(d) FROM note", endless), seconds=1))
    assert failure(lambda: source.find(by_upn("A1"))) == "database-too-slow"


def test_a_million_rows_are_not_fetched(make: Make) -> None:
    many = (
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000000)"
        " SELECT NULL AS \"on\", 'again' AS what FROM t WHERE :key = :key"
    )
    path = make()
    text = path.read_text()
    start = text.index('SELECT d AS "on"')
    path.write_text(text[:start] + many + text[text.index('"""\n[limits]') :])
    reading = read(open_sql(path), "A1")
    assert len(reading.entries[HISTORY]) == 100
    assert [each.reason for each in reading.left] == [LeftReason.TOO_MANY]


def test_more_people_than_the_limit_is_an_error_never_a_nil(make: Make) -> None:
    source = open_sql(make(("rows = 100", "people = 1")))
    sought = by_upn("nobody")
    everybody = open_sql(make(("rows = 100", "people = 1"), ("born = :born", "1 = 1")))
    assert not isinstance(source.find(sought), Found)
    assert failure(lambda: everybody.find(sought)) == "mapping-too-many"


def test_a_column_nobody_explained_never_travels(make: Make) -> None:
    source = open_sql(make(("worker AS recorded_by", "worker")))
    assert failure(lambda: read(source, "A1")) == "mapping-column"


@pytest.mark.parametrize(
    "change, at, says",
    [
        (("FROM note\nWHERE", "FROM notes\nWHERE"), "category.social_care_history", "refuses the SELECT"),
        (("w AS what, ", ""), "category.social_care_history", "'what' is missing"),
        (("worker AS recorded_by", "worker"), "category.social_care_history", "explains the column 'worker'"),
        (("upn AS id_upn", "upn AS id_pnc"), "find", "'id_upn' is missing"),
        (("id AS key", "id AS key, id AS key"), "find", "comes twice"),
        (("SELECT max(d) FROM note", "SELECT 1, 2"), "as_of", "2 columns"),
    ],
)
def test_the_check_says_where_a_mapping_does_not_fit(
    make: Make, change: tuple[str, str], at: str, says: str
) -> None:
    mapping = load_mapping(make())
    assert check(mapping, open_database(mapping, make().parent)) == ()
    path = make(change)
    wrong = load_mapping(path)
    findings = check(wrong, open_database(wrong, path.parent))
    assert [finding.at for finding in findings if says in finding.words] == [at]


def test_a_function_that_writes_is_refused_and_a_lost_connection_is_told(
    tmp_path: Path, empty_database_url: str
) -> None:
    asyncio.run(
        _run(
            empty_database_url,
            *SCHEMA,
            "CREATE FUNCTION tick() RETURNS date LANGUAGE sql AS"
            " 'INSERT INTO child(id) VALUES (7) RETURNING born'",
        )
    )

    def with_as_of(select: str) -> SqlSource:
        path = tmp_path / "mapping.toml"
        text = MAPPING.format(database=empty_database_url, seconds=20)
        path.write_text(text.replace("SELECT max(d) FROM note", select))
        return open_sql(path)

    assert failure(with_as_of("SELECT tick()").freshness) == "database-refused"
    ended = with_as_of("SELECT pg_terminate_backend(pg_backend_pid())")
    assert failure(ended.freshness) == "database-unreachable"


def test_nobody_there_and_nobody_answering_say_so_without_the_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://somebody:mellon@127.0.0.1:{port}/cases"
        path = tmp_path / "mapping.toml"
        path.write_text(MAPPING.format(database=url, seconds=1))
        source = open_sql(path)
        with pytest.raises(ConnectorFailed) as slow:
            source.freshness()
    with pytest.raises(ConnectorFailed) as gone:
        source.freshness()
    assert (slow.value.code, gone.value.code) == ("database-too-slow", "database-unreachable")
    assert "mellon" not in f"{slow.value} {gone.value} {source!r}"
    assert slow.value.__cause__ is None


def test_the_environment_names_the_database_in_place_of_the_mapping(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(URL_VARIABLE, str(tmp_path / "missing.db"))
    assert failure(open_sql(make()).freshness) == "database-unreachable"
    assert not (tmp_path / "missing.db").exists()
