"""The score of one candidate: its features' points added up, the reasons in words, and what may follow.

Certain needs more than points: birth date, family and given name each the same, and one thing more that
strangers do not share. Twins, and two of one name born on one day, never come so far by their names alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from adapters.matching import comparison
from adapters.matching.comparison import Compared
from adapters.matching.person import Described

CERTAIN: Final = 25
"""Birth date (10), family (6) and given name (5), and at least one more agreement (4 to 8)."""
NEAR: Final = 11
"""A person at the source is shown whoever reaches this: a birth date and anything, or names and a home."""
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
    named = comparison.names(sought.name, person.names)
    day = comparison.born(sought.born, person.born)
    identity = [day, *(named or (None, None))]
    further = [
        comparison.address(sought.address, person.addresses),
        comparison.contact(sought.contacts, person.contacts),
        comparison.relatives(sought.relatives, person.relatives),
    ]
    compared = [each for each in (*identity, *further) if each is not None]
    points = sum(each.points for each in compared)
    ordered = sorted(compared, key=lambda each: -abs(each.points))
    return Score(
        points=points,
        reasons=tuple(each.words for each in ordered if each.points),
        band=_band(points, identity, further),
    )


def _band(points: int, identity: Sequence[Compared | None], further: Sequence[Compared | None]) -> Band:
    if points < NEAR:
        return Band.NO
    alike = all(each is not None and each.exact for each in identity)
    supported = any(each is not None and each.exact for each in further)
    return Band.CERTAIN if points >= CERTAIN and alike and supported else Band.NEAR
