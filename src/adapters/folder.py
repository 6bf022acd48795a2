"""An adapter's state folder, opened: `agency.json`, `keys/`, `journal.sqlite`.

Several processes of one agency may have it open at once: one runs, the others are commands.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters import agency
from adapters.agency import AgencyFile, Settings
from adapters.clock import SYSTEM, Clock
from adapters.directory import Directory
from adapters.journal.journal import Journal
from adapters.keyring import Keyring
from broker.protocol.evidence import TrustedHub

JOURNAL: Final = "journal.sqlite"
KEYS: Final = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What every function of the desk and of the running adapter works on. Close it when done."""

    path: Path
    agency: AgencyFile
    hub: TrustedHub
    keyring: Keyring
    journal: Journal
    directory: Directory
    clock: Clock

    @property
    def me(self) -> str:
        """Our own agency's id."""
        return self.agency.agency

    @property
    def settings(self) -> Settings:
        """Limits and habits."""
        return self.agency.settings

    def close(self) -> None:
        """Let go of the journal once what is queued is durable."""
        self.journal.close()


def open_folder(path: Path, *, clock: Clock = SYSTEM) -> Folder:
    """Open an enrolled agency's state folder.

    Raises:
        Unusable: `not-enrolled`, `agency-file`, `journal-too-new`.
        keys.errors.UnsafeFile: a key file is open to others.
    """
    file = agency.load(path)
    keyring = Keyring.load(path / KEYS)
    journal = Journal(path / JOURNAL, keyring.storage)
    return Folder(
        path=path,
        agency=file,
        hub=TrustedHub.from_keys(file.hub),
        keyring=keyring,
        journal=journal,
        directory=Directory(journal),
        clock=clock,
    )
