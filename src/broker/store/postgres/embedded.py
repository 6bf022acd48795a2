"""The hub's own PostgreSQL: started from the wheel's programs in a private folder, found again after a crash.

Promises: one server per state folder, however many hub processes share it; it outlives a hub that is killed
and is adopted by the next; it stops with the last hub that stops cleanly. Does not promise fitness for a
production hub, which wants a distribution's PostgreSQL and `--database`.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from broker.store.postgres import home as places
from broker.store.postgres.account import account_for
from broker.store.postgres.cluster import NAME, Cluster, Secrets
from broker.store.postgres.errors import DatabaseUnavailable
from broker.store.postgres.programs import find_programs, programs_for
from broker.store.postgres.settings import HBA, settings_file

_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class _Use:
    """Our share in the server, seen by every other hub process of this folder until it is given up."""

    def __init__(self, home: Path) -> None:
        self._handle: int | None = places.open_lock(home, "users.lock")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def give_up(self) -> None:
        """End our share; a second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A running server. `url` is for the hub's own role, `admin_url` for the superuser; both hold a password.

    `adopted` says that it ran already, started by another hub process or left by one that was killed.
    """

    url: str = field(repr=False)
    admin_url: str = field(repr=False)
    folder: Path
    adopted: bool
    _cluster: Cluster = field(repr=False)
    _use: _Use = field(repr=False)

    async def stop(self, *, wait_s: float = 60.0) -> bool:
        """Give up our share, and stop the server if that was the last; says whether it was stopped."""
        return await asyncio.to_thread(_leave, self._cluster, self._use, wait_s)


async def start(
    state: Path, *, settings: Mapping[str, str] = _NO_SETTINGS, wait_s: float = 120.0
) -> Embedded:
    """Start, or find running, the database of the state folder `state`; `settings` are laid over our own.

    Raises `DatabaseUnavailable`. A cancelled start is finished and undone first: no server is left behind.
    """
    task = asyncio.ensure_future(asyncio.to_thread(_enter, state, settings_file(settings), wait_s))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(DatabaseUnavailable):
            await (await task).stop()
        raise


def _enter(state: Path, settings: str, wait_s: float) -> Embedded:
    home = Path(os.path.abspath(state)) / "postgres"
    try:
        places.make_folder(home)
        with places.turn(home, wait_s):
            return _enter_in_turn(home, settings, wait_s)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DatabaseUnavailable("disk-full", f"cannot write in {home}: the disk is full") from error
        raise DatabaseUnavailable(
            "no-folder", f"cannot use {error.filename or home}: {error.strerror}"
        ) from error


def _enter_in_turn(home: Path, settings: str, wait_s: float) -> Embedded:
    account = account_for(home / "data")
    places.let_in(home, account)
    cluster = Cluster(home=home, programs=programs_for(account, find_programs()), account=account)
    new = not cluster.data.exists()
    secrets = Secrets(
        admin=places.password(home, "admin-password", make=new),
        hub=places.password(home, "password", make=new),
    )
    cluster.make(secrets)
    socket = places.socket_folder(home, account)
    use = _Use(home)
    try:
        adopted = _bring_up(cluster, socket, settings, wait_s)
    except BaseException:
        use.give_up()
        raise
    return Embedded(
        url=_url(NAME, secrets.hub, NAME, socket),
        admin_url=_url("postgres", secrets.admin, "postgres", socket),
        folder=home,
        adopted=adopted,
        _cluster=cluster,
        _use=use,
    )


def _bring_up(cluster: Cluster, socket: Path, settings: str, wait_s: float) -> bool:
    """Start the server unless it runs; says whether it ran. One that is dying or recovering is waited for."""
    server = places.open_lock(cluster.home, "server.lock")
    try:
        deadline = time.monotonic() + wait_s
        while True:
            running = cluster.postmaster() is not None
            if running and cluster.ready() and (socket / f".s.PGSQL.{places.PORT}").exists():
                return True
            if not running and places.try_lock(server):
                gid = cluster.account.gid if cluster.account.drop else None
                mode = 0o640 if cluster.account.drop else 0o600
                places.write_file(cluster.home / "postgresql.conf", settings, mode, gid)
                places.write_file(cluster.home / "pg_hba.conf", HBA, mode, gid)
                cluster.start(socket, server, max(1.0, deadline - time.monotonic()))
                return False
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    "stuck",
                    f"a server in {cluster.home} runs but takes no connection: see server.log there, "
                    "stop the hubs that use it, and start again",
                )
            time.sleep(0.02)
    finally:
        os.close(server)


def _leave(cluster: Cluster, use: _Use, wait_s: float) -> bool:
    with places.turn(cluster.home, wait_s):
        use.give_up()
        users = places.open_lock(cluster.home, "users.lock")
        server = places.open_lock(cluster.home, "server.lock")
        try:
            if not places.try_lock(users):
                return False
            cluster.stop(server, wait_s)
            places.forget_socket_folder(cluster.home)
            return True
        finally:
            os.close(server)
            os.close(users)


def _url(role: str, password: str, database: str, socket: Path) -> str:
    where = f"host={quote(str(socket))}&port={places.PORT}"
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?{where}"
