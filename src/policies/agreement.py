"""Data sharing agreements: good practice, no condition of lawfulness. A missing one holds, never refuses."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from policies.vocabulary import Category, Purpose

if TYPE_CHECKING:
    from policies.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One agreement between legal bodies, for some purposes and categories, for a time.

    In force from `starts` up to, not including, `ends` (None: until ended). Both carry a time zone.
    """

    id: str
    controllers: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    categories: tuple[Category, ...]
    starts: datetime
    ends: datetime | None
    version: int


def covers(agreement: Agreement, question: "Question") -> bool:
    """Whether it covers every body, the purpose and every category of the question at its instant."""
    if question.at < agreement.starts or (agreement.ends is not None and question.at >= agreement.ends):
        return False
    if question.purpose not in agreement.purposes:
        return False
    for category in question.categories:
        if category not in agreement.categories:
            return False
    for party in (question.asker, question.source):
        if not party.controllers:
            return False
        for controller in party.controllers:
            if controller.id not in agreement.controllers:
                return False
    return True
