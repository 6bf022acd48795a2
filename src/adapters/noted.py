"""What an opened notice means here beyond its words: a concern starts a person's clock, a correction marks
what it corrects. Inside the piece of work that journals it.
"""

import sqlite3

from adapters.agency import Settings
from adapters.journal.journal import execute
from adapters.working_day import working_days_after
from broker.protocol.declaration import Notice, NoticeKind


def note_notice(db: sqlite3.Connection, notice: Notice, settings: Settings, *, at: int) -> None:
    """Journal it, received at `at` (Unix seconds)."""
    if notice.notice is NoticeKind.CONTACT:
        execute(
            db,
            "put_contact",
            sender=notice.iss,
            jti=notice.jti,
            rating=notice.rating.value,
            due_at=working_days_after(at, settings.contact_working_days),
        )
    elif notice.corrects is not None:
        execute(
            db,
            "put_correction_received",
            sender=notice.iss,
            notice=notice.jti,
            item=notice.corrects,
            received_at=at,
        )
