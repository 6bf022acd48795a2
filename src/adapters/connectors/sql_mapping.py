"""`MAPPING.toml`: how one agency's database says who its people are and what is held of them, as whole
SELECTs in the agency's own hands.

Promises: an unknown field, word or parameter refuses the whole file, saying where; no SELECT is made of
pieces. Does not look at the database; `sql_check` does.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.connectors.sql_statement import NotOneSelect, Statement, statement
from adapters.errors import Unusable
from policies.errors import PolicyError
from policies.reading import Reader
from policies.vocabulary import Category

_LIMIT: Final = 1 << 18
KEY: Final = frozenset({"key"})
DESCRIBED: Final = frozenset({"name", "born"})
IDENTIFIER: Final = "id_"
"""How parameters and columns of identifiers start: `id_upn` is the UPN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySelect:
    """The SELECT of one category; `detail` gives its further columns the words an asker reads."""

    select: Statement
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLimits:
    """What a database may cost. All are the mapping's own, with these where it says nothing."""

    seconds: int = 20
    """For everything that one find or one reading asks, connecting included."""
    people: int = 50_000
    """Rows of `find`; more is an error, because whoever lies beyond would falsely be nobody."""
    rows: int = 20_000
    """Rows of a category; what lies beyond is left for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlMapping:
    """A whole mapping. `complete` are the identifiers which every record bears. `database` is as written."""

    name: str
    database: str
    find: Statement
    identifiers: tuple[str, ...]
    complete: frozenset[str]
    as_of: Statement | None
    categories: Mapping[Category, CategorySelect]
    limits: SqlLimits


class _Malformed(PolicyError):
    """Carries the reader's sentence out."""


def load_mapping(path: Path) -> SqlMapping:
    """Read a mapping.

    Raises:
        Unusable: `sql-mapping`, saying where and what is wrong.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise Unusable(
            "sql-mapping",
            f"The mapping cannot be read ({error.strerror}); see that it is there and readable.",
        ) from None
    return parse_mapping(data)


def parse_mapping(data: bytes) -> SqlMapping:
    """Read a mapping's bytes. Raises Unusable, `sql-mapping`."""
    try:
        if len(data) > _LIMIT:
            raise _Malformed(f"the mapping is larger than {_LIMIT} bytes.")
        whole = Reader(tomllib.loads(data.decode()), at="mapping", error=_Malformed)
        mapping = _mapping(whole)
        whole.end()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable("sql-mapping", f"The mapping is not TOML ({error}); look at its quotes.") from None
    except (_Malformed, RecursionError) as error:
        raise Unusable("sql-mapping", f"{error} Put it right; until then nothing is read.") from None
    return mapping


def _mapping(whole: Reader) -> SqlMapping:
    find, identifiers, complete = whole.one("find", _find)
    as_of = whole.text_or_none("as_of")
    return SqlMapping(
        name=whole.text("name"),
        database=whole.text("database"),
        find=find,
        identifiers=identifiers,
        complete=complete,
        as_of=None if as_of is None else _select(whole, as_of, frozenset()),
        categories=_categories(whole.member("category")),
        limits=_limits(whole.optional("limits")),
    )


def _find(reader: Reader) -> tuple[Statement, tuple[str, ...], frozenset[str]]:
    identifiers = _systems(reader, "identifiers")
    complete = frozenset(_systems(reader, "complete"))
    if not complete <= set(identifiers):
        raise reader.refuse("complete names an identifier that identifiers does not.")
    allowed = DESCRIBED | KEY | {IDENTIFIER + system.replace("-", "_") for system in identifiers}
    find = _select(reader, reader.text("sql"), allowed)
    if find.names and "key" not in find.names:
        # A reading asks for its person again, to see that they are there and whether they are sensitive.
        raise reader.refuse("a WHERE that names parameters must also find by :key, such as id = :key OR …")
    return find, identifiers, complete


def _systems(reader: Reader, name: str) -> tuple[str, ...]:
    value = reader.optional(name)
    given = [] if value is None else value
    if not isinstance(given, list) or not all(_is_system(each) for each in given):
        raise reader.refuse(f'{name} is a list of words such as ["nhs", "upn"].')
    return tuple(dict.fromkeys(given))


def _is_system(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value == value.lower()
        and value.replace("-", "a").isalnum()
        and value[0].isalpha()
        and len(value) <= 32
    )


def _categories(value: object) -> Mapping[Category, CategorySelect]:
    section = Reader(value, at="category", error=_Malformed)
    made = {
        category: section.one(category.value, _category)
        for category in Category
        if section.optional(category.value) is not None
    }
    section.end()
    if not made:
        raise section.refuse("at least one category is needed.")
    return MappingProxyType(made)


def _category(reader: Reader) -> CategorySelect:
    select = _select(reader, reader.text("sql"), KEY)
    if "key" not in select.names:
        raise reader.refuse("the SELECT must name :key, or it would give everybody's rows.")
    detail = reader.optional("detail")
    given = {} if detail is None else detail
    if not isinstance(given, dict) or not all(isinstance(each, str) and each for each in given.values()):
        raise reader.refuse('detail gives columns their words, such as { closed = "closed on" }.')
    return CategorySelect(select=select, detail=MappingProxyType(given))


def _limits(value: object) -> SqlLimits:
    if value is None:
        return SqlLimits()
    reader = Reader(value, at="limits", error=_Malformed)
    usual = SqlLimits()
    made = SqlLimits(
        **{
            name: reader.count(name) if reader.optional(name) is not None else getattr(usual, name)
            for name in ("seconds", "people", "rows")
        }
    )
    reader.end()
    return made


def _select(reader: Reader, text: str, allowed: frozenset[str]) -> Statement:
    try:
        return statement(text, allowed)
    except NotOneSelect as error:
        raise reader.refuse(f"sql: {error}") from None
