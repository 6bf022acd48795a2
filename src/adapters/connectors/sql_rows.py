"""What the rows of a mapping's SELECTs mean: people, and statements about one.

Promises: several rows of one key are one person; a mark of sensitivity that is not plainly "no" is "yes"; a
column nobody explained is an error, never a detail that travels unread.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from adapters.connectors.connector import ConnectorFailed, LeftReason
from adapters.connectors.row import Row, stated
from adapters.connectors.sql_database import Values
from adapters.connectors.sql_mapping import IDENTIFIER
from adapters.connectors.written_date import read_date
from adapters.matching.person import Described, Name
from broker.protocol.body import Identifier, Nature
from policies.vocabulary import Category

FORMER: Final = f"former_{IDENTIFIER}"
"""How columns of identifiers no longer in use start."""
PERSON_COLUMNS: Final = frozenset({
    "key", "given", "family", "name", "born", "address", "contact", "relative", "sensitive",
})  # fmt: skip
ENTRY_COLUMNS: Final = frozenset({"on", "what", "nature", "recorded_by", "reference", "sensitive"})
_NO: Final = frozenset({"", "0", "n", "no", "f", "false"})
_LONGEST: Final = 64
"""Letters of an identifier; a longer value is none."""


@dataclass(slots=True, kw_only=True)
class _Gathering:
    names: dict[Name, None] = field(default_factory=dict)
    born: set[date] = field(default_factory=set)
    identifiers: dict[tuple[str, str], None] = field(default_factory=dict)
    former: dict[tuple[str, str], None] = field(default_factory=dict)
    addresses: dict[str, None] = field(default_factory=dict)
    contacts: dict[str, None] = field(default_factory=dict)
    relatives: dict[str, None] = field(default_factory=dict)
    sensitive: bool = False


def is_sensitive(value: object) -> bool:
    """Whether a mark means that this leaves only by a person's hand."""
    return value is not None and str(value).strip().lower() not in _NO


def people(rows: Iterable[Values], identifiers: Iterable[str]) -> tuple[Described, ...]:
    """Give the people that rows of `find` describe.

    Raises:
        ConnectorFailed: `mapping-column`, a column that is not known or a row without its key.
    """
    columns = {IDENTIFIER + system.replace("-", "_"): system for system in identifiers}
    former = {FORMER + system.replace("-", "_"): system for system in identifiers}
    gathered: dict[str, _Gathering] = {}
    for row in rows:
        _known(row, PERSON_COLUMNS | columns.keys() | former.keys())
        key = row.get("key")
        if key is None:
            raise ConnectorFailed("mapping-column", "find gave a row without key; give every person one.")
        _gather(gathered.setdefault(str(key), _Gathering()), row, columns, former)
    return tuple(_described(key, found) for key, found in gathered.items())


def _gather(found: _Gathering, row: Values, columns: Mapping[str, str], former: Mapping[str, str]) -> None:
    whole = {name: written for name, value in row.items() if (written := text(value))}
    if "family" in whole:
        found.names[Name(given=whole.get("given", ""), family=whole["family"])] = None
    elif "name" in whole:
        found.names[Name.of_line(whole["name"])] = None
    elif "given" in whole:
        found.names[Name(given=whole["given"], family="")] = None
    if (born := read_date(row.get("born"))) is not None:
        found.born.add(born)
    for name, value in whole.items():
        if len(value) <= _LONGEST:
            if name in columns:
                found.identifiers[columns[name], value] = None
            elif name in former:
                found.former[former[name], value] = None
    for name, kept in (
        ("address", found.addresses), ("contact", found.contacts), ("relative", found.relatives)
    ):  # fmt: skip
        if name in whole:
            kept[whole[name]] = None
    found.sensitive = found.sensitive or is_sensitive(row.get("sensitive"))


def _described(key: str, found: _Gathering) -> Described:
    return Described(
        key=key,
        names=tuple(found.names),
        # Two birth dates of one key are no birth date.
        born=next(iter(found.born)) if len(found.born) == 1 else None,
        identifiers=tuple(Identifier(system=system, value=value) for system, value in found.identifiers),
        former=tuple(Identifier(system=system, value=value) for system, value in found.former),
        addresses=tuple(found.addresses),
        contacts=tuple(found.contacts),
        relatives=tuple(found.relatives),
        restricted=found.sensitive,
    )


def statements(rows: Iterable[Values], category: Category, detail: Mapping[str, str]) -> Iterable[Row]:
    """Give what rows of a category's SELECT state.

    Raises:
        ConnectorFailed: `mapping-column`, a column that is neither known nor in `detail`.
    """
    for row in rows:
        _known(row, ENTRY_COLUMNS | detail.keys())
        yield _statement(row, category, detail)


def _statement(row: Values, category: Category, detail: Mapping[str, str]) -> Row:
    nature = text(row.get("nature")) or Nature.FACT
    if nature not in set(Nature):
        return Row(category=category, entry=None, left=LeftReason.ROW)
    written = row.get("on")
    on = written if isinstance(written, datetime) and written.tzinfo is not None else read_date(written)
    when = [("when", text(written))] if on is None and written is not None else []
    return stated(
        category,
        text(row.get("what")),
        on=on,
        nature=Nature(nature),
        recorded_by=text(row.get("recorded_by")),
        reference=text(row.get("reference")),
        detail=[*when, *((words, text(row.get(column))) for column, words in detail.items())],
        sensitive=is_sensitive(row.get("sensitive")),
    )


def text(value: object) -> str:
    """Give a value in plain words; nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _known(row: Values, names: Iterable[str]) -> None:
    unknown = sorted(row.keys() - set(names))
    if unknown:
        raise ConnectorFailed(
            "mapping-column",
            f"The SELECT gives a column {unknown[0]!r} that the mapping does not explain; name it under"
            " detail or leave it out.",
        )
