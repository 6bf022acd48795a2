"""The hub's own keys, one per use, in files of mode 0600 beside the database, never in it.

decision signs every record; log signs checkpoints only; subject makes the tokens that stand for people;
administrator is the first person's key, made with the hub and meant to be moved to its owner.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from keys import note, store
from keys.signing import PublicKey, SigningKey

FIRST_ADMINISTRATOR: Final = "administrator"
"""The id of the person whose key is made with the hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubKeyring:
    """What the hub signs with and hides subjects with."""

    decision: SigningKey
    log: SigningKey
    subject: bytes = field(repr=False)
    administrator: PublicKey

    def log_vkey(self, origin: str) -> note.VerifierKey:
        """The log's public key under the origin's name (C2SP signed-note verifier key)."""
        return note.VerifierKey(name=origin, key=self.log.public)


def load_or_make(directory: Path) -> HubKeyring:
    """Read the keys of a state folder, making those that are not there yet.

    Raises:
        keys.errors.UnsafeFile: a key file others can read, or not ours.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return HubKeyring(
        decision=SigningKey.from_seed(store.load_or_create_seed(directory / "decision")),
        log=SigningKey.from_seed(store.load_or_create_seed(directory / "log")),
        subject=store.load_or_create_seed(directory / "subject"),
        administrator=SigningKey.from_seed(store.load_or_create_seed(directory / FIRST_ADMINISTRATOR)).public,
    )
