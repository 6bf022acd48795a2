"""The subject key `K_A`: who made it first, and its passing from adapter to adapter, sealed past the hub."""

import hashlib
from typing import TYPE_CHECKING, Final

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
EPOCH: Final = 1
"""The one epoch open; a new one follows when an agency leaves."""


async def claim(connection: Connection, verified: Verified, taken: acts.SubjectKeyClaim) -> Effect:
    """Settle who was first to make the key of an epoch.

    Raises:
        Problem: `conflict` when another adapter was first.
    """
    if taken.epoch != EPOCH:
        raise Problem("unprocessable", f"The subject key's epoch is {EPOCH}; no other is open.")
    if await connection.fetchval(_SQL["claim_subject_key"], taken.epoch, taken.iss) is None:
        raise Problem(
            "conflict",
            "Another agency made this epoch's subject key; ask it to pass the key.",
            reason="not-first",
        )
    return Effect(entries=[acted(verified)], hints=[Hint(kind="subject-key", to=EVERYONE)])


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
        sealing.parse_sealed(sealed.encode())
    except Rejected as error:
        raise Problem.malformed(error.code, str(error)) from error
    await connection.execute(
        _SQL["pass_subject_key"], taken.epoch, taken.recipient, verified.acting.request.act, sealed
    )
    return Effect(entries=[acted(verified)], hints=[Hint(kind="subject-key", to={taken.recipient: ()})])


async def read(hub: "Hub", agency: str, request: SubjectKey) -> SubjectKeyAnswer:
    """Tell the state of an epoch's key: who was first, what was passed to the caller, who still waits."""
    holder = await hub.pool.fetchval(_SQL["subject_key_holder"], request.epoch)
    passed = await hub.pool.fetchrow(_SQL["subject_key_pass"], request.epoch, agency)
    waiting = await hub.pool.fetch(_SQL["subject_key_waiting"], request.epoch)
    return SubjectKeyAnswer(
        epoch=request.epoch,
        holder=holder,
        act=passed["act"] if passed else None,
        sealed=passed["sealed"] if passed else None,
        waiting=[row["id"] for row in waiting],
    )
