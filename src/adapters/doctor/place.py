"""The state folder before it is opened: whose it is, and what room there is."""

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from adapters.doctor.finding import Finding, advice, failed, well

_LEAST: Final = 64 << 20
"""Bytes below which a journal may fail to commit at any moment."""
_LITTLE: Final = 1 << 30
_SETTINGS: Final = "gatehouse.toml"


def look_at_place(state: Path) -> list[Finding]:
    """Folder, disk and the settings file's owner."""
    what = "state folder"
    try:
        there = state.stat()
    except OSError:
        return [failed(what, f"{state} is not there: name another with --state, or run enrol first.")]
    if not stat.S_ISDIR(there.st_mode):
        return [failed(what, f"{state} is no folder: name another with --state.")]
    if there.st_uid != os.geteuid():
        return [failed(what, f"{state} belongs to another user: run as that user, or chown it.")]
    found = []
    if stat.S_IMODE(there.st_mode) & 0o077:
        found.append(failed(what, f"Others may enter {state}: chmod 700 it."))
    else:
        found.append(well(what, f"{state} is yours alone."))
    return [*found, *_settings(state), _disk(state)]


def _settings(state: Path) -> list[Finding]:
    try:
        there = (state / _SETTINGS).stat()
    except OSError:
        return []
    if there.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(there.st_mode) & 0o022:
        return [failed("settings", f"Others may write {state / _SETTINGS}: chmod 600 it and read it again.")]
    return [well("settings", f"{state / _SETTINGS} is read.")]


def _disk(state: Path) -> Finding:
    free = shutil.disk_usage(state).free
    says = f"{free >> 20:,} MiB are free where the journal lies"
    if free < _LEAST:
        return failed("disk", f"{says}: make room now, or nothing more can be sent or received.")
    if free < _LITTLE:
        return advice("disk", f"{says}: make room soon.")
    return well("disk", f"{says}.")
