"""The asks that items answer: read from the store once, kept, because a declaration never changes."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from broker.protocol.declaration import Ask, parse_declaration
from broker.store.query import queries
from broker.store.transaction import Connection

_SQL = queries("envelope")
KEPT: Final = 2_048
"""Asks of a few kilobytes: more are open at once only in the largest hubs, and those read again."""


class AskReader:
    """Gives the ask of an exchange."""

    def __init__(self) -> None:
        self._asks: OrderedDict[str, Ask] = OrderedDict()

    async def read(self, connection: Connection, exchanges: Collection[str]) -> dict[str, Ask]:
        """Read the asks of these exchanges; an exchange that does not exist is left out."""
        found: dict[str, Ask] = {}
        for exchange in set(exchanges):
            ask = self._asks.get(exchange)
            if ask is None:
                token = await connection.fetchval(_SQL["read_ask"], exchange)
                if token is None:
                    continue
                _, declaration = parse_declaration(token)
                if not isinstance(declaration, Ask):
                    continue
                ask = declaration
                self._asks[exchange] = ask
            self._asks.move_to_end(exchange)
            found[exchange] = ask
        while len(self._asks) > KEPT:
            self._asks.popitem(last=False)
        return found
