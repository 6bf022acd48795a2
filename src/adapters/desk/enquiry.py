"""Enquiries: our own grouping of exchanges about one concern. Kept here, sealed, and never sent.

An ask is in the enquiry its form names; what came unasked, or was asked without one, is put into it by hand.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from adapters.desk.inbox import received_row
from adapters.desk.writing import ENQUIRY
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.journal.journal import execute

MEMBER: Final = "enquiry-member"
"""The table word in the context of a membership's seal."""
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """One enquiry, by the name it was first given, and its exchanges, oldest first."""

    name: str
    exchanges: tuple[str, ...]


def enquiries(folder: Folder) -> tuple[Enquiry, ...]:
    """Every enquiry, newest first."""
    names: dict[str, str] = {}
    exchanges: dict[str, dict[str, None]] = {}
    for name, exchange, _ in _memberships(folder):
        same = _same(name)
        names.setdefault(same, name)
        exchanges.setdefault(same, {})[exchange] = None
    return tuple(
        Enquiry(name=names[same], exchanges=tuple(found)) for same, found in reversed(exchanges.items())
    )


def enquiry_named(folder: Folder, name: str) -> Enquiry:
    """The enquiry of that name; case and spacing do not matter. Raises WrongOrder, `unknown-enquiry`."""
    for each in enquiries(folder):
        if _same(each.name) == _same(name):
            return each
    raise WrongOrder(
        "unknown-enquiry",
        "No exchange is in an enquiry of that name: gatehouse-adapter enquiry list shows those there are.",
    )


async def add(folder: Folder, name: str, envelope: str) -> Enquiry:
    """Put the exchange of an envelope, received or sent, into an enquiry. Done twice it is done once.

    Raises:
        WrongOrder: `unknown-envelope`, `several-senders`, `enquiry-name`.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST:
        raise WrongOrder("enquiry-name", f"An enquiry has a name of 1 to {_LONGEST} characters.")
    exchange = exchange_of_envelope(folder, envelope)
    known = [found for each, found, _ in _memberships(folder) if _same(each) == _same(name)]
    if exchange not in known:
        sealed = folder.journal.seal(name.encode(), MEMBER, exchange)
        await folder.journal.run(
            "put_enquiry_member", exchange=exchange, sealed_enquiry=sealed, at=folder.clock.now()
        )
    return enquiry_named(folder, name)


async def remove(folder: Folder, name: str, envelope: str) -> None:
    """Take the exchange of an envelope out of an enquiry; the exchange itself stays as it is.

    Raises:
        WrongOrder: `unknown-envelope`, `several-senders`, `not-in-enquiry`.
    """
    exchange = exchange_of_envelope(folder, envelope)
    found = [
        row for each, member, row in _memberships(folder) if member == exchange and _same(each) == _same(name)
    ]
    if not found:
        raise WrongOrder("not-in-enquiry", "That exchange is not in this enquiry.")

    def work(db: sqlite3.Connection) -> None:
        for table, seq in found:
            execute(db, "drop_enquiry_of_sent" if table == ENQUIRY else "drop_enquiry_member", seq=seq)

    await folder.journal.write(work)


def exchange_of_envelope(folder: Folder, envelope: str) -> str:
    """The exchange an envelope belongs to. Raises WrongOrder as `inbox.read`."""
    mine = folder.journal.row("get_standing", jti=envelope)
    return str(mine["exchange"] if mine is not None else received_row(folder, envelope)["exchange"])


def _memberships(folder: Folder) -> list[tuple[str, str, tuple[str, int]]]:
    """Name, exchange and row of every membership, oldest first."""
    journal = folder.journal
    found = [
        (
            row["at"],
            journal.open(row["sealed_enquiry"], row["context"], row["id"]).decode(),
            str(row["exchange"]),
            (str(row["context"]), int(row["seq"])),
        )
        for row in journal.rows("enquiry_members", asked=ENQUIRY, added=MEMBER)
    ]
    found.sort(key=lambda each: each[0])
    return [(name, exchange, row) for _, name, exchange, row in found]


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
