"""Which record is whose: what a record system offered, and what a person chose.

Promises: both are sealed in the journal; a choice is journalled with who made it and when, and has the
running adapter prepare what waits once more, by that record.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from adapters.connectors.connector import Candidate, PersonRef
from adapters.desk.writing import QUEUED
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute
from broker.protocol.declaration import Practitioner

_CANDIDATES: Final = TypeAdapter(tuple[Candidate, ...])
_CHOICE: Final[TypeAdapter[PersonRef | None]] = TypeAdapter(PersonRef | None)
_OFFERED: Final = "candidates"
_CHOSEN: Final = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One subject of an ask (counted from 0) and the records that could be theirs. `chosen`: a person has
    said; `choice` None is then none of them.
    """

    subject: int
    candidates: tuple[Candidate, ...]
    chosen: bool
    choice: PersonRef | None
    by: str | None
    role: str | None
    at: int | None


async def save_candidates(
    folder: Folder, exchange: str, subject: int, candidates: Sequence[Candidate]
) -> None:
    """Keep what a record system offered for one subject."""
    data = _CANDIDATES.dump_json(tuple(candidates))
    sealed = folder.journal.seal(data, _OFFERED, f"{exchange}:{subject}")
    await folder.journal.run("put_unsure", exchange=exchange, subject=subject, sealed_candidates=sealed)


def questions(folder: Folder, exchange: str) -> tuple[Question, ...]:
    """For whom in an exchange a person must say, or has said, which record is theirs."""
    return tuple(
        _question(folder, row) for row in folder.journal.rows("unsure_of_exchange", exchange=exchange)
    )


async def choose(
    folder: Folder, exchange: str, subject: int, number: int | None, by: Practitioner
) -> Question:
    """Choose the record of that number (from 1) for a subject (from 0), or None: none of them.

    Raises:
        WrongOrder: `no-candidates`, `no-such-candidate`.
    """
    found = next((each for each in questions(folder, exchange) if each.subject == subject), None)
    if found is None:
        raise WrongOrder(
            "no-candidates",
            "For that person no records were offered: answer shows for whom there are some.",
        )
    if number is not None and not 1 <= number <= len(found.candidates):
        raise WrongOrder(
            "no-such-candidate",
            f"There is no record {number}: choose one of {len(found.candidates)}, or none.",
        )
    choice = None if number is None else found.candidates[number - 1].person
    sealed = folder.journal.seal(_CHOICE.dump_json(choice), _CHOSEN, f"{exchange}:{subject}")
    values = {"sealed_choice": sealed, "person": by.id, "role": by.role.value, "at": folder.clock.now()}

    def work(db: sqlite3.Connection) -> None:
        execute(db, "put_choice", exchange=exchange, subject=subject, **values)
        execute(db, "prepare_again", exchange=exchange)

    await folder.journal.write(work, touches=(QUEUED, exchange))
    return next(each for each in questions(folder, exchange) if each.subject == subject)


def chosen(folder: Folder, exchange: str) -> dict[int, PersonRef | None]:
    """Per subject what a person chose."""
    return {each.subject: each.choice for each in questions(folder, exchange) if each.chosen}


def _question(folder: Folder, row: sqlite3.Row) -> Question:
    context = f"{row['exchange']}:{row['subject']}"
    sealed = row["sealed_choice"]
    return Question(
        subject=row["subject"],
        candidates=_CANDIDATES.validate_json(
            folder.journal.open(row["sealed_candidates"], _OFFERED, context)
        ),
        chosen=sealed is not None,
        choice=None
        if sealed is None
        else _CHOICE.validate_json(folder.journal.open(sealed, _CHOSEN, context)),
        by=row["person"],
        role=row["role"],
        at=row["chosen_at"],
    )
