"""The subject key `K_A`: who made it first, and its passing from adapter to adapter, sealed past the hub.

One epoch is open at a time. The next one opens when an administrator says so, or with the first claim of it
once nobody is left who could pass the open one's key on.
"""

import hashlib
from typing import TYPE_CHECKING

from broker.exchange.acting import Effect, Hint, Verified
from broker.exchange.answer import acted
from broker.exchange.facts import Facts
from broker.exchange.wake import EVERYONE
from broker.protocol import act as acts
from broker.protocol.frame import SubjectKey, SubjectKeyAnswer
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from keys import base64url, sealing
from keys.errors import Rejected

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("act")


async def claim(connection: Connection, verified: Verified, taken: acts.SubjectKeyClaim) -> Effect:
    """Settle who was first to make the key of an epoch.

    Raises:
        Problem: `conflict` when another adapter was first, or another epoch is open.
    """
    epoch, lost = await _open(connection)
    if lost and taken.epoch == epoch + 1:
        # Whoever comes second finds it opened, and then claimed.
        await connection.execute(_SQL["next_epoch"], taken.epoch)
    elif taken.epoch != epoch:
        raise _not_open()
    if await connection.fetchval(_SQL["claim_subject_key"], taken.epoch, taken.iss) is None:
        raise Problem(
            "conflict",
            "Another agency made this epoch's subject key; ask it to pass the key.",
            reason="not-first",
        )
    return Effect(entries=[acted(verified)], hints=[Hint(kind="subject-key", to=EVERYONE)])


async def renew(connection: Connection, act: acts.SubjectKeyRenewal) -> list[Hint]:
    """Open the next epoch, because an administrator says that the open one's key is lost, or to be used no
    more.

    Raises:
        Problem: `conflict` unless the epoch is the next.
    """
    if await connection.fetchval(_SQL["next_epoch"], act.epoch) is None:
        raise _not_open()
    return [Hint(kind="subject-key", to=EVERYONE)]


async def pass_on(
    connection: Connection, verified: Verified, taken: acts.SubjectKeyPass, facts: Facts
) -> Effect:
    """Keep a key frame for its recipient. The hub cannot open it.

    Raises:
        Problem: `not-found` unless the caller has the key and the recipient is active; `unprocessable` for
        another frame
            than the act signs.
    """
    recipient = facts.agencies.get(taken.recipient)
    holds = await connection.fetchval(_SQL["subject_key_holder"], taken.epoch) == taken.iss
    if not holds:
        holds = await connection.fetchrow(_SQL["subject_key_pass"], taken.epoch, taken.iss) is not None
    if not holds or recipient is None or not recipient.active:
        raise Problem.not_found()
    sealed = verified.acting.request.sealed
    if sealed is None or base64url.encode(hashlib.sha256(sealed.encode()).digest()) != taken.sealed_digest:
        raise Problem("unprocessable", "The key frame beside the act is not the one it signs.")
    try:
        kid = sealing.parse_sealed(sealed.encode()).kid
    except Rejected as error:
        raise Problem.malformed(error.code, str(error)) from error
    if await connection.fetchval(_SQL["sealing_key_of"], kid, taken.recipient) is None:
        # Kept, it would stand for a key that its recipient cannot open.
        raise Problem(
            "conflict", "The key frame is sealed to a key that its recipient has no more; seal anew."
        )
    await connection.execute(
        _SQL["pass_subject_key"], taken.epoch, taken.recipient, verified.acting.request.act, sealed
    )
    return Effect(entries=[acted(verified)], hints=[Hint(kind="subject-key", to={taken.recipient: ()})])


async def read(hub: "Hub", agency: str, request: SubjectKey) -> SubjectKeyAnswer:
    """Tell the state of an epoch's key: who was first, what was passed to the caller, who still waits."""
    holder = await hub.pool.fetchval(_SQL["subject_key_holder"], request.epoch)
    passed = await hub.pool.fetchrow(_SQL["subject_key_pass"], request.epoch, agency)
    waiting = await hub.pool.fetch(_SQL["subject_key_waiting"], request.epoch)
    async with hub.pool.acquire() as connection:
        epoch, lost = await _open(connection)
    return SubjectKeyAnswer(
        epoch=request.epoch,
        open=epoch + 1 if lost else epoch,
        holder=holder,
        act=passed["act"] if passed else None,
        sealed=passed["sealed"] if passed else None,
        waiting=[row["id"] for row in waiting],
    )


async def _open(connection: Connection) -> tuple[int, bool]:
    """The open epoch, and whether nobody is left who could pass its key on."""
    (row,) = await connection.fetch(_SQL["open_epoch"])
    return row["epoch"], row["lost"]


def _not_open() -> Problem:
    return Problem(
        "conflict", "That epoch of the subject key is not open; ask which one is.", reason="epoch-not-open"
    )
