"""The score of one candidate: its features' points added up, the reasons in words, and what may follow.

Certain needs more than points: birth date and given name the same, a family name that is not another, and one
thing more that strangers do not share (home, telephone, e-mail, relative). The given name must be the very
same, because it is what tells twins apart; a likeness of an e-mail address or a town is no such thing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from adapters.matching import comparison
from adapters.matching.comparison import Compared
from adapters.matching.person import Described

CERTAIN: Final = 21
"""Birth date (10) and given name (5), and two more that agree: family name (6, 3 if spelt alike), home (8, of
which the postcode alone 4), telephone or e-mail (8), relatives (5, 8)."""
NEAR: Final = 6
"""A person at the source is shown whoever reaches this: a birth date that no name contradicts, a whole name
with a birth date not far off, or a name and a home. Of pairs of strangers two in a hundred thousand do."""
_MISTYPED: Final = 4
"""The least points of a birth date that is the same or one slip of the hand away."""
LEAD: Final = 8
"""How far the certain one must be ahead of the next: less could be a twin, a cousin or a copy."""


class Band(StrEnum):
    """What may follow from a score."""

    CERTAIN = "certain"
    """Found, without a person, if nobody else comes near."""
    NEAR = "near"
    """A person at the source looks."""
    NO = "no"
    """Somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Whom to look for, as far as it can be compared. Personal data."""

    name: str | None = field(default=None, repr=False)
    born: date | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    contacts: tuple[str, ...] = field(default=(), repr=False)
    relatives: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Points, and the reasons in words, strongest first; no reason repeats a value."""

    points: int
    reasons: tuple[str, ...]
    band: Band


def score(sought: Sought, person: Described) -> Score:
    """Compare whom an ask names with one record."""
    family, given = comparison.names(sought.name, person.names) or (None, None)
    day = comparison.born(sought.born, person.born)
    identity = (day, family, given)
    if given is not None and given.points < 0 and (day is None or day.points < _MISTYPED):
        # Another given name and another age: of one family and home a brother, a sister, a parent. Nearly
        # everybody in a system ends here, so nothing more is compared or told.
        return _NOBODY
    further = (
        comparison.address(sought.address, person.addresses),
        comparison.contact(sought.contacts, person.contacts),
        comparison.relatives(sought.relatives, person.relatives),
    )
    points = sum(each.points for each in (*identity, *further) if each is not None)
    return _sum((*identity, *further), _band(points, day, family, given, further))


_NOBODY: Final = Score(points=0, reasons=("another given name and another birth date",), band=Band.NO)


def _sum(features: Sequence[Compared | None], band: Band) -> Score:
    compared = [each for each in features if each is not None]
    ordered = sorted(compared, key=lambda each: -abs(each.points))
    return Score(
        points=sum(each.points for each in compared),
        reasons=tuple(each.words for each in ordered if each.points),
        band=band,
    )


def _band(
    points: int,
    day: Compared | None,
    family: Compared | None,
    given: Compared | None,
    further: Sequence[Compared | None],
) -> Band:
    if day is not None and day.exact and family is None:
        # A record without a name cannot be told from the sought person's by anything but its birth date.
        return Band.NEAR
    if points < NEAR:
        return Band.NO
    same = day is not None and day.exact and given is not None and given.exact
    other = family is None or family.points < 0
    supported = any(each is not None and each.exact for each in further)
    return Band.CERTAIN if points >= CERTAIN and same and not other and supported else Band.NEAR
