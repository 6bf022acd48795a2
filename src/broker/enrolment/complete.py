"""An agency completes its enrolment: in one transaction it becomes active, its keys are kept, and the log
says so.

A repeat of the same completion gets the same answer, also after the code's time. The code is spent in the
same row, so of two completions at once one is recorded and the other finds it. An agency that was invited
again and enrols again has every earlier key revoked, its access tokens and its connection ended with them.
"""

from typing import TYPE_CHECKING, Any

import asyncpg

from broker.enrolment.invitation import refused, verify_code
from broker.enrolment.model import Completion, Enrolment, Offer
from broker.enrolment.offer import key_in_use
from broker.enrolment.possession import OfferedKeys, verify_answers
from broker.exchange.facts import Guard
from broker.exchange.wake import EVERYONE
from broker.log.append import Entry, append
from broker.protocol.problem import Problem
from broker.protocol.record import Enrolled
from broker.protocol.wire import parse_wire
from broker.store.query import queries
from broker.store.transaction import Connection, barrier, committed
from keys import keyset, strict_json
from keys.errors import Rejected
from keys.signing import parse_public_key

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("enrolment")
_ACT = queries("act")
_FACTS = queries("facts")


async def complete(hub: "Hub", completion: Completion, *, at: int) -> Enrolment:
    """Enrol an agency that has opened every challenge of its last offer.

    Raises:
        Problem: `unauthenticated` for the code, `unprocessable` for the nonces or a key that ran out
            meanwhile,
            `conflict` for a key somebody else enrolled meanwhile.
    """
    # Before any lock: whoever has not the code and every nonce must not be able to make others wait.
    _verify(completion, await hub.pool.fetchrow(_SQL["read_enrolment"], completion.agency), at=at)

    async def work(connection: Connection) -> tuple[int, bool]:
        await connection.execute(_FACTS["lock_guards"])
        row = await connection.fetchrow(_SQL["lock_enrolment"], completion.agency)
        done = _verify(completion, row, at=at)
        if done is not None:
            return done, True
        assert row is not None
        offer = parse_wire(Offer, row["offer"].encode())
        return await _enrol(hub, connection, completion.agency, offer, at=at), False

    try:
        index, repeated = await committed(hub.pool, work)
    except asyncpg.UniqueViolationError:
        raise key_in_use() from None
    if repeated:
        # The first answer may have been lost with its commit: what was read back must be durable before it is
        # said.
        await barrier(hub.pool)
    else:
        hub.head.pending.set()
    return Enrolment(index=index)


def _verify(completion: Completion, row: Any, *, at: int) -> int | None:
    """Check code and nonces against the stored offer; give the record's index if it was completed before."""
    verify_code(completion.code, kept=None if row is None else row["code_digest"])
    kept = strict_json.parse_object(row["nonces"].encode())
    verify_answers(completion.answers, kept={kid: str(digest) for kid, digest in kept.items()})
    if row["done_index"] is not None:
        return int(row["done_index"])
    if not row["code_open"] or row["code_expires"] <= at:
        raise refused()
    return None


async def _enrol(hub: "Hub", connection: Connection, agency: str, offer: Offer, *, at: int) -> int:
    offered = _still_good(offer, at=at)
    for kind in (Guard.AGENCY, Guard.KEYS):
        await connection.execute(_FACTS["move_guard"], kind.value, agency)
    number = await connection.fetchval(_SQL["activate"], agency, offered.identity.raw)
    if await connection.fetchval(_SQL["revoke_former"], agency):
        await connection.execute(_ACT["end_tokens"], agency, None)
        await connection.execute(_SQL["forget_passed"], agency)
        await hub.wake.tell(connection, "stopped", {agency: ()})
    version, expires = offered.keyset.version, offered.keyset.expires
    await connection.execute(_SQL["write_key_set"], agency, version, offer.key_set, expires, number)
    await connection.execute(_SQL["write_keys"], agency, version, *offered.rows(), number)
    await hub.wake.tell(connection, "directory", EVERYONE)
    record = Enrolled(at=at, agency=agency, identity=offer.identity, key_set=offer.key_set)
    index = await append(connection, hub.recorder, [Entry(record=record)])
    # The one statement after the log's counter is taken: its row is locked by us already, so it waits for
    # nobody.
    await connection.execute(_SQL["write_done"], agency, index)
    return index


def _still_good(offer: Offer, *, at: int) -> OfferedKeys:
    """The stored offer's keys, which were proved when offered and must not have run out since."""
    try:
        identity = parse_public_key(dict(offer.identity))
        verified = keyset.verify_key_set(offer.key_set, identity=identity, previous=None, at=at)
    except Rejected as error:
        raise Problem(
            "unprocessable", f"The offer is refused: {error.message}.", reason=error.code
        ) from error
    return OfferedKeys(identity=identity, keyset=verified)
