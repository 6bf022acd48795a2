"""The connector to an extract: one CSV file as a system or a spreadsheet exports it, with the page beside it
that says what its columns mean.

Promises: dates in any usual British form, any case, gaps and a few bad lines stop nothing and are counted; a
reading and a nil say to what day the extract goes. Two lines are one person only if number, name and birth
date agree; else both wait for a person.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from adapters.connectors import plain_file, spelling
from adapters.connectors.connector import ConnectorFailed, Unread
from adapters.connectors.extract_mapping import (
    EntryColumns,
    ExtractMapping,
    PersonColumns,
    load_extract_mapping,
)
from adapters.connectors.held_source import Held, HeldSource
from adapters.connectors.row import Row, stated
from adapters.connectors.sql_rows import is_sensitive
from adapters.connectors.written_date import read_date
from adapters.errors import WrongOrder
from adapters.matching.person import Described, Name
from broker.protocol.body import Identifier

CODE: Final = "extract-unreadable"
_ROWS: Final = 500_000
"""Lines; more is a database, which `sql:` reads better."""
_LONGEST: Final = 64
"""Letters of an identifier; a longer value is none."""


def open_extract(named: Path | str) -> HeldSource:
    """Open an extract and the page beside it.

    Raises:
        Unusable: `extract-mapping`.
        WrongOrder: `unknown-connector`, there is no such file.
    """
    place = Path(named)
    if not place.is_file():
        raise WrongOrder("unknown-connector", "That extract is not there, or is no file.")
    mapping = load_extract_mapping(place)

    def load() -> Held:
        changed = datetime.fromtimestamp(plain_file.stamp(place, CODE)[1] / 1e9, UTC)
        return held(plain_file.content(place, CODE), mapping, mapping.as_of or changed.date())

    return HeldSource(
        mapping.name,
        serves=frozenset(entry.category for entry in mapping.entries),
        stamp=lambda: plain_file.stamp(place, CODE),
        load=load,
    )


def held(data: bytes, mapping: ExtractMapping, as_of: date) -> Held:
    """Give an extract's bytes as people and what is stated of them.

    Raises:
        ConnectorFailed: `extract-unreadable`: no heading, a column that is not there or is there twice, or
            too many lines.
    """
    faults: Counter[str] = Counter()
    people: dict[tuple[object, ...], Described] = {}
    stated: dict[str, dict[Row, None]] = {}
    numbered: Counter[str] = Counter()
    for line in _lines(data, mapping, faults):
        person = _described(line, mapping.person, faults)
        if person is None:
            faults["line-about-nobody"] += 1
            continue
        same = _same(person)
        if same not in people:
            numbered[person.key] += 1
            if numbered[person.key] > 1:
                faults["number-of-several-people"] += 1
            key = person.key if numbered[person.key] == 1 else f"{person.key} ({numbered[person.key]})"
            people[same] = _merged(person, person, key)
        else:
            people[same] = _merged(people[same], person, people[same].key)
        kept = stated.setdefault(people[same].key, {})
        for entry in mapping.entries:
            if (row := _row(line, entry)) is not None:
                kept[row] = None
    return Held(
        system=f"{mapping.name}: extract to {as_of.isoformat()}",
        as_of=as_of,
        people=tuple(people.values()),
        rows={key: tuple(rows) for key, rows in stated.items()},
        complete=mapping.complete,
        unread=tuple(Unread(file=1, code=code, count=count) for code, count in sorted(faults.items())),
    )


def _lines(data: bytes, mapping: ExtractMapping, faults: Counter[str]) -> Iterator[Mapping[str, str]]:
    lines = plain_file.table(data, separator=mapping.separator)
    heading = next(lines, None)
    if heading is None:
        raise ConnectorFailed(CODE, "The extract has no heading; its first line names the columns.")
    for column in sorted(mapping.columns):
        if heading.count(column) != 1:
            there = "is not in the heading" if column not in heading else "is in the heading twice"
            raise ConnectorFailed(
                CODE,
                f"The column {column!r} {there}; compare the page beside the extract with it.",
            )
    for number, cells in enumerate(lines, start=1):
        if number > _ROWS:
            raise ConnectorFailed(CODE, f"The extract has more than {_ROWS} lines; export less.")
        if cells is None or any(cells[len(heading) :]):
            faults["line-unreadable"] += 1
        else:
            yield dict(zip(heading, cells, strict=False))


def _described(line: Mapping[str, str], columns: PersonColumns, faults: Counter[str]) -> Described | None:
    def of(column: str | None) -> str:
        return "" if column is None else line.get(column, "")

    given, family, whole = of(columns.given), of(columns.family), of(columns.name)
    name = Name(given=given, family=family) if given or family else Name.of_line(whole)
    born = read_date(of(columns.born))
    if born is None and of(columns.born):
        faults["birth-date-unreadable"] += 1
    identifiers = tuple(
        Identifier(system=system, value=value)
        for system, column in columns.identifiers.items()
        if (value := of(column)) and len(value) <= _LONGEST
    )
    key = of(columns.key)
    address = ", ".join(part for column in columns.address if (part := of(column)))
    named = name.given or name.family
    if not (key or identifiers or named):
        return None
    described = Described(
        key=key,
        names=(name,) if named else (),
        born=born,
        identifiers=identifiers,
        addresses=(address,) if address else (),
        contacts=tuple(value for column in columns.contact if (value := of(column))),
        relatives=tuple(value for column in columns.relatives if (value := of(column))),
        restricted=columns.sensitive is not None and is_sensitive(of(columns.sensitive)),
    )
    return described if key else _merged(described, described, _digest(described))


def _same(person: Described) -> tuple[object, ...]:
    return (person.key, person.born, spelling.squeeze(person.name or ""))


def _digest(person: Described) -> str:
    """A key for a line that has none: it stays while who the line describes does."""
    parts = (person.name, person.born, person.addresses, [each.value for each in person.identifiers])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _merged(one: Described, other: Described, key: str) -> Described:
    def both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*first, *second)))

    identifiers = {(each.system, each.value): each for each in (*one.identifiers, *other.identifiers)}
    return Described(
        key=key,
        names=tuple(dict.fromkeys((*one.names, *other.names))),
        born=one.born,
        identifiers=tuple(identifiers.values()),
        addresses=both(one.addresses, other.addresses),
        contacts=both(one.contacts, other.contacts),
        relatives=both(one.relatives, other.relatives),
        restricted=one.restricted or other.restricted,
    )


def _row(line: Mapping[str, str], entry: EntryColumns) -> Row | None:
    what = entry.said(line)
    if not what:
        return None
    written = "" if entry.on is None else line.get(entry.on, "")
    on = read_date(written)
    return stated(
        entry.category,
        what,
        on=on,
        nature=entry.nature,
        recorded_by=line.get(entry.recorded_by or "", ""),
        reference=line.get(entry.reference or "", ""),
        detail=[
            ("when", written if on is None else ""),
            *((words, line.get(column, "")) for column, words in entry.detail.items()),
        ],
        sensitive=entry.sensitive is not None and is_sensitive(line.get(entry.sensitive)),
    )
