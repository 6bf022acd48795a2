"""A mapping is whole SELECTs, strictly read: whatever is not plainly one refuses the whole file."""

import pytest

from adapters.connectors.sql_mapping import parse_mapping
from adapters.connectors.sql_statement import NotOneSelect, statement
from adapters.errors import Unusable

GOOD = """
name = "Case system"
database = "cases.db"
[find]
identifiers = ["upn"]
sql = "SELECT id AS key, upn AS id_upn FROM child WHERE id = :key OR upn = :id_upn"
[category.social_care_history]
sql = "SELECT d AS \\"on\\", w AS what FROM episode WHERE child = :key"
detail = { closed = "closed on" }
[limits]
rows = 10
"""
ANY = frozenset({"key", "born"})


def test_a_good_mapping_is_read_with_its_limits() -> None:
    mapping = parse_mapping(GOOD.encode())
    assert mapping.find.parameters == ("key", "id_upn")
    assert (mapping.limits.rows, mapping.limits.seconds) == (10, 20)


@pytest.mark.parametrize(
    "good, bad, says",
    [
        ('name = "Case system"', 'name = "Case system"\nnmae = 1', "unknown member nmae"),
        ("[limits]\nrows = 10", "[limits]\nrow = 10", "unknown member row"),
        ("social_care_history", "social_history", "unknown member social_history"),
        ("WHERE child = :key", "", "must name :key"),
        ("WHERE id = :key OR upn", "WHERE upn", "must also find by :key"),
        ("upn = :id_upn", "upn = :id_nhs", ":id_nhs is no parameter here"),
        ('identifiers = ["upn"]', 'identifiers = ["upn"]\ncomplete = ["nhs"]', "complete names"),
        ('identifiers = ["upn"]', 'identifiers = ["UPN number"]', "a list of words"),
        ("SELECT d AS", "DELETE FROM x; SELECT d AS", "DELETE has no place"),
        ("rows = 10", "rows = 0", "at least one"),
        ('name = "Case system"', "name = Case system", "not TOML"),
    ],
)
def test_anything_else_refuses_the_whole_file(good: str, bad: str, says: str) -> None:
    assert good in GOOD
    with pytest.raises(Unusable) as refused:
        parse_mapping(GOOD.replace(good, bad).encode())
    assert refused.value.code == "sql-mapping"
    assert says in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        "UPDATE child SET born = :born",
        "WITH gone AS (DELETE FROM child RETURNING 1) SELECT * FROM gone",
        "SELECT * INTO other FROM child",
        "SELECT $1",
        "SELECT ?",
        "SELECT @name",
        "SELECT 'open",
        "SELECT 1 /* open",
        "VALUES (1)",
        "",
    ],
)
def test_what_is_no_single_select_is_refused(text: str) -> None:
    with pytest.raises(NotOneSelect):
        statement(text, ANY)


def test_only_what_stands_outside_quotes_and_comments_is_a_parameter() -> None:
    text = (
        "SELECT ':born', \"a:born\", x::text, E'\\':born', $q$ :born; $q$ -- :born ;\n"
        "/* :born */ FROM t WHERE k = :key AND b = :born AND k <> :key;"
    )
    taken = statement(text, ANY)
    assert taken.names == ("key", "born", "key")
    numbered = taken.numbered({"born": "date"})
    assert "k = $1::text AND b = $2::date AND k <> $1::text" in numbered
    assert numbered.count("$2") == 1
    assert taken.named() == text.removesuffix(";")
