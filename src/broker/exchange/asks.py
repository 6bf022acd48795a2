"""The asks that items answer. A declaration never changes, so it is kept; what may change is read each
time.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from broker.protocol.declaration import Ask, Declaration, Item, parse_declaration
from broker.store.query import queries
from broker.store.transaction import Connection

_SQL = queries("envelope")
KEPT: Final = 2_048
"""Asks of a few kilobytes: more are open at once only in the largest hubs, and those read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The ask an item answers: what was declared, which missing facts were lifted for this exchange, and the
    tokens
    of whom it is about, in its order."""

    ask: Ask
    lifted: tuple[str, ...]
    tokens: tuple[bytes, ...]


class AskReader:
    """Gives the ask of an exchange."""

    def __init__(self) -> None:
        self._asks: OrderedDict[str, Ask] = OrderedDict()

    async def read(
        self, connection: Connection, declarations: Collection[Declaration]
    ) -> dict[str, Answered]:
        """Read the asks that the items among these answer, by exchange. One that does not exist and one
        between other agencies are left out, and looked for alike.
        """
        items = sorted({(d.exchange, d.recipient, d.iss) for d in declarations if isinstance(d, Item)})
        if not items:
            return {}
        found: dict[str, Answered] = {}
        for row in await connection.fetch(
            _SQL["read_asks"], [e for e, _, _ in items], [a for _, a, _ in items], [s for _, _, s in items]
        ):
            ask = self._asks.get(row["id"])
            if ask is None:
                ask = _parse(await connection.fetchval(_SQL["read_ask"], row["id"]))
            self.keep(ask)
            found[row["id"]] = Answered(
                ask=ask, lifted=tuple(row["lifted"]), tokens=tuple(bytes(token) for token in row["tokens"])
            )
        return found

    def keep(self, ask: Ask) -> None:
        """Keep an ask that has opened its exchange: one that was committed, and never another's of its id."""
        self._asks[ask.exchange] = ask
        self._asks.move_to_end(ask.exchange)
        if len(self._asks) > KEPT:
            self._asks.popitem(last=False)


def answered_by(asks: Mapping[str, Answered], declaration: Declaration) -> Answered | None:
    """The ask a declaration answers: nothing unless it is an item between the ask's own parties."""
    found = asks.get(declaration.exchange)
    if not isinstance(declaration, Item) or found is None:
        return None
    return found if (found.ask.iss, found.ask.recipient) == (declaration.recipient, declaration.iss) else None


def _parse(token: str) -> Ask:
    _, declaration = parse_declaration(token)
    if not isinstance(declaration, Ask):
        raise TypeError("an exchange is opened by an ask")
    return declaration
