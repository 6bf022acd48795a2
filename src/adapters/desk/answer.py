"""Answer one category of an ask."""

import sqlite3

from adapters.desk.exchange import OpeningEnvelope, ask_of
from adapters.desk.writing import QUEUED, frame, put, seal
from adapters.epoch import subject_key
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.identify import Identified, again, identify
from adapters.journal.journal import execute, fetch
from adapters.letter import item_letter
from adapters.order import ItemOrder
from adapters.view import TaskState
from keys import base64url
from policies.vocabulary import Category

_OPEN = (TaskState.WAITING, TaskState.PREPARED)


async def answer(folder: Folder, order: ItemOrder) -> str:
    """Journal an item; return its jti. The task is answered in the same commit.

    Raises:
        WrongOrder: `unknown-exchange`, `not-asked`, `other-subject`, `too-late`,
            `already-answered`,
            `existence-protected` when there are no entries in a category whose existence may not be
            confirmed: say `nil` there.
        Untrusted, ValueError: as `ask`.
    """
    ask, opening = ask_of(folder, order.exchange)
    if not order.entries:
        _verify_confirmable(folder, order)
    outer = frame(folder, needed_until=ask.needed_until)
    if outer.at >= ask.needed_until:
        raise WrongOrder(
            "too-late", "The asker needs no answer any more: the time given in the ask has passed."
        )
    found = _people(folder, order, opening)
    written = seal(
        folder, item_letter(order, outer, found, ask=ask), folder.directory.get(ask.iss), at=outer.at
    )
    journalled = put(folder, written, at=outer.at)

    def work(db: sqlite3.Connection) -> None:
        settle(db, order.exchange, order.category, TaskState.ANSWERED)
        journalled(db)

    await folder.journal.write(work, touches=(QUEUED, outer.jti, order.exchange))
    return outer.jti


def _people(folder: Folder, order: ItemOrder, opening: OpeningEnvelope) -> tuple[Identified, ...]:
    asked = opening.body.subjects
    if order.subjects is None:
        return again(asked, opening.declaration.subjects)
    found = identify(
        order.subjects,
        before=opening.known,
        k_a=subject_key(folder),
        hub_id=folder.hub.hub,
        draw=folder.clock.draw,
    )
    named = {base64url.decode(person.t1) for person in asked}
    if not found or any(each.t1 not in named for each in found):
        raise WrongOrder(
            "other-subject",
            "An item is about those its ask names, known by NHS number or by role, name and birth date: "
            "write about others in its entries.",
        )
    return found


def settle(db: sqlite3.Connection, exchange: str, category: Category, state: TaskState) -> None:
    """Settle a task inside a piece of work, once. Raises WrongOrder: `not-asked`, `already-answered`."""
    row = fetch(db, "get_task", exchange=exchange, category=category.value)
    if row is None:
        raise WrongOrder(
            "not-asked",
            f"{category.value} was not asked for in this exchange: a reply holds only what was asked.",
        )
    if TaskState(row["state"]) not in _OPEN:
        raise WrongOrder(
            "already-answered", f"{category.value} of this exchange already has its answer ({row['state']})."
        )
    execute(db, "settle_task", exchange=exchange, category=category.value, state=state.value, why=None)


def _verify_confirmable(folder: Folder, order: ItemOrder) -> None:
    row = folder.journal.row("get_task", exchange=order.exchange, category=order.category.value)
    if row is not None and not row["confirmable"]:
        raise WrongOrder(
            "existence-protected",
            f"Whether anything is held in {order.category.value} may not be said in this exchange: "
            "answer with nil or decline.",
        )
