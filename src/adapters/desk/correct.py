"""Correcting what was told: every envelope of ours that carried the same statement, in one run.

1. Take the statement: the entries named of one envelope, or all of it.
2. Look through everything we told, by our own archive, for the same entry: the same reference, or the same
   words of the same date.
3. Write a correction of each to whoever got it; those known to have opened it first.
4. Journal them all in one commit. A kill before it leaves nothing, after it all will be sent; the same
   command again finds what was journalled and adds only what is missing.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.compose import Written
from adapters.desk.tell import notice
from adapters.desk.writing import ARCHIVE, QUEUED, put
from adapters.errors import AdapterError, WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute
from adapters.order import TellOrder
from broker.protocol.body import Body, Correction, Entry, ItemBody, NoticeBody, parse_body
from broker.protocol.declaration import Item, Notice, NoticeKind, Practitioner, parse_declaration
from broker.protocol.life import State
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.vocabulary import ConsentOutcome, Purpose, WhyNotSought

_THERE: Final = frozenset({State.DEPOSITED, State.HANDED_OVER, State.OPENED, State.EXPIRED, State.SET_ASIDE})
"""States in which the recipient has, or may have, what was sent; it need not be told of anything else."""
_OWED: Final = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.DUTY_APPLIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What is wrong: entries of one envelope of ours, counted from 0; none: all of it. `why` is in words,
    `instead` what holds.
    """

    envelope: str
    entries: tuple[int, ...]
    why: str
    instead: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What became of one envelope that carried it: the notice that corrects it, or why there is none."""

    item: str
    recipient: str
    opened_before: bool
    notice: str | None
    already: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An envelope of ours that carried the statement, and in which entries."""

    declaration: Item | Notice
    entries: tuple[int, ...]
    state: State | None
    seq: int

    @property
    def places(self) -> str:
        """The entries as one word, by which a correction of them is told from another."""
        return ",".join(str(place) for place in sorted(self.entries)) or "all"


async def correct(
    folder: Folder, wrong: Wrong, *, practitioner: Practitioner, grounds: Callable[[int], Grounds]
) -> tuple[Corrected, ...]:
    """Correct it at everyone who got it; one result for each envelope, in the order they are sent.

    Args:
        grounds: those of telling a correction about so many people.

    Raises:
        WrongOrder: `unknown-envelope`, `not-told`, `no-such-entry`, `not-sent`.
    """
    results: list[Corrected] = []
    writing: list[tuple[Written, _Told]] = []
    for told in _everywhere(folder, wrong):
        claims = told.declaration
        before = told.state is State.OPENED
        row = folder.journal.row("correction_of", item=claims.jti, entries=told.places)
        found, problem = None if row is None else row["notice"], None
        if found is None:
            try:
                written = notice(folder, _order(told, wrong, practitioner, grounds(len(claims.subjects))))
            except AdapterError as error:
                # One agency that cannot be written to now must not keep it from the others.
                problem = error.message
            else:
                writing.append((written, told))
                found = written.claims.jti
        results.append(
            Corrected(
                item=claims.jti,
                recipient=claims.recipient,
                opened_before=before,
                notice=found,
                already=row is not None,
                problem=problem,
            )
        )
    await _journal(folder, writing)
    return tuple(results)


async def _journal(folder: Folder, writing: "Sequence[tuple[Written, _Told]]") -> None:
    journalled = [put(folder, written, at=written.claims.iat) for written, _ in writing]

    def work(db: sqlite3.Connection) -> None:
        for one, (written, told) in zip(journalled, writing, strict=True):
            one(db)
            execute(
                db,
                "put_correction_sent",
                notice=written.claims.jti,
                item=told.declaration.jti,
                entries=told.places,
                created_at=written.claims.iat,
            )

    if writing:
        await folder.journal.write(work, touches=(QUEUED, *(told.declaration.jti for _, told in writing)))


def _everywhere(folder: Folder, wrong: Wrong) -> list[_Told]:
    origin = folder.journal.row("get_sent", jti=wrong.envelope)
    if origin is None:
        raise WrongOrder(
            "unknown-envelope",
            "No such envelope was sent from here: gatehouse-adapter status lists those that were.",
        )
    statement = _statement(_body(folder, origin), wrong.entries)
    found = []
    for row in folder.journal.rows("stated"):
        state = None if row["state"] is None else State(row["state"])
        _, claims = parse_declaration(row["declaration"])
        if state not in _THERE or not isinstance(claims, Item | Notice) or claims.jti == wrong.envelope:
            continue
        if isinstance(claims, Notice) and claims.notice is NoticeKind.CORRECTION:
            continue
        entries = _entries(_body(folder, row))
        places = tuple(n for n, entry in enumerate(entries) if any(same(entry, one) for one in statement))
        if places:
            found.append(_Told(declaration=claims, entries=places, state=state, seq=row["seq"]))
    _, claims = parse_declaration(origin["declaration"])
    state = None if origin["state"] is None else State(origin["state"])
    if not isinstance(claims, Item | Notice):
        raise WrongOrder("not-told", "Only an item or a notice is corrected; withdraw or recall an ask.")
    if state in _THERE and origin["replaced_by"] is None:
        found.append(_Told(declaration=claims, entries=wrong.entries, state=state, seq=origin["seq"]))
    elif not found:
        raise WrongOrder(
            "not-sent",
            "Nobody has it yet: gatehouse-adapter recall takes it back, and status names one sealed again.",
        )
    return sorted(found, key=lambda told: (told.state is not State.OPENED, told.seq))


def same(entry: Entry, other: Entry) -> bool:
    """Whether two entries are the same statement: by reference where both have one, else date and words."""
    if entry.reference is not None and other.reference is not None:
        return entry.reference == other.reference
    return (entry.on, entry.what) == (other.on, other.what)


def _statement(body: Body, places: Sequence[int]) -> list[Entry]:
    entries = _entries(body)
    if any(not 0 <= place < len(entries) for place in places):
        raise WrongOrder(
            "no-such-entry", f"The envelope has {len(entries)} entries: gatehouse-adapter open counts them."
        )
    return [entries[place] for place in places] if places else list(entries)


def _entries(body: Body) -> Sequence[Entry]:
    return body.entries if isinstance(body, ItemBody | NoticeBody) else ()


def _body(folder: Folder, row: sqlite3.Row) -> Body:
    _, claims = parse_declaration(row["declaration"])
    return parse_body(claims.kind, folder.journal.open(row["sealed_archive"], ARCHIVE, row["jti"]))


def _order(told: _Told, wrong: Wrong, practitioner: Practitioner, grounds: Grounds) -> TellOrder:
    claims = told.declaration
    return TellOrder(
        to=claims.recipient,
        practitioner=practitioner,
        notice=NoticeKind.CORRECTION,
        purpose=Purpose.CORRECTION,
        rating=claims.rating,
        category=claims.category,
        handling=claims.handling,
        grounds=grounds,
        consent=_OWED,
        subjects=(),
        concern=wrong.why,
        entries=wrong.instead,
        regards=claims.exchange,
        correction=Correction(item=claims.jti, entries=list(told.entries), why=wrong.why),
    )
