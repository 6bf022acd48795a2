"""What opened the exchange that an item, a message or a notice belongs to. A declaration never changes, so
asks are kept; what may change is read each time.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from broker.protocol.declaration import Ask, Declaration, Item, Kind, Message, Notice, parse_declaration
from broker.store.query import queries
from broker.store.transaction import Connection

_SQL = queries("envelope")
KEPT: Final = 2_048
"""Asks of a few kilobytes: more are open at once only in the largest hubs, and those read again."""
Key = tuple[Kind, str, str, str]
"""Kind of what belongs to an exchange, the exchange, its sender, its recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What opened the exchange: the ask, or the notice told unasked; which missing facts were lifted for it,
    and the tokens of whom it is about, in its order.
    """

    opening: Ask | Notice
    lifted: tuple[str, ...]
    tokens: tuple[bytes, ...]

    @property
    def ask(self) -> Ask | None:
        """The ask, or None where the exchange was opened by telling."""
        return self.opening if isinstance(self.opening, Ask) else None


class AskReader:
    """Gives what opened an exchange."""

    def __init__(self) -> None:
        self._asks: OrderedDict[str, Ask] = OrderedDict()

    async def read(
        self, connection: Connection, declarations: Collection[Declaration]
    ) -> dict[Key, Answered]:
        """Read what these belong to: of items the ask, of messages and of notices that regard an exchange
        whatever opened it. One that does not exist and one between other agencies are left out, and looked
        for alike.
        """
        found: dict[Key, Answered] = {}
        items = sorted({(d.exchange, d.recipient, d.iss) for d in declarations if isinstance(d, Item)})
        if items:
            found |= await self._asks_of(connection, items)
        others = sorted({_key(d) for d in declarations if _regards(d)})
        if others:
            found |= await _openings(connection, others)
        return found

    async def _asks_of(
        self, connection: Connection, items: Collection[tuple[str, str, str]]
    ) -> dict[Key, Answered]:
        found: dict[Key, Answered] = {}
        for row in await connection.fetch(
            _SQL["read_asks"], [e for e, _, _ in items], [a for _, a, _ in items], [s for _, _, s in items]
        ):
            ask = self._asks.get(row["id"])
            if ask is None:
                ask = _ask(await connection.fetchval(_SQL["read_ask"], row["id"]))
            self.keep(ask)
            found[Kind.ITEM, row["id"], ask.recipient, ask.iss] = Answered(
                opening=ask,
                lifted=tuple(row["lifted"]),
                tokens=tuple(bytes(token) for token in row["tokens"]),
            )
        return found

    def keep(self, ask: Ask) -> None:
        """Keep an ask that has opened its exchange: one that was committed, and never another's of its id."""
        self._asks[ask.exchange] = ask
        self._asks.move_to_end(ask.exchange)
        if len(self._asks) > KEPT:
            self._asks.popitem(last=False)


def answered_by(asks: Mapping[Key, Answered], declaration: Declaration) -> Answered | None:
    """What opened the exchange a declaration belongs to: nothing unless it was between the same two."""
    return asks.get(_key(declaration))


async def _openings(connection: Connection, keys: Collection[Key]) -> dict[Key, Answered]:
    rows = await connection.fetch(
        _SQL["read_openings"],
        [kind.value for kind, *_ in keys],
        [exchange for _, exchange, _, _ in keys],
        [sender for _, _, sender, _ in keys],
        [recipient for *_, recipient in keys],
    )
    found: dict[Key, Answered] = {}
    for row in rows:
        _, opening = parse_declaration(row["declaration"])
        if isinstance(opening, Ask | Notice):
            found[Kind(row["as_kind"]), row["jti"], row["as_sender"], row["as_recipient"]] = Answered(
                opening=opening,
                lifted=tuple(row["lifted"]),
                tokens=tuple(bytes(token) for token in row["tokens"]),
            )
    return found


def _regards(declaration: Declaration) -> bool:
    return isinstance(declaration, Message) or (
        isinstance(declaration, Notice) and declaration.regards is not None
    )


def _key(declaration: Declaration) -> Key:
    return declaration.kind, declaration.exchange, declaration.iss, declaration.recipient


def _ask(token: str) -> Ask:
    _, declaration = parse_declaration(token)
    if not isinstance(declaration, Ask):
        raise TypeError("an exchange is opened by an ask")
    return declaration
