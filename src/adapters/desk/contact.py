"""Concerns told to us: seen by a person, decided upon, and whoever told us hears of both."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from adapters.desk.exchange import OpeningEnvelope, exchange_of
from adapters.desk.tell import notice, words_in
from adapters.desk.writing import QUEUED, put
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute
from adapters.order import MessageOrder, TellOrder
from adapters.view import Contact
from broker.protocol.body import Decided, MessageAbout, OutcomeTold
from broker.protocol.declaration import NoticeKind, Practitioner
from broker.protocol.wire import parse_wire
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.vocabulary import Category, ConsentOutcome, HandlingCode, Purpose, Rating, WhyNotSought

DECISION = "decision"
"""The table word in the context of a sealed decision."""


def contacts(folder: Folder) -> tuple[Contact, ...]:
    """Every concern told to us, those that nobody has seen yet first, the earliest due first."""
    return tuple(_contact(folder, row) for row in folder.journal.rows("contacts"))


def contact_of(folder: Folder, jti: str) -> Contact:
    """One concern told to us. Raises WrongOrder, `unknown-contact`."""
    row = folder.journal.row("contact_by_jti", jti=jti)
    if row is None:
        raise WrongOrder(
            "unknown-contact", "No such contact was received here: gatehouse-adapter inbox lists them."
        )
    return _contact(folder, row)


async def acknowledge(
    folder: Folder, jti: str, *, practitioner: Practitioner, grounds: Grounds, words: str = ""
) -> str:
    """A person has seen the concern, and whoever told us is told so; return the message's jti.

    Raises:
        WrongOrder: `unknown-contact`, `already-acknowledged`.
        Untrusted: as `ask`.
    """
    contact = contact_of(folder, jti)
    if contact.seen_at is not None:
        raise WrongOrder("already-acknowledged", f"{contact.seen_by} has acknowledged this contact already.")
    at = folder.clock.now()
    seen = f"Received and seen by a person on {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC."
    order = MessageOrder(
        exchange=jti,
        practitioner=practitioner,
        grounds=grounds,
        about=MessageAbout.REPLY,
        words=f"{seen}\n\n{words}" if words else seen,
        item=jti,
    )
    written = words_in(folder, order)
    journalled = put(folder, written, at=written.claims.iat)

    def work(db: sqlite3.Connection) -> None:
        if not execute(db, "see_contact", sender=contact.sender, jti=jti, at=at, person=practitioner.id):
            raise WrongOrder("already-acknowledged", "Somebody has acknowledged this contact meanwhile.")
        journalled(db)

    await folder.journal.write(work, touches=(QUEUED, written.claims.jti, jti))
    return written.claims.jti


async def decide(
    folder: Folder,
    jti: str,
    *,
    practitioner: Practitioner,
    decided: Decided,
    office: str,
    why: str,
    grounds: Grounds | None,
) -> str | None:
    """Journal the threshold decision about a concern; return the jti of the outcome told to whoever told us.

    Args:
        office: whose decision it is, in words; when is now.
        grounds: those of telling the outcome; None: it is kept here, and nobody is told.

    Raises WrongOrder, Untrusted: as `acknowledge`.
    """
    contact, opening = contact_of(folder, jti), exchange_of(folder, jti)
    outcome = OutcomeTold(decided=decided, by=office, at=datetime.fromtimestamp(folder.clock.now(), UTC))
    if grounds is None:
        await folder.journal.write(_deciding(folder, contact, outcome), touches=(jti,))
        return None
    return await tell_outcome(folder, _outcome_order(opening, practitioner, outcome, why, grounds))


async def tell_outcome(folder: Folder, order: TellOrder) -> str:
    """Tell unasked; where it is the outcome of a concern told to us, what was decided is journalled in the
    same commit. Raises as `tell`.
    """
    written = notice(folder, order)
    journalled = put(folder, written, at=written.claims.iat)
    row = None if order.regards is None else folder.journal.row("contact_by_jti", jti=order.regards)
    decided = None
    if row is not None and order.outcome is not None:
        decided = _deciding(folder, _contact(folder, row), order.outcome)

    def work(db: sqlite3.Connection) -> None:
        journalled(db)
        if decided is not None:
            decided(db)

    await folder.journal.write(work, touches=(QUEUED, written.claims.jti, order.regards or ""))
    return written.claims.jti


def _deciding(folder: Folder, contact: Contact, outcome: OutcomeTold) -> Callable[[sqlite3.Connection], None]:
    sealed = folder.journal.seal(outcome.dump(), DECISION, f"{contact.sender}:{contact.jti}")

    def work(db: sqlite3.Connection) -> None:
        execute(db, "decide_contact", sender=contact.sender, jti=contact.jti, sealed_decision=sealed)

    return work


def _outcome_order(
    opening: OpeningEnvelope, practitioner: Practitioner, outcome: OutcomeTold, why: str, grounds: Grounds
) -> TellOrder:
    return TellOrder(
        to=opening.other,
        practitioner=practitioner,
        notice=NoticeKind.OUTCOME,
        purpose=Purpose.OUTCOME_FEEDBACK,
        rating=Rating.GREEN,
        category=Category.OUTCOME,
        handling=HandlingCode.OFFICIAL_SENSITIVE,
        grounds=grounds,
        consent=ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.DUTY_APPLIES),
        subjects=(),
        concern=why,
        regards=opening.declaration.exchange,
        outcome=outcome,
    )


def _contact(folder: Folder, row: sqlite3.Row) -> Contact:
    sealed, place = row["sealed_decision"], f"{row['sender']}:{row['jti']}"
    decision = None
    if sealed is not None:
        decision = parse_wire(OutcomeTold, folder.journal.open(sealed, DECISION, place))
    return Contact(
        sender=row["sender"],
        jti=row["jti"],
        rating=Rating(row["rating"]),
        received_at=row["received_at"],
        due_at=row["due_at"],
        seen_at=row["seen_at"],
        seen_by=row["seen_by"],
        decision=decision,
    )
