"""Whom the server runs as: ourselves, or, for root, a user id that nothing else on the machine uses.

PostgreSQL refuses root. A shared account such as `nobody` would let every other service running as `nobody`
read the database, so each state folder gets an id of its own from a range that neither Debian nor systemd
hands out. The id needs no line in /etc/passwd; the owner of the data folder is where it is remembered.
"""

import grp
import os
import pwd
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.store.postgres.errors import DatabaseUnavailable

# systemd.io/UIDS-GIDS: 60578…61183 are handed out by nobody ("unused"); Debian policy 9.2 likewise.
FREE_IDS = range(60706, 61184)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and group id for the server's processes; `drop` is false where they are our own."""

    uid: int
    gid: int
    drop: bool

    def popen_arguments(self) -> Mapping[str, Any]:
        """What `subprocess` needs so that a program runs as this account, with no further group."""
        if not self.drop:
            return {"umask": 0o077}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}


def account_for(data: Path) -> Account:
    """The account that owns `data`, or a new one for a folder that is not there yet."""
    us = os.geteuid()
    try:
        owner: int | None = os.lstat(data).st_uid
    except FileNotFoundError:
        owner = None
    if us != 0:
        if owner not in (None, us):
            raise DatabaseUnavailable(
                "another-owner",
                f"{data} belongs to another user: start as that user, or use another state folder",
            )
        return Account(uid=us, gid=os.getegid(), drop=False)
    if owner == 0:
        raise DatabaseUnavailable(
            "another-owner",
            f"{data} belongs to root, as which PostgreSQL does not run: use another state folder",
        )
    uid = _unused_id() if owner is None else owner
    return Account(uid=uid, gid=uid, drop=True)


def account_for_initdb(account: Account) -> Account:
    """The account that runs `initdb`, which insists on a user that has a name.

    The group stays the database's own: the folder above is open to that group only, and a process of another
    group cannot trace this one, so other processes of the named user get nothing from it.
    """
    if not account.drop:
        return account
    try:
        named = pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise DatabaseUnavailable(
            "no-account",
            "this machine has no user `nobody`, which root needs here: start as an ordinary user",
        ) from None
    return Account(uid=named, gid=account.gid, drop=True)


def _unused_id() -> int:
    """An id of the free range that has no user, no group and no process."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            taken.add(process.stat().st_uid)
        except FileNotFoundError:  # it ended while we looked
            continue
    free = [number for number in FREE_IDS if number not in taken]
    if not free:
        raise DatabaseUnavailable(
            "no-account", "no unused user id is left for the database: start as an ordinary user"
        )
    return secrets.choice(free)
