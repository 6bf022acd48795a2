"""Everything of one enquiry out of the journal, opened for showing and never stored."""

import sqlite3
from collections.abc import Iterator

from adapters.desk.enquiry import enquiry_named
from adapters.desk.exchange import BODY, body_id
from adapters.desk.follow import sent_from_row
from adapters.desk.writing import ARCHIVE, split
from adapters.folder import Folder
from adapters.picture.gathered import AgencyNamed, AskStanding, Gathered, Told, Unreadable
from adapters.view import Progress, Sent
from broker.protocol.act import ReceiptOutcome
from broker.protocol.body import parse_body
from broker.protocol.declaration import Kind, parse_declaration
from broker.protocol.life import State
from policies.vocabulary import Outcome

_OVER = {
    State.REFUSED: "the hub refused it; gatehouse-adapter status says why.",
    State.HELD: "the hub holds it until something is put right; gatehouse-adapter status says what.",
    State.LAPSED: "its time ran out before it left.",
    State.RECALLED: "it was taken back before it was opened.",
    State.EXPIRED: "its time ran out before it was opened.",
    State.SET_ASIDE: "it was set aside at the other end; ring the agency.",
    State.CANNOT_OPEN: "it could not be opened at the other end; ring the agency.",
}


def gather(folder: Folder, name: str) -> Gathered:
    """What is in the enquiry of that name now. Raises WrongOrder, `unknown-enquiry`."""
    enquiry = enquiry_named(folder, name)
    received = [row for each in enquiry.exchanges for row in _rows(folder, "received_of_exchange", each)]
    sent = [row for each in enquiry.exchanges for row in _rows(folder, "sent_of_exchange", each)]
    told: list[Told] = []
    asks: list[AskStanding] = []
    for row in sent:
        standing = sent_from_row(folder, row)
        if standing.replaced_by is not None:
            continue
        if standing.kind is Kind.ASK:
            asks.append(_ask(folder, standing))
        elif standing.progress is Progress.FAILED or standing.outcome is not Outcome.ALLOW:
            continue
        told.append(_told(folder, row["declaration"], row["sealed_archive"], ARCHIVE, row["jti"], mine=True))
    for row in received:
        if row["sealed_body"] is not None:
            sealed, at = row["sealed_body"], body_id(row["sender"], row["jti"])
            told.append(_told(folder, row["declaration"], sealed, BODY, at, mine=False))
    return Gathered(
        enquiry=enquiry.name,
        me=folder.me,
        at=folder.clock.now(),
        told=tuple(told),
        asks=tuple(asks),
        unreadable=tuple(
            Unreadable(
                exchange=row["exchange"],
                sender=row["sender"],
                categories=split(row["categories"]),
                at=row["received_at"],
                outcome=row["outcome"],
            )
            for row in received
            if row["outcome"] != ReceiptOutcome.OPENED
        ),
        agencies=tuple(_agencies(folder)),
    )


def _rows(folder: Folder, query: str, exchange: str) -> list[sqlite3.Row]:
    return folder.journal.rows(query, exchange=exchange)


def _told(folder: Folder, token: str, sealed: bytes, table: str, id: str, *, mine: bool) -> Told:
    _, declaration = parse_declaration(token)
    body = parse_body(declaration.kind, folder.journal.open(sealed, table, id))
    return Told(declaration=declaration, body=body, mine=mine)


def _ask(folder: Folder, sent: Sent) -> AskStanding:
    acts = folder.journal.rows("acts_of_exchange", exchange=sent.exchange)
    return AskStanding(
        exchange=sent.exchange,
        to=sent.recipient,
        categories=sent.categories,
        asked_at=sent.created_at,
        due_at=sent.due_at,
        trouble=_trouble(sent),
        undelivered=sent.undelivered,
        withdrawn=any(
            act["act"] == "withdraw" and bool(act["done"]) and act["problem"] is None for act in acts
        ),
        closed={each.category: each.at for each in sent.closures},
    )


def _trouble(sent: Sent) -> str | None:
    if sent.progress is Progress.FAILED:
        return f"{sent.problem}"
    if sent.undelivered:
        return None
    if sent.state is None:
        return "it is on its way to the hub; see that gatehouse-adapter run is running."
    return _OVER.get(sent.state)


def _agencies(folder: Folder) -> Iterator[AgencyNamed]:
    for pinned in folder.directory.all():
        entry = pinned.entry
        yield AgencyNamed(id=entry.agency, name=entry.name, duty_contact=entry.duty_contact)
