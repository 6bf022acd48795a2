"""`key-sets.json`: an agency's public key sets, which identity signed them, and what is not in force yet.

No secrets, yet kept as one: the file says which private key is in force, so nobody else may write it. Written
whole or not at all, so that every change of keys takes effect at one instant.
"""

from pathlib import Path
from typing import Final

from pydantic import Field

from broker.protocol.wire import Digest, Seconds, Token, Wire, parse_wire
from keys import store

FILE: Final = "key-sets.json"


class Former(Wire):
    """A key set of an identity before the one in force, for evidence of what was sent under it."""

    identity: dict[str, str]
    key_set: Token


class Renewal(Wire):
    """An identity, by kid, and its first key set, made to enrol again with; not at the hub yet."""

    identity: Digest
    key_set: Token


class KeySets(Wire):
    """The file's content."""

    sets: list[Token]
    pending: Token | None = None
    """The next key set, made by a rotation; the hub does not have it yet."""
    identity: Digest | None = None
    """The kid of the identity in force; None is the first, in the file `identity`."""
    renewal: Renewal | None = None
    former: list[Former] = Field(default=[])
    retired: dict[Digest, Seconds] = Field(default={})
    """Sealing keys of identities before the one in force, and since when nobody seals to them."""


def read(folder: Path) -> KeySets:
    """Read the file of a folder of keys. Raises FileNotFoundError, Problem, keys.errors.UnsafeFile."""
    return parse_wire(KeySets, store.read_secret(folder / FILE))


def save(folder: Path, sets: KeySets) -> None:
    """Write the file, durable on return."""
    store.write_secret(folder / FILE, sets.dump())
