"""What is due: "no answer yet" for what waits for a person here, so that silence is a fact about the agency,
not the adapter; and a look at our own asks when they fall due."""

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
_SOME: Final = 64


async def remind(work: Work) -> None:
    """Say "no answer yet" for every open task that falls due soon, once."""
    journal, at = work.folder.journal, work.now()
    for row in journal.rows("due_tasks", limit=_SOME):
        ask = journal.row("get_received", sender=row["asker"], jti=row["exchange"])
        asked_at = ask["received_at"] if ask is not None else at
        margin = max(_AT_LEAST, min(_AT_MOST, (row["due_at"] - asked_at) // _SHARE))
        if at < row["due_at"] - margin:
            continue
        category = Category(row["category"])
        if at < row["due_at"]:
            await waiting(work.folder, exchange=row["exchange"], category=category, practitioner=ADAPTER)
            log.info("no-answer-yet", exchange=row["exchange"], category=category.value)
        await journal.run("set_reminded", exchange=row["exchange"], category=row["category"])


def look_at_due(work: Work, *, since: int) -> int:
    """Have every ask of ours looked at that fell due after `since`; the time looked at."""
    at = work.now()
    # A second's grace: the hub writes its closures when the due time has passed.
    for row in work.folder.journal.rows("fallen_due", since=since, at=at - 1):
        work.follow(row["jti"])
    return at - 1
