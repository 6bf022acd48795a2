"""Secret files: the one place where this package touches the world.

Promises: a secret is readable by its owner alone, never followed through a link, written whole or not at all,
and of two processes that make the same seed both end with the one that was first. The folder is the caller's
to keep.
"""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from keys.errors import UnsafeFile

_SEED_SIZE: Final = 32
_LIMIT: Final = 1 << 20


def write_secret(path: Path, data: bytes) -> None:
    """Puts `data` at `path` (mode 0600), replacing what was there, durable on return."""
    temporary = _write_temporary(path, data)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_secret(path: Path) -> bytes:
    """The secret at `path`. Raises UnsafeFile (`secret-…`) if another user could read or have written it, and
    FileNotFoundError if there is none."""
    try:
        # Not blocking: a pipe somebody put there must be refused, not waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnsafeFile("secret-not-a-file", f"{path.name} cannot be opened as a plain file") from error
    try:
        _check_file(path, os.fstat(handle))
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(_LIMIT + 1)
    finally:
        os.close(handle)
    if len(data) > _LIMIT:
        raise UnsafeFile("secret-too-large", f"{path.name} is too large for a secret")
    return data


def load_or_create_seed(path: Path) -> bytes:
    """The 32-byte seed at `path`, made there if there was none. Raises UnsafeFile."""
    with contextlib.suppress(FileNotFoundError):
        return _read_seed(path)
    temporary = _write_temporary(path, os.urandom(_SEED_SIZE))
    try:
        # A link never replaces: whoever comes second finds the first one's seed, whole.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return _read_seed(path)


def _check_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile("secret-not-a-file", f"{path.name} is not a plain file")
    if status.st_uid != os.geteuid():
        raise UnsafeFile("secret-wrong-owner", f"{path.name} belongs to another user; chown it")
    if status.st_mode & 0o077:
        raise UnsafeFile("secret-open-to-others", f"{path.name} is open to other users; chmod 600 it")


def _read_seed(path: Path) -> bytes:
    seed = read_secret(path)
    if len(seed) != _SEED_SIZE:
        raise UnsafeFile("secret-wrong-size", f"{path.name} is not a 32-byte seed; restore it from a backup")
    return seed


def _write_temporary(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
