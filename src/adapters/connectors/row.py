"""What a table, an extract or a census says of one person, row by row, and the reading it makes.

Promises: a sensitive row is counted and never given; of a restricted person nothing is given, everything is
counted; what a body cannot take is cut and says so, or is left for a person. Does no I/O.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from adapters.connectors.connector import (
    ENTRY_LIMIT,
    LeftForPerson,
    LeftReason,
    Reading,
    SourceEntry,
)
from broker.protocol.body import Nature, Searched
from policies.vocabulary import Category

_LINE: Final = 500
_WORDS: Final = 20_000
_DETAILS: Final = 32
"""What a body's entry takes."""
_CUT: Final = " … (cut)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One statement of a category: an entry, or why there is none."""

    category: Category
    entry: SourceEntry | None
    left: LeftReason | None = None


def stated(
    category: Category,
    what: str,
    *,
    on: date | datetime | None = None,
    nature: Nature = Nature.FACT,
    recorded_by: str | None = None,
    reference: str | None = None,
    detail: Iterable[tuple[str, str | None]] = (),
    sensitive: bool = False,
) -> Row:
    """Make a row; empty details are left out. A sensitive row has no entry, so that nothing can give it."""
    words = what.strip()
    if sensitive:
        return Row(category=category, entry=None, left=LeftReason.LABELLED)
    if not words:
        return Row(category=category, entry=None, left=LeftReason.ROW)
    said = [(one_line(name), one_line(value)) for name, value in detail if value and value.strip()]
    return Row(
        category=category,
        entry=SourceEntry(
            on=on,
            what=words if len(words) <= _WORDS else words[: _WORDS - len(_CUT)] + _CUT,
            nature=nature,
            recorded_by=one_line(recorded_by) if recorded_by and recorded_by.strip() else None,
            reference=one_line(reference) if reference and reference.strip() else None,
            detail=tuple(said[:_DETAILS]),
        ),
        left=LeftReason.ROW if len(said) > _DETAILS else None,
    )


def one_line(written: str) -> str:
    """Give the text in one line that a body takes, saying where it was cut."""
    single = " ".join(written.split())
    return single if len(single) <= _LINE else single[: _LINE - len(_CUT)] + _CUT


def reading(
    rows: Iterable[Row], categories: frozenset[Category], *, restricted: bool, searched: Searched
) -> Reading:
    """Make a reading of rows, each category newest first and as many as a body takes."""
    made: dict[Category, list[SourceEntry]] = {category: [] for category in sorted(categories)}
    left: Counter[tuple[Category, LeftReason]] = Counter()
    for row in rows:
        if row.category not in made:
            continue
        if restricted:
            left[row.category, LeftReason.LABELLED] += 1
            continue
        if row.left is not None:
            left[row.category, row.left] += 1
        if row.entry is not None:
            made[row.category].append(row.entry)
    entries: dict[Category, tuple[SourceEntry, ...]] = {}
    for category, each in made.items():
        each.sort(key=_newest_first)
        if len(each) > ENTRY_LIMIT:
            left[category, LeftReason.TOO_MANY] += len(each) - ENTRY_LIMIT
        entries[category] = tuple(each[:ENTRY_LIMIT])
    return Reading(
        entries=entries,
        restricted=restricted,
        searched=searched,
        redactions={},
        left=_left(left),
    )


def _left(left: Mapping[tuple[Category, LeftReason], int]) -> tuple[LeftForPerson, ...]:
    return tuple(
        LeftForPerson(category=category, reason=reason, count=count)
        for (category, reason), count in sorted(left.items())
    )


def _newest_first(entry: SourceEntry) -> tuple[bool, float]:
    on = entry.on
    if on is None:
        return True, 0.0
    instant = on if isinstance(on, datetime) else datetime.combine(on, time.min, UTC)
    return False, -(instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
