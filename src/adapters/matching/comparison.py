"""How one feature of two descriptions compares, in points and in words.

The points are evidence for (or against) one and the same person, roughly in bits: how much more often two
records of one person agree so than those of two people. They are few and round so that whoever must answer
for a match can add them up by hand. A feature that either side does not have says nothing: no points, no
words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from adapters.connectors import spelling
from adapters.matching.person import Name

_LIKE: Final = 0.88
"""Jaro-Winkler similarity from which two words count as one misspelt: Allen and Alen, Bryony and Briony."""
_NICKNAME: Final = 3
"""Letters two forms of a given name share at their start: Rob and Robert, Abi and Abigail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One feature's outcome. `exact`: equal but for spelling, accents, case and spacing."""

    points: int
    words: str
    exact: bool = False


def born(sought: date | None, recorded: date | None) -> Compared | None:
    """Compare birth dates. Day and month exchanged, or one digit, is how they are mistyped."""
    if sought is None or recorded is None:
        return None
    if sought == recorded:
        return Compared(points=10, words="the same birth date", exact=True)
    if (sought.year, sought.month, sought.day) == (recorded.year, recorded.day, recorded.month):
        return Compared(points=5, words="birth date with day and month exchanged")
    if DamerauLevenshtein.distance(f"{sought:%Y%m%d}", f"{recorded:%Y%m%d}") == 1:
        return Compared(points=4, words="birth date but for one digit")
    return Compared(points=-12, words="another birth date")


def names(sought: str | None, recorded: Sequence[Name]) -> tuple[Compared, Compared] | None:
    """Compare a name in one line with those on record; the best of them, as family and as given name."""
    if sought is None:
        return None
    found = [_name(spelling.words(sought), name) for name in recorded if spelling.words(name.family)]
    return max(found, key=lambda pair: pair[0].points + pair[1].points, default=None)


def _name(sought: list[str], recorded: Name) -> tuple[Compared, Compared]:
    family, given = spelling.words(recorded.family), spelling.words(recorded.given)
    rest = list(sought)
    if all(word in rest for word in family):
        for word in family:
            rest.remove(word)
        first = Compared(points=6, words="the same family name", exact=True)
    elif len(family) > 1 and any(word in rest for word in family):
        rest = [word for word in rest if word not in family]
        first = Compared(points=4, words="one part of the family name")
    else:
        nearest = max(rest, key=lambda word: _similar(word, "".join(family)), default="")
        if _similar(nearest, "".join(family)) >= _LIKE:
            rest.remove(nearest)
            first = Compared(points=3, words="a family name spelt alike")
        else:
            rest = rest[:-1]
            first = Compared(points=-6, words="another family name")
    return first, _given(rest, given)


def _given(sought: list[str], recorded: list[str]) -> Compared:
    if not sought or not recorded:
        return Compared(points=0, words="no given name to compare")
    one, other = sought[0], recorded[0]
    if one == other:
        return Compared(points=5, words="the same given name", exact=True)
    if one in recorded or other in sought:
        return Compared(points=3, words="a given name that the other has as a middle name")
    short = min(len(one), len(other))
    if short == 1 and one[0] == other[0]:
        return Compared(points=1, words="the same initial")
    if short >= _NICKNAME and one[:short] == other[:short]:
        return Compared(points=3, words="a short form of the given name")
    if _similar(one, other) >= _LIKE:
        return Compared(points=2, words="a given name spelt alike")
    return Compared(points=-6, words="another given name")


def address(sought: str | None, recorded: Sequence[str]) -> Compared | None:
    """Compare an address with those on record, former ones included. Another one is no evidence: people
    move."""
    if sought is None or not recorded:
        return None
    wanted = spelling.squeeze(sought)
    codes = {spelling.postal(code) for code in spelling.postcodes_in(sought)}
    for each in recorded:
        if wanted and (spelling.squeeze(each) == wanted):
            return Compared(points=6, words="the same address", exact=True)
    for each in recorded:
        if codes & {spelling.postal(code) for code in spelling.postcodes_in(each)}:
            number = [word for word in spelling.words(sought) if word.isdecimal()][:1]
            if number and number[0] in spelling.words(each):
                return Compared(points=6, words="the same house number and postcode", exact=True)
            return Compared(points=4, words="the same postcode")
    return None


def contact(sought: Sequence[str], recorded: Sequence[str]) -> Compared | None:
    """Compare e-mail addresses and telephone numbers. Families share them, so it is not proof alone."""
    if not sought or not recorded:
        return None
    if {_contact(each) for each in sought} & {_contact(each) for each in recorded}:
        return Compared(points=6, words="the same telephone number or e-mail address", exact=True)
    return None


def relatives(sought: Sequence[str], recorded: Sequence[str]) -> Compared | None:
    """Compare the people either side connects them with."""
    known = [frozenset(spelling.words(each)) for each in recorded]
    both = [each for each in sought if frozenset(spelling.words(each)) in known]
    if not both:
        return None
    if len(both) == 1:
        return Compared(points=5, words="a relative of the same name", exact=True)
    return Compared(points=8, words=f"{len(both)} relatives of the same names", exact=True)


def _contact(written: str) -> str:
    return spelling.squeeze(written) if "@" in written else spelling.national(written)


def _similar(one: str, other: str) -> float:
    return JaroWinkler.similarity(one, other)
