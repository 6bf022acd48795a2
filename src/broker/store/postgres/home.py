"""The database's folder inside a hub's state folder: what lies where, who may enter, and who holds what.

`data` the cluster · `socket` where the server listens · `admin-password`, `password` · `postgresql.conf`,
`pg_hba.conf` · `server.log` · three lock files. Everything but `data` and `socket` belongs to the hub's user.
Locks are `flock`s, which the kernel drops with their last holder, so none is ever stale.
"""

import contextlib
import fcntl
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from broker.store.postgres.account import Account
from broker.store.postgres.errors import DatabaseUnavailable

PORT = 5432  # only part of the socket's name: nothing listens on TCP
_LONGEST_SOCKET_PATH = 107
_LARGEST_LOG = 8 << 20


def make_folder(home: Path) -> None:
    """Make `home`, our own and private."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = os.lstat(home)
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
        raise DatabaseUnavailable(
            "another-owner", f"{home} belongs to another user: use another state folder"
        )


def let_in(home: Path, account: Account) -> None:
    """Let the server's group, where it is not ours, pass through `home`; only we may list or change it."""
    if account.drop:
        os.chown(home, 0, account.gid)
    home.chmod(0o710 if account.drop else 0o700)


def password(home: Path, name: str, *, make: bool) -> str:
    """The password kept in `home/name`, made at first where `make` allows."""
    path = home / name
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        if not make:
            raise DatabaseUnavailable(
                "password-missing", f"{path} is missing but its database is there: restore it from the backup"
            ) from None
        made = secrets.token_urlsafe(32)
        write_file(path, made, 0o600)
        return made
    with os.fdopen(handle) as file:
        there = os.fstat(file.fileno())
        if there.st_uid != os.geteuid() or there.st_mode & 0o077:
            raise DatabaseUnavailable("another-owner", f"{path} must be its owner's alone: chmod 600 it")
        return file.read().strip()


def write_file(path: Path, text: str, mode: int, gid: int | None = None) -> None:
    """Write `path` whole or not at all, durably, with `mode` from the first byte."""
    handle, new = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            if gid is not None:
                os.fchown(handle, -1, gid)
            os.fchmod(handle, mode)
            file.write(text)
            file.flush()
            os.fsync(handle)
        os.rename(new, path)
    except OSError:
        Path(new).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names made, renamed or removed in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def socket_folder(home: Path, account: Account) -> Path:
    """Where the server listens: `home/socket`, or a short private folder under /tmp, remembered in `home`."""
    own = home / "socket"
    if _fits(own):
        own.mkdir(mode=0o700, exist_ok=True)
        os.chown(own, account.uid, account.gid)
        return own
    note = home / "socket-folder"
    with contextlib.suppress(FileNotFoundError):
        remembered = Path(note.read_text().strip())
        if _private(remembered, account):
            return remembered
    try:
        made = Path(tempfile.mkdtemp(prefix="gatehouse-", dir="/tmp"))
        os.chown(made, account.uid, account.gid)
    except OSError as error:
        raise DatabaseUnavailable(
            "no-socket-folder",
            f"{home} is too long a path for a socket and /tmp cannot be written: use a shorter state folder",
        ) from error
    write_file(note, f"{made}\n", 0o600)
    return made


def forget_socket_folder(home: Path) -> None:
    """Remove a folder made under /tmp, once the server that listened there has ended."""
    note = home / "socket-folder"
    with contextlib.suppress(FileNotFoundError):
        folder = Path(note.read_text().strip())
        note.unlink()
        # Anything but an empty folder is not ours to remove.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _fits(folder: Path) -> bool:
    """Whether a socket there can be named: short enough, no character that a database URL takes apart."""
    path = f"{folder}/.s.PGSQL.{PORT}"
    return (
        len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH
        and re.fullmatch(r"[\w./+@ -]+", path, re.ASCII) is not None
    )


def _private(folder: Path, account: Account) -> bool:
    try:
        there = os.lstat(folder)
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(there.st_mode) and there.st_uid == account.uid and stat.S_IMODE(there.st_mode) == 0o700
    )


def open_log(home: Path) -> int:
    """A descriptor to append to `server.log`; one that has grown large is set aside first, one generation."""
    path = home / "server.log"
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _LARGEST_LOG:
            path.rename(home / "server.log.1")
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def open_lock(home: Path, name: str) -> int:
    """A descriptor of the lock file `home/name`, not yet locked."""
    return os.open(home / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def try_lock(handle: int) -> bool:
    """Whether `handle`'s file could be locked for us alone, without waiting."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def turn(home: Path, wait_s: float) -> Iterator[None]:
    """Hold the one right to start or stop the server; waits for another process that is doing so."""
    handle = open_lock(home, "turn.lock")
    try:
        deadline = time.monotonic() + wait_s
        while not try_lock(handle):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    "stuck", f"another process has been starting {home} for {wait_s:.0f} s"
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)
