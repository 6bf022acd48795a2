"""Records lately integrated, at hand: a proof is asked for within milliseconds of its record.

Promises: what is here lies under a checkpoint that has committed. Whoever erases a record's text must forget
it here.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KEPT: Final = 1_024
"""Records of a few kilobytes: some megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record's exact bytes, its salt and its entry, at its index."""

    index: int
    entry: bytes
    salt: bytes
    text: bytes


class Recent:
    """The newest records this process has seen integrated."""

    def __init__(self) -> None:
        self._records: OrderedDict[int, Record] = OrderedDict()

    def put(self, records: Iterable[Record]) -> None:
        """Keep these as the newest."""
        for each in records:
            self._records[each.index] = each
        while len(self._records) > KEPT:
            self._records.popitem(last=False)

    def get(self, index: int) -> Record | None:
        """A record, if it is at hand."""
        return self._records.get(index)
