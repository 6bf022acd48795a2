"""What is due: a warning to the people here, then "no answer yet" for what waits for a person, so that
silence is a fact about the agency, not the adapter; and a look at our own asks when they fall due."""

import sqlite3
from typing import Final

from adapters.desk.act import waiting
from adapters.logs import log
from adapters.work import ADAPTER, Work
from policies.vocabulary import Category

_SHARE: Final = 10
"""The reminder goes out when a tenth of the time asked for is left,"""
_AT_MOST: Final = 900
"""but not earlier than a quarter of an hour before."""
_AT_LEAST: Final = 2
"""and so early that it can still arrive."""
_WARN_SHARE: Final = 4
"""People are warned when a quarter of the time asked for is left,"""
_WARN_AT_MOST: Final = 4 * 3_600
"""but not earlier than four hours before."""
_SOME: Final = 64


async def warn(work: Work) -> None:
    """Say in the adapter's log, once for each open task, that it falls due; `inbox` shows it too."""
    journal, at = work.folder.journal, work.now()
    for row in journal.rows("unwarned_tasks", limit=_SOME):
        margin = max(_AT_LEAST, min(_WARN_AT_MOST, (row["due_at"] - _asked_at(work, row)) // _WARN_SHARE))
        if at < row["due_at"] - margin:
            continue
        log.warning(
            "answer-due-soon",
            exchange=row["exchange"],
            category=row["category"],
            rating=row["rating"],
            seconds_left=row["due_at"] - at,
        )
        await journal.run("set_warned", exchange=row["exchange"], category=row["category"])


async def remind(work: Work) -> None:
    """Say "no answer yet" for every open task that falls due soon, once."""
    journal, at = work.folder.journal, work.now()
    for row in journal.rows("due_tasks", limit=_SOME):
        margin = max(_AT_LEAST, min(_AT_MOST, (row["due_at"] - _asked_at(work, row)) // _SHARE))
        if at < row["due_at"] - margin:
            continue
        category = Category(row["category"])
        if at < row["due_at"]:
            await waiting(work.folder, exchange=row["exchange"], category=category, practitioner=ADAPTER)
            log.info("no-answer-yet", exchange=row["exchange"], category=category.value)
        await journal.run("set_reminded", exchange=row["exchange"], category=row["category"])


def _asked_at(work: Work, row: sqlite3.Row) -> int:
    ask = work.folder.journal.row("get_received", sender=row["asker"], jti=row["exchange"])
    return work.now() if ask is None else int(ask["received_at"])


def look_at_due(work: Work, *, since: int) -> int:
    """Have every ask of ours looked at that fell due after `since`; the time looked at."""
    at = work.now()
    # A second's grace: the hub writes its closures when the due time has passed.
    for row in work.folder.journal.rows("fallen_due", since=since, at=at - 1):
        work.follow(row["jti"])
    return at - 1
