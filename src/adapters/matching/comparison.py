"""How one feature of two descriptions compares, in points and in words.

The points are evidence for (or against) one and the same person, roughly in bits: how much more often two
records of one person agree so than those of two people. They are few and round so that whoever must answer
for a match can add them up by hand. A feature that either side does not have says nothing: no points, no
words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from adapters.connectors import spelling
from adapters.matching.person import Name

_LIKE: Final = 0.88
"""Jaro-Winkler similarity from which two words count as one misspelt: Allen and Alen, Bryony and Briony."""
_NICKNAME: Final = 3
"""Letters two forms of a given name share at their start: Rob and Robert, Abi and Abigail."""

Words = tuple[str, ...]

_REMEMBERED: Final = 1 << 14
_TWO: Final = 2
_THREE: Final = 3
_AGE: Final = 400
"""Days by which an age told by somebody who guesses it is out."""
_LETTERS: Final = 2
"""Wrong letters in a long word or an e-mail address that still are one person's typing."""
_SHORTEST: Final = 4
"""Shorter words are each near too many others: Lee and Leo, Amy and Ayo."""
_LONG: Final = 6
"""Letters from which a word may have two wrong ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One feature's outcome. `exact`: equal but for spelling, accents, case and spacing."""

    points: int
    words: str
    exact: bool = False


def born(sought: date | None, recorded: date | None) -> Compared | None:
    """Compare birth dates. Day and month exchanged, or a digit or two, is how they are mistyped; two of three
    parts the same is how they are misheard.
    """
    if sought is None or recorded is None:
        return None
    if sought == recorded:
        return Compared(points=10, words="the same birth date", exact=True)
    one, other = (sought.year, sought.month, sought.day), (recorded.year, recorded.month, recorded.day)
    if one == (other[0], other[2], other[1]):
        return Compared(points=5, words="birth date with day and month exchanged")
    wrong = DamerauLevenshtein.distance(_digits(sought), _digits(recorded))
    if wrong == 1:
        return Compared(points=4, words="birth date but for one digit")
    if sum(part == same for part, same in zip(one, other, strict=True)) == _TWO:
        return Compared(points=2, words="birth date with two of day, month and year the same")
    if wrong == _TWO:
        return Compared(points=1, words="birth date but for two digits")
    if wrong == _THREE or abs((sought - recorded).days) <= _AGE:
        return Compared(points=-2, words="birth date not far off")
    return Compared(points=-12, words="another birth date")


def names(sought: str | None, recorded: Sequence[Name]) -> tuple[Compared, Compared] | None:
    """Compare a name in one line with those on record; the best of them, as family and as given name. None
    where either side has no name.
    """
    words = _words(sought or "")
    found = [
        _name(words, _words(name.family), _words(name.given))
        for name in recorded
        if words and (_words(name.family) or _words(name.given))
    ]
    return max(found, key=lambda pair: pair[0].points + pair[1].points, default=None)


def _name(sought: Words, family: Words, given: Words) -> tuple[Compared, Compared]:
    if len(sought) == 1 and family and given:
        # One word may be either; whichever fits it better, the other is not known.
        as_family, as_given = _family(sought, family)[0], _given(sought, given)
        if as_family.points >= as_given.points:
            return as_family, _NO_GIVEN
        return _NO_FAMILY, as_given
    if not family:
        best = max(((word,) for word in sought), key=lambda word: _given(word, given).points)
        return _NO_FAMILY, _given(best, given)
    first, rest = _family(sought, family)
    return first, _given(rest, given)


def _family(sought: Words, family: Words) -> tuple[Compared, Words]:
    """How the family name compares, and the words that are left for the given name."""
    rest = list(sought)
    joined = "".join(family)
    if all(word in rest for word in family):
        for word in family:
            rest.remove(word)
        return Compared(points=6, words="the same family name", exact=True), tuple(rest)
    for start in range(len(rest) - 1):
        # O'Hara and OHARA, Mac Donald and MacDonald.
        if rest[start] + rest[start + 1] == joined:
            same = Compared(points=6, words="the same family name", exact=True)
            return same, tuple(rest[:start] + rest[start + 2 :])
    if len(family) > 1 and any(word in rest for word in family):
        part = Compared(points=4, words="one part of the family name")
        return part, tuple(word for word in rest if word not in family)
    nearest = max(rest, key=lambda word: JaroWinkler.similarity(word, joined))
    if _alike(nearest, joined):
        rest.remove(nearest)
        return Compared(points=3, words="a family name spelt alike"), tuple(rest)
    return Compared(points=-6, words="another family name"), tuple(rest[:-1])


