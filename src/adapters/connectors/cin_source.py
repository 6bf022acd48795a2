"""The connector to a Children in Need census: a source for testing, and for an authority with nothing better.

Promises: every reading and every nil says which year's return it is and to which day it goes. It is a yearly
return without names or NHS numbers: a child is found by LAchildID or UPN; a name and a birth date only ever
offer candidates.
"""

from collections import Counter
from pathlib import Path
from typing import Final

from adapters.connectors import cin_census, plain_file
from adapters.connectors.cin_census import CODE, IDENTIFIERS, Census, Child
from adapters.connectors.cin_rows import rows
from adapters.connectors.connector import ConnectorFailed, Unread
from adapters.connectors.held_source import Held, HeldSource
from adapters.connectors.row import Row
from adapters.connectors.written_date import read_date
from adapters.errors import WrongOrder
from adapters.matching.identifier import LA_CHILD, UPN
from adapters.matching.person import Described
from broker.protocol.body import Identifier
from policies.vocabulary import Category

NAME: Final = "Children in Need census"
_SERVES: Final = frozenset({
    Category.DEMOGRAPHICS, Category.SOCIAL_CARE_HISTORY, Category.CHILD_PROTECTION_PLAN,
})  # fmt: skip
_FILES: Final = 64
"""A census has eleven blocks."""
_LONGEST: Final = 64


def open_cin(named: Path | str) -> HeldSource:
    """Open a census: an XML file, or a folder of CSV files named by block.

    Raises:
        WrongOrder: `unknown-connector`, there is neither.
    """
    place = Path(named)
    if not place.exists():
        raise WrongOrder("unknown-connector", "That census is not there; name its XML file or folder of CSV.")
    if place.is_dir():
        return HeldSource(
            NAME,
            serves=_SERVES,
            stamp=lambda: [(path.name, plain_file.stamp(path, CODE)) for path in _tables(place)],
            load=lambda: held(
                cin_census.read_tables({path.stem: plain_file.content(path, CODE) for path in _tables(place)})
            ),
        )
    return HeldSource(
        NAME,
        serves=_SERVES,
        stamp=lambda: plain_file.stamp(place, CODE),
        load=lambda: held(cin_census.read_xml(plain_file.content(place, CODE))),
    )


def held(census: Census) -> Held:
    """Give a census as people and what is stated of them."""
    people: list[Described] = []
    stated: dict[str, tuple[Row, ...]] = {}
    faults = Counter(census.faults)
    used: Counter[str] = Counter()
    for number, child in enumerate(census.children, start=1):
        base = child.id or f"without id {number}"
        used[base] += 1
        # A second child of one id is somebody else until a person has looked: both then bear the id.
        key = base if used[base] == 1 else f"{base} ({used[base]})"
        people.append(_described(key, child, faults))
        reference = None if child.id is None else f"census {census.year or ''} {child.id}".replace("  ", " ")
        stated[key] = tuple(rows(child, reference))
        if late := _after(census, stated[key]):
            faults[0, "date-after-the-return"] += late
    everyone = all(child.id is not None for child in census.children)
    to_day = "of no stated date" if census.as_of is None else f"to {census.as_of.isoformat()}"
    return Held(
        system=f"{NAME}: yearly return {census.year or 'of no stated year'}, {to_day}",
        as_of=census.as_of,
        people=tuple(people),
        rows=stated,
        complete=frozenset({LA_CHILD}) if everyone else frozenset(),
        unread=tuple(
            Unread(file=file, code=code, count=count) for (file, code), count in sorted(faults.items())
        ),
    )


def _after(census: Census, stated: tuple[Row, ...]) -> int:
    """Count what is dated after the return was made: it is given as it stands, and somebody mistyped it."""
    as_of = census.as_of
    days = [read_date(row.entry.on) for row in stated if row.entry is not None]
    return sum(as_of is not None and day is not None and day > as_of for day in days)


def _described(key: str, child: Child, faults: Counter[tuple[int, str]]) -> Described:
    current: list[Identifier] = []
    former: list[Identifier] = []
    born: set[str] = set()
    for block in child.blocks:
        if block.kind != IDENTIFIERS:
            continue
        born |= set(block.fields.get("personbirthdate", ()))
        for name, system, into in (
            ("lachildid", LA_CHILD, current), ("upn", UPN, current), ("formerupn", UPN, former)
        ):  # fmt: skip
            into += [
                Identifier(system=system, value=value)
                for value in block.fields.get(name, ())
                if len(value) <= _LONGEST
            ]
    day = read_date(next(iter(born))) if len(born) == 1 else None
    if born and day is None:
        faults[0, "birth-date-unreadable"] += 1
    return Described(key=key, born=day, identifiers=tuple(current), former=tuple(former))


def _tables(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    except OSError as error:
        raise ConnectorFailed(CODE, f"The folder of the census cannot be read ({error.strerror}).") from None
    if len(found) > _FILES:
        raise ConnectorFailed(CODE, f"The folder has more than {_FILES} CSV files; it is no census.")
    return found
