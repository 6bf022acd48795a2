"""The hand that writes records: signs each with the decision key, salts it, and knows again what it has
signed.

Promises: `signed` is true only of entries made here, by this process, from exactly the bytes that were
signed; the entry is a hash over record and salt, so nothing else has it. What another process signed, or what
was signed before a start, is not known here and is verified by its signature. Does not promise that what was
signed was committed.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from broker.log.tally import Label, label_in, label_of
from broker.protocol.record import ENTRY_VERSION, TYP
from broker.protocol.wire import Wire
from keys import jws, merkle
from keys.signing import PublicKey, SigningKey

KEPT: Final = 16_384
"""Entries of 32 bytes: far more than are ever waiting to be integrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A record as it will lie in the log: its exact bytes, its salt, and the entry that commits to both."""

    text: bytes
    salt: bytes
    entry: bytes


class Recorder:
    """One process's hand, with the decision key."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._signed: OrderedDict[bytes, Label] = OrderedDict()

    @property
    def public(self) -> PublicKey:
        """The key that verifies every record."""
        return self._key.public

    def write(self, record: Wire) -> Written:
        """Sign a record and salt it: then a tile tells nothing but growth, also to who could guess it."""
        text = jws.sign(record.dump(), self._key, TYP).encode("ascii")
        salt = merkle.new_salt()
        entry = merkle.entry(ENTRY_VERSION, salt, text)
        self._signed[entry] = label_of(record)
        if len(self._signed) > KEPT:
            self._signed.popitem(last=False)
        return Written(text=text, salt=salt, entry=entry)

    def signed(self, entry: bytes) -> bool:
        """Whether this very hand has signed what the entry commits to."""
        return entry in self._signed

    def label(self, entry: bytes, text: bytes) -> Label:
        """What is counted of a record that has been verified."""
        return self._signed.get(entry) or label_in(text)
