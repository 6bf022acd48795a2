"""The query files: every statement has its name and its sentence, and PostgreSQL understands each."""

from importlib.resources import files

import asyncpg
import pytest

from broker.store import query
from broker.store.query import queries

FILES = sorted(
    file.name.removesuffix(".sql")
    for file in files("broker.store").joinpath("queries").iterdir()
    if file.name.endswith(".sql")
)
GOOD = "-- name: one\n-- Reads one.\nSELECT 1;\n"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> object:
    """Reads query files of this test's own: gives a function that writes one and reads it."""
    root = tmp_path_factory.mktemp("store")
    (root / "queries").mkdir()
    monkeypatch.setattr(query, "files", lambda _: root)

    def read(text: str) -> dict[str, str]:
        queries.cache_clear()
        (root / "queries" / "it.sql").write_text(text)
        return dict(queries("it"))

    yield read
    queries.cache_clear()


@pytest.mark.parametrize("file", FILES)
async def test_every_statement_is_good_sql_on_the_schema(database_url: str, file: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert queries(file)
        for statement in queries(file).values():
            await connection.prepare(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("file", FILES)
def test_no_statement_reads_a_clock_or_draws_a_random_number(file: str) -> None:
    for name, statement in queries(file).items():
        for word in (
            "now()",
            "current_timestamp",
            "current_date",
            "clock_timestamp",
            "random()",
            "gen_random",
        ):
            assert word not in statement.lower(), name


def test_what_was_read_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        queries("log")["append"] = "DROP TABLE record"  # type: ignore[index]


def test_statements_are_found_by_name_without_their_semicolon(folder: object) -> None:
    assert callable(folder)
    assert folder(GOOD) == {"one": "SELECT 1"}
    two = "-- name: two\n-- Reads two,\n-- and says why.\nSELECT 1,\n  -- both\n  2;\n"
    assert folder(GOOD + "\n" + two) == {"one": "SELECT 1", "two": "SELECT 1,\n  -- both\n  2"}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;\n",
        "-- name: one\nSELECT 1;\n",
        "-- Reads one.\nSELECT 1;\n",
        GOOD + "SELECT 2;\n",
        GOOD + "\n-- name: two\n-- Reads two.\nSELECT 2\n",
        GOOD + "\n" + GOOD,
        "-- name: One\n-- Reads one.\nSELECT 1;\n",
        "-- name: one\n-- Reads one.\nSELECT 1; SELECT 2;\n",
    ],
)
def test_a_statement_without_name_sentence_or_end_or_named_twice_is_refused(
    folder: object, text: str
) -> None:
    assert callable(folder)
    with pytest.raises(ValueError, match="unique name and a sentence"):
        folder(text)
