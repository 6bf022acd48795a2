"""The Children in Need census of the Department for Education, as XML or as a folder of CSV files, in one
shape: children, and blocks of fields as the return names them.

Promises: XML with a document type, entities, another root or too deep a nesting is refused; of a census in
good form everything readable is given, and what is not is counted. Does not validate the return: that is the
business of the department's own rules.

Source: Children in Need census guides 2021 to 2026 (names of blocks and fields).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from adapters.connectors.connector import ConnectorFailed
from adapters.connectors.plain_file import table
from adapters.connectors.safe_xml import Element, NotSafeXml, parse_xml
from adapters.connectors.written_date import read_date

CODE: Final = "census-unreadable"
HEADER: Final = "header"
IDENTIFIERS: Final = "childidentifiers"
_MERGED: Final = frozenset({"factorsidentifiedatassessment"})
"""Blocks that only hold a list of the block around them."""
_ID: Final = "lachildid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a child's return, such as `cindetails`: its fields, in small letters, with their values."""

    kind: str
    fields: Mapping[str, tuple[str, ...]] = field(repr=False)

    def one(self, name: str) -> str | None:
        """Give a field's first value."""
        return next(iter(self.fields.get(name, ())), None)


@dataclass(slots=True, kw_only=True)
class Child:
    """A child of the return. `id` is the LAchildID, None where it is missing."""

    id: str | None = field(repr=False)
    blocks: list[Block] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """A whole return. `faults` are counted by file and code. `as_of` is its reference date, or the day it was
    made where that was before.
    """

    year: str | None
    as_of: date | None
    children: tuple[Child, ...] = field(repr=False)
    faults: Counter[tuple[int, str]]


def read_xml(data: bytes) -> Census:
    """Read a census as XML.

    Raises:
        ConnectorFailed: `census-unreadable`.
    """
    try:
        root = parse_xml(data)
    except NotSafeXml as error:
        raise ConnectorFailed(CODE, f"The census is no XML that may be read: {error}") from None
    if root.tag.lower() != "message":
        raise ConnectorFailed(CODE, "The file is no census: its outermost element is not Message.")
    faults: Counter[tuple[int, str]] = Counter()
    children = []
    for element in root.all("child"):
        blocks = list(_blocks(element, "child"))
        own = next((block for block in blocks if block.kind == IDENTIFIERS), None)
        if own is None:
            faults[1, "child-without-identifiers"] += 1
            continue
        children.append(Child(id=own.one(_ID), blocks=blocks))
    if not children:
        raise ConnectorFailed(CODE, "The census names no child; look whether it is the whole return.")
    fields: dict[str, tuple[str, ...]] = {}
    for element in root.all(HEADER):
        for block in _blocks(element, HEADER):
            fields |= block.fields
    return _census(Block(kind=HEADER, fields=fields), children, faults)


def read_tables(files: Mapping[str, bytes]) -> Census:
    """Read a census as CSV files, by their names without `.csv`: one for each block, each line with its
    LAchildID.

    Raises:
        ConnectorFailed: `census-unreadable`.
    """
    faults: Counter[tuple[int, str]] = Counter()
    header = Block(kind=HEADER, fields={})
    lines: list[tuple[str, Block]] = []
    for number, (name, data) in enumerate(sorted(files.items()), start=1):
        for block in _lines(name.lower(), data, number, faults):
            if block.kind == HEADER:
                header = block
            else:
                lines.append((block.one(_ID) or "", block))
    named = [(whose, block) for whose, block in lines if block.kind == IDENTIFIERS]
    if not named:
        raise ConnectorFailed(CODE, "The folder has no ChildIdentifiers.csv that names a child.")
    children = [Child(id=whose or None, blocks=[block]) for whose, block in named]
    by_id = {child.id: child for child in reversed(children) if child.id is not None}
    for whose, block in lines:
        if block.kind != IDENTIFIERS:
            if whose in by_id:
                by_id[whose].blocks.append(block)
            else:
                faults[0, "line-of-no-child"] += 1
    return _census(header, children, faults)


def _lines(kind: str, data: bytes, number: int, faults: Counter[tuple[int, str]]) -> Iterator[Block]:
    lines = table(data)
    heading = next(lines, None)
    if heading is None:
        faults[number, "file-without-heading"] += 1
        return
    names = [cell.lower() for cell in heading]
    if kind != HEADER and _ID not in names:
        faults[number, "file-without-lachildid"] += 1
        return
    for cells in lines:
        if cells is None or len(cells) > len(names):
            faults[number, "line-unreadable"] += 1
        else:
            fields = {name: (cell,) for name, cell in zip(names, cells, strict=False) if cell}
            if factors := fields.get("assessmentfactors"):
                fields["assessmentfactors"] = tuple(re.findall(r"\w+", factors[0]))
            yield Block(kind=kind, fields=fields)


def _blocks(element: Element, kind: str) -> Iterator[Block]:
    """The element's own fields, then those of every block inside it."""
    fields: dict[str, tuple[str, ...]] = {}
    inner: list[Element] = []
    for child in element.children:
        name = child.tag.lower()
        if name in _MERGED:
            for each in child.children:
                fields[each.tag.lower()] = (*fields.get(each.tag.lower(), ()), each.text)
        elif child.children:
            inner.append(child)
        elif child.text:
            fields[name] = (*fields.get(name, ()), child.text)
    if fields:
        yield Block(kind=kind, fields=fields)
    for child in inner:
        yield from _blocks(child, child.tag.lower())


def _census(header: Block, children: list[Child], faults: Counter[tuple[int, str]]) -> Census:
    days = [day for name in ("referencedate", "datetime") if (day := read_date(header.one(name))) is not None]
    if not days:
        faults[0, "census-without-date"] += 1
    year, reference = header.one("year"), read_date(header.one("referencedate"))
    if year is not None and reference is not None and year != str(reference.year):
        faults[0, "year-and-reference-date-disagree"] += 1
    missing = sum(child.id is None for child in children)
    if missing:
        faults[0, "child-without-lachildid"] += missing
    counts = Counter(child.id for child in children if child.id is not None)
    if twice := sum(count - 1 for count in counts.values()):
        faults[0, "lachildid-twice"] += twice
    return Census(year=year, as_of=min(days, default=None), children=tuple(children), faults=faults)
