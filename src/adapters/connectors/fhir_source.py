"""A folder of FHIR R4 JSON files, read safely: which files there are, and what is in one.

Promises: within the limits, every regular `.json` file below the folder is read once; a bad one is counted
and the rest goes on; no link, pipe or device is opened. Keeps only what the connector needs. Does not
validate resources.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.connectors import nhs_number
from adapters.connectors.connector import ConnectorFailed, Unread
from adapters.connectors.fhir_json import JsonObject
from adapters.connectors.fhir_valid import READ
from keys import strict_json
from keys.errors import MalformedInput

KEPT: Final = READ | {"Organization", "Practitioner", "PractitionerRole", "Location"}
"""What entries are made of, and what their references lead to."""
_TEN_DIGITS: Final = re.compile(rb"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_STRICT: Final = re.compile(rb'"(?:R|V|REDACTED)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLimits:
    """How much of a folder is read; what lies beyond is counted as unread."""

    files: int = 20_000
    """A practice's patients as one file each."""
    file_bytes: int = 64 << 20
    """A whole life's record as one Bundle is a few MiB."""
    total_bytes: int = 512 << 20
    """Parsed, a folder takes several times its size in memory."""
    depth: int = 64
    """FHIR nests about fifteen deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as the folder lists it. `number` counts from 1 in order of path; `stamp` changes with its
    content.
    """

    number: int
    path: Path = field(repr=False)
    size: int
    stamp: tuple[int, int, int]
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """A resource and where it was: file, and `fullUrl` in its Bundle."""

    file: int
    url: str | None = field(repr=False)
    raw: JsonObject = field(repr=False)

    @property
    def kind(self) -> str:
        """Give the resource type."""
        return str(self.raw.get("resourceType"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one file gave. A file that could not be read still tells which valid NHS numbers stand in it
    (`mentions`), and whether a code of a restricted record does (`strict`): what is not known must not be
    taken for harmless.
    """

    resources: tuple[Located, ...] = ()
    unread: tuple[Unread, ...] = ()
    mentions: frozenset[nhs_number.CheckedNhsNumber] = field(default=frozenset(), repr=False)
    strict: bool = False


def list_files(root: Path, limits: FolderLimits) -> tuple[tuple[File, ...], tuple[Unread, ...]]:
    """Give the files to read, in order of path, and what is left out by the limits.

    Raises:
        ConnectorFailed: `folder-unreadable`.
    """
    unread: list[Unread] = []
    files: list[File] = []
    total = 0
    beyond = 0
    for number, (path, status) in enumerate(_listed(root), start=1):
        if not stat.S_ISREG(status.st_mode):
            unread.append(Unread(file=number, code="not-a-regular-file"))
        elif status.st_size > limits.file_bytes:
            unread.append(Unread(file=number, code="file-too-large"))
        elif len(files) >= limits.files or total + status.st_size > limits.total_bytes:
            beyond += 1
        else:
            total += status.st_size
            stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
            files.append(
                File(
                    number=number, path=path, size=status.st_size, stamp=stamp, modified_ns=status.st_mtime_ns
                )
            )
    if beyond:
        unread.append(Unread(file=0, code="folder-too-large", count=beyond))
    return tuple(files), tuple(unread)


def read_file(file: File, limits: FolderLimits) -> Content:
    """Give what one file holds; never raises for what is in it."""
    try:
        data = _bytes(file.path, limits.file_bytes)
    except OSError:
        return Content(unread=(Unread(file=file.number, code="file-unreadable"),))
    if data is None:
        return Content(unread=(Unread(file=file.number, code="file-too-large"),))
    try:
        value = strict_json.parse_object(data, limit=limits.file_bytes, depth=limits.depth)
    except MalformedInput as error:
        return _unreadable(file.number, error.code, data)
    if not isinstance(value.get("resourceType"), str):
        return _unreadable(file.number, "not-fhir", data)
    resources: list[Located] = []
    bad = 0
    for url, resource in _resources(value):
        if resource is None:
            bad += 1
        elif resource.get("resourceType") in KEPT:
            resources.append(Located(file=file.number, url=url, raw=resource))
    if bad:
        hints = _unreadable(file.number, "not-fhir", data)
        return Content(
            resources=tuple(resources),
            unread=(Unread(file=file.number, code="not-fhir", count=bad),),
            mentions=hints.mentions,
            strict=hints.strict,
        )
    return Content(resources=tuple(resources))


def _listed(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        if not root.is_dir():
            raise NotADirectoryError
        paths = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(root, onerror=_raise, followlinks=False)
            for name in names
            if name.lower().endswith(".json") and not name.startswith(".")
        )
    except OSError:
        raise ConnectorFailed(
            "folder-unreadable", "The folder of records cannot be read; see that it exists and may be listed."
        ) from None
    for path in paths:
        try:
            yield path, os.lstat(path)
        except FileNotFoundError:
            # Taken away between listing and looking: it is no longer part of the records.
            continue


def _raise(error: OSError) -> None:
    raise error


def _bytes(path: Path, limit: int) -> bytes | None:
    # A link put there since it was listed is not followed, and a pipe does not block.
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError
        data = stream.read(limit + 1)
    return data if len(data) <= limit else None


def _unreadable(number: int, code: str, data: bytes) -> Content:
    mentions: set[nhs_number.CheckedNhsNumber] = set()
    for match in _TEN_DIGITS.finditer(data):
        try:
            mentions.add(nhs_number.check(match.group().decode()))
        except nhs_number.NumberRefused:
            continue
    return Content(
        unread=(Unread(file=number, code=code),),
        mentions=frozenset(mentions),
        strict=_STRICT.search(data) is not None,
    )


def _resources(value: JsonObject) -> Iterator[tuple[str | None, JsonObject | None]]:
    pending: list[tuple[str | None, object]] = [(None, value)]
    while pending:
        url, resource = pending.pop()
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            yield url, None
        elif resource["resourceType"] != "Bundle":
            yield url, resource
        else:
            entries = resource.get("entry", [])
            for entry in reversed(entries) if isinstance(entries, list) else [None]:
                # An entry may stand for a request or an outcome and hold no resource.
                if not isinstance(entry, dict):
                    pending.append((None, None))
                elif "resource" in entry:
                    full = entry.get("fullUrl")
                    pending.append((full if isinstance(full, str) else None, entry["resource"]))
