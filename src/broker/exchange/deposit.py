"""Deposit: the sender has verified its permit's proof and lets the sealed body go.

The body must be the one declared, byte for byte, and sealed in the one suite; the record of its permit must
already lie under a checkpoint. Nothing else is decided here: what changed since is seen at handover. A repeat
has the same effect.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from broker.exchange.caller import Caller
from broker.exchange.generation import refuse_replaced
from broker.protocol.frame import Deposit, Deposited
from broker.protocol.life import ENDINGS, Event, State, current, step
from broker.protocol.problem import Problem
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import Connection, committed
from keys import base64url, sealing
from keys.errors import Rejected

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("envelope")
_SMALL: Final = 256 << 10
"""Characters of sealed bodies that are read in a millisecond or two: a thread would cost as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depositing:
    """One body as it came in."""

    caller: Caller
    request: Deposit
    at: int

    @property
    def id(self) -> tuple[str, str]:
        """Issuer and jti of its envelope."""
        return self.caller.agency, self.request.envelope


async def deposit(hub: "Hub", batch: Sequence[Depositing]) -> list[Deposited | Problem]:
    """Take a batch of bodies; each gets its state or its own problem."""
    if sum(len(each.request.body) for each in batch) > _SMALL:
        digests = await asyncio.to_thread(lambda: [_digest(each) for each in batch])
    else:
        digests = [_digest(each) for each in batch]
    taking: dict[tuple[str, str], tuple[Depositing, str]] = {}
    for each, digest in zip(batch, digests, strict=True):
        if isinstance(digest, str):
            taking.setdefault(each.id, (each, digest))
    found, unproved = await _take(hub, taking)
    if unproved:
        # Proved by another process perhaps: this one then learns of it and looks once more.
        await hub.prover.reach(max(unproved.values()) + 1)
        again, _ = await _take(hub, {key: taking[key] for key in unproved})
        found |= again
    outcomes: list[Deposited | Problem] = []
    for each, digest in zip(batch, digests, strict=True):
        if isinstance(digest, Problem):
            outcomes.append(digest)
        elif taking[each.id] == (each, digest):
            outcomes.append(found.get(each.id, Problem.not_found()))
        else:
            # It shares its envelope with another of this batch: it takes its turn after it.
            outcomes.append((await deposit(hub, [each]))[0])
    return outcomes


async def _take(
    hub: "Hub", taking: Mapping[tuple[str, str], tuple[Depositing, str]]
) -> tuple[dict[tuple[str, str], Deposited | Problem], dict[tuple[str, str], int]]:
    """Take bodies in one transaction; give the outcomes, and the record's index of each permit not yet
    proved.
    """
    found: dict[tuple[str, str], Deposited | Problem] = {}
    unproved: dict[tuple[str, str], int] = {}
    recipients: set[str] = set()

    async def work(connection: Connection) -> None:
        found.clear()
        unproved.clear()
        recipients.clear()
        replaced = await refuse_replaced(connection, [each.caller for each, _ in taking.values()])
        rows = await connection.fetch(_SQL["lock_envelopes"], [i for i, _ in taking], [j for _, j in taking])
        moving = []
        for row in rows:
            key = (row["sender"], row["jti"])
            each, digest = taking[key]
            if each.caller.agency in replaced and each.caller.generation is not None:
                found[key] = replaced[each.caller.agency]
                continue
            outcome = _step(row, digest, hub.head.size, each.at)
            if row["state"] == State.PERMITTED.value and row["record_index"] >= hub.head.size:
                unproved[key] = row["record_index"]
            if outcome is None:
                moving.append(key)
                recipients.add(row["recipient"])
                outcome = Deposited(envelope=row["jti"], state=State.DEPOSITED)
            found[key] = outcome
        if moving:
            bodies = [taking[key][0].request.body.encode() for key in moving]
            await connection.execute(
                _SQL["add_bodies"], [i for i, _ in moving], [j for _, j in moving], bodies
            )
            await hub.wake.tell(connection, "handover", dict.fromkeys(recipients, ()), here=True)

    if taking:
        await committed(hub.pool, work, before_commit=lambda: hub.observe(Step.DEPOSIT_WRITTEN))
        hub.observe(Step.DEPOSIT_COMMITTED)
        hub.wake.tell_here("handover", dict.fromkeys(recipients, ()))
    return found, unproved


def _digest(each: Depositing) -> str | Problem:
    sealed = each.request.body.encode()
    try:
        sealing.parse_sealed(sealed)
    except Rejected as error:
        return Problem.malformed(error.code, str(error))
    return base64url.encode(hashlib.sha256(sealed).digest())


def _step(row: "asyncpg.Record", digest: str, checkpoint_size: int, at: int) -> Deposited | Problem | None:
    # None: move it. An answer or a problem otherwise.
    if row["body_digest"] != digest:
        return Problem("conflict", "This is not the body that was declared.", reason="other-body")
    state = State(row["state"])
    if state in {State.DEPOSITED, State.HANDED_OVER} | ENDINGS - {State.REFUSED, State.LAPSED}:
        return Deposited(envelope=row["jti"], state=state)
    if state is State.PERMITTED and row["deposit_by"] < at:
        return Problem(
            "gone", "The permit's time to deposit has passed; declare a new envelope.", reason="lapsed"
        )
    try:
        step(current(state, record_index=row["record_index"], checkpoint_size=checkpoint_size), Event.DEPOSIT)
    except Problem as problem:
        return problem
    return None
