"""Who prepared, approved or sent back which exact draft, and when: journalled, bound to the draft's digest.

Promises: an approval counts for the draft it was given to and for no other, and never for one's own.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.folder import Folder
from adapters.journal.journal import execute
from broker.protocol.declaration import Practitioner
from keys import base64url
from policies.vocabulary import Category


class Step(StrEnum):
    """What a person did with a draft."""

    PREPARED = "prepared"
    APPROVED = "approved"
    SENT_BACK = "sent_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One person's step. `at` in Unix seconds; `reason` coded, where it was sent back."""

    step: Step
    person: str
    role: str
    digest: str
    reason: str | None
    at: int


def digest_of(draft: bytes) -> str:
    """SHA-256 of a draft as the journal keeps it, base64url."""
    return base64url.encode(hashlib.sha256(draft).digest())


def signed(folder: Folder, exchange: str, category: Category) -> tuple[Signed, ...]:
    """What people did with a category's drafts, oldest first."""
    rows = folder.journal.rows("approvals", exchange=exchange, category=category.value)
    return tuple(_signed(row) for row in rows)


def preparer(steps: Sequence[Signed], digest: str) -> str | None:
    """Who prepared that draft; None where nobody did, or it was sent back since."""
    last = next((each for each in reversed(steps) if each.digest == digest), None)
    if last is None or last.step is Step.SENT_BACK:
        return None
    prepared = (each for each in reversed(steps) if (each.digest, each.step) == (digest, Step.PREPARED))
    return next((each.person for each in prepared), None)


def same_person(one: str, other: str) -> bool:
    """Whether two staff numbers are one person's, however they were typed: case and punctuation tell nobody
    apart.
    """
    return _letters(one) == _letters(other)


def _letters(person: str) -> str:
    return "".join(letter for letter in person.casefold() if letter.isalnum())


def approved_by_another(steps: Sequence[Signed], digest: str) -> bool:
    """Whether somebody other than who prepared exactly this draft has approved it."""
    who = preparer(steps, digest)
    return who is not None and any(
        each.step is Step.APPROVED and each.digest == digest and not same_person(each.person, who)
        for each in steps
    )


async def sign(
    folder: Folder,
    exchange: str,
    category: Category,
    step: Step,
    by: Practitioner,
    digest: str,
    *,
    reason: str | None = None,
) -> None:
    """Journal a step."""
    values: dict[str, str | None] = {
        "exchange": exchange,
        "category": category.value,
        "step": step.value,
        "person": by.id,
    }
    values |= {"role": by.role.value, "digest": digest, "reason": reason}
    at = folder.clock.now()

    def work(db: sqlite3.Connection) -> None:
        execute(db, "put_approval", **values, at=at)

    await folder.journal.write(work, touches=(exchange,))


def _signed(row: sqlite3.Row) -> Signed:
    return Signed(
        step=Step(row["step"]),
        person=row["person"],
        role=row["role"],
        digest=row["digest"],
        reason=row["reason"],
        at=row["at"],
    )
