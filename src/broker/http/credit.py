"""How many handovers an adapter will take without a receipt, and which of them are out.

A handover is out until its receipt or the end of its lease; then the hub may lease it, or another, again.
"""

from typing import Final

from broker.protocol.act import Receipt, typ_of
from broker.protocol.frame import Act, Handover
from keys import jws

_RECEIPT: Final = typ_of(Receipt)


class Credit:
    """The count of one connection."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._out: dict[tuple[str, str], int] = {}

    def free(self, at: int) -> int:
        """How many more may be handed over at `at`."""
        self._out = {key: until for key, until in self._out.items() if until > at}
        return self._most - len(self._out)

    def handed(self, handover: Handover) -> None:
        """Count a handover that leaves now."""
        self._out[handover.sender, handover.envelope] = handover.lease_until

    def settle(self, taken: Act) -> bool:
        """Count out what an act that the hub has taken is the receipt of; says whether that freed credit."""
        token = jws.parse(taken.act)
        if token.typ != _RECEIPT:
            return False
        key = str(token.claims["sender"]), str(token.claims["envelope"])
        return self._out.pop(key, None) is not None

    def next_end(self) -> int | None:
        """When the first lease ends (Unix seconds)."""
        return min(self._out.values(), default=None)