def _given(sought: Words, recorded: Words) -> Compared:
    if not sought or not recorded:
        return _NO_GIVEN
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
    if _alike(one, other):
        return Compared(points=2, words="a given name spelt alike")
    return Compared(points=-6, words="another given name")


def address(sought: str | None, recorded: Sequence[str]) -> Compared | None:
    """Compare an address with those on record, former ones included. Another one is no evidence: people
    move. A place without a number or a postcode is a town, which thousands share.
    """
    if sought is None:
        return None
    found = [compared for each in recorded if (compared := _home(sought, each)) is not None]
    return max(found, key=lambda each: each.points, default=None)


def _home(sought: str, recorded: str) -> Compared | None:
    one, other = "".join(_words(sought)), "".join(_words(recorded))
    numbers, others = _numbers(sought), _numbers(recorded)
    if one and one == other:
        if any(c.isdecimal() for c in one) and not spelling.is_postcode(sought):
            return Compared(points=8, words="the same address", exact=True)
        if not any(c.isdecimal() for c in one):
            return Compared(points=2, words="the same town")
    if _codes(sought) & _codes(recorded):
        if numbers[:1] and numbers[0] in others:
            return Compared(points=8, words="the same house number and postcode", exact=True)
        return Compared(points=4, words="the same postcode", exact=True)
    if numbers == others and _alike(one, other):
        return Compared(points=1, words="an address or a town spelt alike")
    return None


def _numbers(written: str) -> Words:
    return tuple(word for word in _words(written) if word.isdecimal())


def contact(sought: Sequence[str], recorded: Sequence[str]) -> Compared | None:
    """Compare e-mail addresses and telephone numbers. Families share them, so it is not proof alone."""
    if not sought or not recorded:
        return None
    ones, others = {_contact(each) for each in sought}, {_contact(each) for each in recorded}
    if ones & others:
        return Compared(points=8, words="the same telephone number or e-mail address", exact=True)
    written = [(one, other) for one in ones for other in others if not (one.isdecimal() or other.isdecimal())]
    if any(DamerauLevenshtein.distance(one, other) <= _LETTERS for one, other in written):
        # Often made of the name with a number, so that another person's may look so: never proof.
        return Compared(points=4, words="an e-mail address but for a letter or two")
    return None


def relatives(sought: Sequence[str], recorded: Sequence[str]) -> Compared | None:
    """Compare the people either side connects them with."""
    known = [frozenset(_words(each)) for each in recorded]
    both = [each for each in sought if frozenset(_words(each)) in known]
    if not both:
        return None
    if len(both) == 1:
        return Compared(points=5, words="a relative of the same name", exact=True)
    return Compared(points=8, words=f"{len(both)} relatives of the same names", exact=True)


def _digits(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


# A sought person is compared with everybody a system holds: what was taken apart once need not be again.
@lru_cache(maxsize=_REMEMBERED)
def _words(written: str) -> Words:
    return tuple(spelling.words(written))


@lru_cache(maxsize=_REMEMBERED)
def _codes(written: str) -> frozenset[str]:
    return frozenset(spelling.postal(code) for code in spelling.postcodes_in(written))


@lru_cache(maxsize=_REMEMBERED)
def _contact(written: str) -> str:
    return spelling.squeeze(written) if "@" in written else spelling.national(written)


def _alike(one: str, other: str) -> bool:
    """Whether two words may be one misspelt: alike from the start, a letter or two wrong, or the same letters
    in another order.
    """
    if JaroWinkler.similarity(one, other) >= _LIKE:
        return True
    short = min(len(one), len(other))
    if short < _SHORTEST or abs(len(one) - len(other)) > _LETTERS:
        return False
    wrong = 1 if short < _LONG else _LETTERS
    return sorted(one) == sorted(other) or DamerauLevenshtein.distance(one, other) <= wrong


_NO_FAMILY: Final = Compared(points=0, words="no family name to compare")
_NO_GIVEN: Final = Compared(points=0, words="no given name to compare")
