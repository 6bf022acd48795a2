"""One file read whole, within a limit, and the rows of a table written as CSV.

Promises: no link, pipe or device is opened; a file beyond the limit is refused, not cut. A row that is no row
of the table is counted and the next one read.
"""

import csv
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters.connectors.connector import ConnectorFailed

_LARGEST: Final = 128 << 20
"""Bytes: a county's census or extract of some years has a tenth of it."""


def stamp(path: Path, code: str) -> tuple[int, int, int]:
    """Give what changes when the file does. Raises ConnectorFailed with `code`."""
    try:
        status = os.lstat(path)
    except OSError as error:
        raise _unreadable(code, error) from None
    return status.st_size, status.st_mtime_ns, status.st_ino


def content(path: Path, code: str) -> bytes:
    """Give a file's bytes. Raises ConnectorFailed with `code`."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise ConnectorFailed(code, "The place of the records is no file; name the file itself.")
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(code, error) from None
    if len(data) > _LARGEST:
        raise ConnectorFailed(code, f"The file is larger than {_LARGEST >> 20} MiB; export less.")
    return data


def table(data: bytes, *, separator: str = ",") -> Iterator[list[str] | None]:
    """Give a CSV's lines in order, the heading first; None for one that is none. Blank ones are left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Excel's CSV in a British Windows; every byte means something in it, or is replaced.
        text = data.decode("cp1252", errors="replace")
    lines = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if any(cell.strip() for cell in cells):
            yield [cell.strip() for cell in cells]


def _unreadable(code: str, error: OSError) -> ConnectorFailed:
    return ConnectorFailed(
        code, f"The file of records cannot be read ({error.strerror}); see that it is there and readable."
    )
