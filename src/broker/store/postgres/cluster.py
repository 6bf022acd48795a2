"""One PostgreSQL cluster on disk: made whole or not at all, checked, started, recognised, stopped.

Everything here blocks; `embedded` calls it from a thread. No process is ever signalled unless the kernel says
that it works inside this very data folder.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from broker.store.postgres import home as places
from broker.store.postgres.account import Account, account_for_initdb
from broker.store.postgres.errors import DatabaseUnavailable
from broker.store.postgres.programs import ENVIRONMENT, MAJOR

NAME = "gatehouse"  # of the database, and of the role that owns it
_LONGEST_LAST_WORDS = 300
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The passwords of the superuser and of the hub's role."""

    admin: str = field(repr=False)
    hub: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A data folder in `home`, the programs that serve it and the account they run as."""

    home: Path
    programs: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster's data folder, which exists only once it is complete."""
        return self.home / "data"

    def make(self, secrets: "Secrets") -> None:
        """Make the cluster with its two roles beside the final name, then rename: whole or not at all."""
        if self.data.exists():
            self._check_version()
            return
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        maker = account_for_initdb(self.account)
        os.chown(new, maker.uid, maker.gid)
        try:
            with _Seen(self.home) as seen:
                self._initdb(f"{seen.path}/data.new", seen.handles, maker, secrets.admin)
                self._first_database(f"{seen.path}/data.new", seen.handles, maker, secrets.hub)
                self._give(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        new.rename(self.data)
        places.sync_folder(self.home)

    def _initdb(self, data: str, handles: tuple[int, ...], maker: Account, password: str) -> None:
        secret, ours = os.pipe()
        try:
            os.fchown(secret, maker.uid, maker.gid)
            os.write(ours, f"{password}\n".encode())
            os.close(ours)
            arguments = [
                *("--pgdata", data, "--username", "postgres", "--pwfile", f"/dev/fd/{secret}"),
                *("--auth", "scram-sha-256", "--data-checksums", "--no-instructions"),
                *("--encoding", "UTF8", "--locale-provider", "builtin", "--locale", "C.UTF-8"),
            ]
            self._run("initdb", arguments, (*handles, secret), maker)
        finally:
            os.close(secret)

    def _give(self, new: Path) -> None:
        if self.account.drop:
            for folder, _, files in os.walk(new):
                os.chown(folder, self.account.uid, self.account.gid, follow_symlinks=False)
                for name in files:
                    os.chown(f"{folder}/{name}", self.account.uid, self.account.gid, follow_symlinks=False)

    def _first_database(self, data: str, handles: tuple[int, ...], maker: Account, password: str) -> None:
        """The hub's role, no superuser, and its database, made without a server that anyone could meet."""
        if re.fullmatch(r"[\w-]+", password, re.ASCII) is None:
            raise DatabaseUnavailable(
                "password-missing", f"{self.home}/password holds no password of ours: remove it"
            )
        statements = (
            f"CREATE ROLE {NAME} LOGIN PASSWORD '{password}'\n"
            f"CREATE DATABASE {NAME} OWNER {NAME}\n"
            f"REVOKE CONNECT ON DATABASE {NAME} FROM PUBLIC\n"
        )
        arguments = [
            "--single",
            "-D",
            data,
            "-c",
            "exit_on_error=true",
            "-c",
            "log_min_error_statement=panic",
            "postgres",
        ]
        self._run("postgres", arguments, handles, maker, statements)

    def _run(
        self, program: str, arguments: list[str], handles: tuple[int, ...], account: Account, said: str = ""
    ) -> None:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            pass_fds=handles,
            **account.popen_arguments(),
        )
        if done.returncode != 0:
            raise _failure("make a database", self.home, done.stdout)

    def start(self, socket: Path, server_lock: int, wait_s: float) -> None:
        """Start the server, which keeps `server_lock` as long as one process of it lives."""
        self._forget_dead_server(socket)
        log = places.open_log(self.home)
        try:
            began = os.fstat(log).st_size
            with _Seen(self.home) as seen:
                where = f"{seen.path}/socket" if socket == self.home / "socket" else str(socket)
                options = {
                    "config_file": f"{seen.path}/postgresql.conf",
                    "hba_file": f"{seen.path}/pg_hba.conf",
                    "unix_socket_directories": f'"{where}"',
                    "port": str(places.PORT),
                }
                done = subprocess.run(
                    [
                        *(str(self.programs / "pg_ctl"), "start", "--silent", "--wait"),
                        *("--timeout", str(max(1, round(wait_s))), "--pgdata", f"{seen.path}/data"),
                        *(
                            "--options",
                            " ".join(_quoted(f"--{name}={value}") for name, value in options.items()),
                        ),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=False,
                    cwd="/",
                    env=ENVIRONMENT,
                    pass_fds=(*seen.handles, server_lock),
                    **self.account.popen_arguments(),
                )
            if done.returncode != 0:
                with (self.home / "server.log").open(errors="replace") as file:
                    file.seek(began)
                    raise _failure("start the database", self.home, file.read(65536))
        finally:
            os.close(log)

    def postmaster(self) -> int | None:
        """The process id of the server working in our data folder, as far as this process can see one."""
        try:
            with open(os.open(self.data / "postmaster.pid", os.O_RDONLY | os.O_NOFOLLOW)) as file:
                pid = int(file.readline(32))
            return pid if os.path.samestat(os.stat(f"/proc/{pid}/cwd"), os.stat(self.data)) else None
        except (OSError, ValueError):
            return None

    def ready(self) -> bool:
        """Whether the server in our data folder says that it takes connections."""
        try:
            with open(os.open(self.data / "postmaster.pid", os.O_RDONLY | os.O_NOFOLLOW)) as file:
                return file.read(4096).splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def stop(self, server_lock: int, wait_s: float) -> None:
        """Ask the server to end now, all commits on disk, and wait until its last process is gone."""
        began = time.monotonic()
        sent: set[signal.Signals] = set()
        while not places.try_lock(server_lock):
            waited = time.monotonic() - began
            if waited > wait_s:
                raise DatabaseUnavailable(
                    "did-not-stop", f"the database in {self.home} did not stop in {wait_s:.0f} s"
                )
            # PostgreSQL 18 may never end when it is asked to while it recovers from a crash of a process.
            # Ending without a last checkpoint loses nothing: the next start recovers.
            patient = waited < min(_PATIENCE_S, wait_s / 2)
            wanted = signal.SIGINT if patient else signal.SIGQUIT
            pid = self.postmaster()
            if pid is not None and wanted not in sent and (self.ready() or not patient):
                os.kill(pid, wanted)
                sent.add(wanted)
            time.sleep(0.01)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise DatabaseUnavailable(
                "database-version",
                f"{self.data} was made by PostgreSQL {version}, this is {MAJOR}: "
                "restore a backup into a new state folder",
            )

    def _forget_dead_server(self, socket: Path) -> None:
        """Remove the pid files of a server that is gone: its number may be another process's by now.

        We hold the server's lock here, so none that we started lives; one started by hand is left alone.
        """
        if self.postmaster() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for name in (f".s.PGSQL.{places.PORT}", f".s.PGSQL.{places.PORT}.lock"):
                (socket / name).unlink(missing_ok=True)


class _Seen:
    """`home` by a path that the server's account can follow, whatever the folders above are like.

    It leads through a descriptor opened before the user changes: folders above may stay closed to everyone,
    the server sees nothing but its own, and no odd character meets the shell that pg_ctl calls.
    """

    def __init__(self, home: Path) -> None:
        self._handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        self.handles = (self._handle,)
        self.path = f"/proc/self/fd/{self._handle}"

    def __enter__(self) -> "_Seen":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _quoted(option: str) -> str:
    return "'" + option.replace("'", "'\\''") + "'"


def _failure(what: str, home: Path, said: str) -> DatabaseUnavailable:
    """The error for a program that failed, in its own last words."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return DatabaseUnavailable("disk-full", f"cannot {what} in {home}: the disk is full")
    if "could not look up effective user ID" in said:
        return DatabaseUnavailable(
            "no-account", f"cannot {what}: user id {os.geteuid()} has no name on this machine"
        )
    told = [line.strip() for line in said.splitlines() if re.search(r"(FATAL|PANIC|error|could not)", line)]
    words = (told or ["it said nothing"])[-1][:_LONGEST_LAST_WORDS]
    return DatabaseUnavailable("start-failed", f"cannot {what} in {home}: {words}")
