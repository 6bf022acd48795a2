"""The connector to a folder of FHIR R4 JSON: single resources or Bundles, one person's or many's, in any
number of files.

Promises: read-only; a file is parsed again only when it changed; a bad file or resource is counted and stops
nothing; a person is restricted if any copy of their record, readable or not, says so, or if they live with or
are linked to one who is; every reading has passed `release.redact`. Does not promise a snapshot of a folder
that changes while it is read.
"""

from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

from adapters.connectors import fhir_match
from adapters.connectors.connector import (
    ConnectorFailed,
    Match,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
    Unread,
)
from adapters.connectors.fhir_reading import CATEGORIES, reading_of
from adapters.connectors.fhir_seen import Seen
from adapters.connectors.fhir_source import Content, File, FolderLimits, list_files, read_file
from adapters.connectors.registry import existing
from broker.protocol.body import Searched
from policies.vocabulary import Category

_BY: Final = {
    MatchedBy.NHS_NUMBER: "exact match on a checked NHS number",
    MatchedBy.PERSON: "a record chosen by a person of the agency",
}


class FhirFolder:
    """A folder of FHIR R4 files as one record system. Safe to call from several threads."""

    def __init__(
        self, root: Path, *, name: str = "Health records (FHIR)", limits: FolderLimits | None = None
    ) -> None:
        self._root = root
        self._name = name
        self._limits = limits or FolderLimits()
        self._lock = Lock()
        self._contents: dict[Path, tuple[File, Content]] = {}
        self._left_out: tuple[Unread, ...] = ()
        self._seen = Seen((), ())

    @property
    def name(self) -> str:
        """Name the system in words an asker understands."""
        return self._name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer."""
        return frozenset(CATEGORIES)

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person.

        Raises:
            ConnectorFailed: `folder-unreadable`.
        """
        seen = self._look()
        found = fhir_match.match(self._name, seen.index, sought, seen.mentions)
        return NotFound(searched=self._searched(seen, MatchedBy.NHS_NUMBER)) if found is None else found

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: `folder-unreadable`, `person-not-here`, `person-gone` or `restricted-value-left`.
        """
        if person.connector != self._name:
            raise ConnectorFailed(
                "person-not-here", "That person was found in another record system; read it there."
            )
        seen = self._look()
        record = seen.index.people.get(person.key)
        if record is None:
            raise ConnectorFailed(
                "person-gone", "That record is no longer in the folder; look for the person again."
            )
        return reading_of(record, seen, categories, self._searched(seen, person.matched))

    def freshness(self) -> datetime | None:
        """Say when the newest file was last changed; None for an empty folder.

        Raises:
            ConnectorFailed: `folder-unreadable`.
        """
        return self._look().freshness

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at."""
        return self._seen.unread

    def _look(self) -> Seen:
        """List the folder, parse what changed, and sort it anew if anything did."""
        with self._lock:
            files, left_out = list_files(self._root, self._limits)
            known = self._contents
            contents: dict[Path, tuple[File, Content]] = {}
            for file in files:
                before = known.get(file.path)
                # The number is in what was read, so a file that moved in the order is read again.
                same = before is not None and (before[0].stamp, before[0].number) == (file.stamp, file.number)
                contents[file.path] = (
                    before if before is not None and same else (file, read_file(file, self._limits))
                )
            unchanged = len(known) == len(contents) and all(known.get(p) is c for p, c in contents.items())
            if not unchanged or left_out != self._left_out:
                self._contents, self._left_out = contents, left_out
                self._seen = Seen(contents.values(), left_out)
            return self._seen

    def _searched(self, seen: Seen, matched: MatchedBy) -> Searched:
        not_read = f", {seen.files_unread} could not be read" if seen.files_unread else ""
        return Searched(
            systems=[f"{self._name}: {seen.files} files{not_read}"],
            by=[_BY[matched]],
            as_of=seen.freshness,
        )


def open_folder(place: str) -> FhirFolder:
    """Open a folder by its path. Raises WrongOrder, `unknown-connector`."""
    return FhirFolder(existing(place, folder=True, what="folder of FHIR records"))
