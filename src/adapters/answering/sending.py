"""An answer on its way: items and nils as envelopes, nils where existence is protected and declines as signed
acts.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from adapters.answering.answer_form import Answer
from adapters.desk.act import nil
from adapters.desk.answer import answer
from adapters.desk.inbox import load_draft, tasks
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder
from adapters.view import TaskState
from broker.protocol.declaration import Practitioner
from policies.vocabulary import Category

_ORDER: Final = TypeAdapter(ItemOrder)


class Way(StrEnum):
    """How one category was answered."""

    ITEM = "item"
    NIL = "nil"
    DECLINE = "decline"
    PREPARED = "prepared"
    """Kept here until a second person approves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One category's answer, journalled. `envelope` where it is sealed, `act` where it is a signed act,
    `digest` of the draft where it waits for a second person.
    """

    category: Category
    way: Way
    envelope: str | None = None
    act: str | None = None
    digest: str | None = None


async def send_item(folder: Folder, order: ItemOrder) -> Queued:
    """Queue one item. Without entries it is a nil: sealed where existence may be confirmed, else a bare
    signed act.

    Raises:
        WrongOrder, Untrusted: as `adapters.desk.answer.answer`; `nil-says-too-little`.
    """
    if order.entries:
        return Queued(category=order.category, way=Way.ITEM, envelope=await answer(folder, order))
    confirmable = any(
        task.confirmable for task in tasks(folder, order.exchange) if task.category is order.category
    )
    if confirmable:
        _verify_nil(order)
        return Queued(category=order.category, way=Way.NIL, envelope=await answer(folder, order))
    act = await nil(folder, exchange=order.exchange, category=order.category, practitioner=order.practitioner)
    return Queued(category=order.category, way=Way.NIL, act=act)


def _verify_nil(order: ItemOrder) -> None:
    searched = order.searched
    if not (searched.systems and searched.by and searched.as_of):
        raise WrongOrder(
            "nil-says-too-little",
            "A nil that the asker is told says which systems were searched, by what, and to what date "
            "(as_of): it reassures falsely without.",
        )


def draft_bytes(order: ItemOrder) -> bytes:
    """A prepared item as the journal keeps it, sealed."""
    return _ORDER.dump_json(order)


def drafted(folder: Folder, exchange: str, category: Category) -> ItemOrder | None:
    """The prepared item of a category, or None."""
    data = load_draft(folder, exchange=exchange, category=category)
    return None if data is None else _ORDER.validate_json(data)


def all_drafted(folder: Folder, exchange: str, wanted: frozenset[Category]) -> dict[Category, ItemOrder]:
    """The prepared items of those categories that have one."""
    found = {category: drafted(folder, exchange, category) for category in sorted(wanted)}
    return {category: draft for category, draft in found.items() if draft is not None}


def prepared(folder: Folder, exchange: str, wanted: frozenset[Category], by: Practitioner) -> Answer:
    """What the record system has prepared, in the name of the person who approves it.

    Raises:
        WrongOrder: `nothing-prepared`.
    """
    items = tuple(replace(draft, practitioner=by) for draft in all_drafted(folder, exchange, wanted).values())
    if not items:
        raise WrongOrder(
            "nothing-prepared", "Nothing is prepared for this; answer it yourself, or from a form."
        )
    return Answer(practitioner=by, items=items, declined=())


def unprepared_categories(folder: Folder, exchange: str) -> frozenset[Category]:
    """The categories asked of us in an exchange that nobody and nothing has looked at yet."""
    return frozenset(
        task.category
        for task in tasks(folder, exchange)
        if task.state is TaskState.WAITING and task.why is None
    )


def open_categories(folder: Folder, exchange: str) -> frozenset[Category]:
    """The categories asked of us in an exchange that have no final answer yet."""
    unsettled = (TaskState.WAITING, TaskState.PREPARED)
    return frozenset(task.category for task in tasks(folder, exchange) if task.state in unsettled)
