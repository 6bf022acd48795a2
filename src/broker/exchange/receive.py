"""Receipts: the recipient says what became of what it was handed, and the hub deletes the body.

A receipt counts even from a connection that has been replaced, and for an envelope that was recalled or has
expired since: the opening happened, and the log says so. It is bound to the digest of the body that was
handed over.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from broker.batch import RunAgain
from broker.exchange.acting import Verified, check_fresh, earlier
from broker.log.append import Entry, append
from broker.protocol import record
from broker.protocol.act import Receipt, ReceiptOutcome
from broker.protocol.declaration import Kind
from broker.protocol.frame import Acted
from broker.protocol.life import Event, State, step
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_SQL = queries("envelope")
_ACT = queries("act")
_EVENT: Final = {
    ReceiptOutcome.OPENED: Event.OPEN,
    ReceiptOutcome.CANNOT_OPEN: Event.CANNOT_OPEN,
    ReceiptOutcome.SUBJECT_MISMATCH: Event.SET_ASIDE,
    ReceiptOutcome.SET_ASIDE: Event.SET_ASIDE,
}


async def receive(
    hub: "Hub", connection: Connection, batch: Sequence[tuple[Verified, Receipt]], told: set[tuple[str, str]]
) -> dict[tuple[str, str], Acted | Problem]:
    """Take a batch of receipts inside a transaction; `told` gathers (sender, envelope) to tell after the
    commit.
    """
    facts = await hub.facts.read(connection, agencies={receipt.iss for _, receipt in batch}, consents=())
    rows = await connection.fetch(
        _SQL["lock_envelopes"],
        [receipt.sender for _, receipt in batch],
        [receipt.envelope for _, receipt in batch],
    )
    envelopes = {(row["sender"], row["jti"]): row for row in rows}
    # Under the locks: another process that takes the same receipt has done so by now, or waits for us.
    found = await earlier(connection, [verified for verified, _ in batch])
    fresh = [(verified, receipt) for verified, receipt in batch if verified.id not in found]
    taking: list[tuple[Verified, Receipt, State]] = []
    taken: set[tuple[str, str]] = set()
    for verified, receipt in fresh:
        key = (receipt.sender, receipt.envelope)
        try:
            check_fresh(verified, facts, skew=hub.settings.skew)
            if key in taken:
                raise RunAgain
            taking.append((verified, receipt, _next(envelopes.get(key), receipt)))
            taken.add(key)
        except Problem as problem:
            found[verified.id] = problem
    if taking:
        found |= await _write(hub, connection, taking, envelopes)
        told |= taken
    return found


def _next(row: "asyncpg.Record | None", receipt: Receipt) -> State:
    if row is None or row["recipient"] != receipt.iss or row["handovers"] == 0:
        raise Problem.not_found()
    if row["body_digest"] != receipt.digest:
        raise Problem(
            "conflict", "The receipt is for another body than was handed over.", reason="other-body"
        )
    return step(State(row["state"]), _EVENT[receipt.outcome])


async def _write(
    hub: "Hub",
    connection: Connection,
    taking: Sequence[tuple[Verified, Receipt, State]],
    envelopes: "dict[tuple[str, str], asyncpg.Record]",
) -> dict[tuple[str, str], Acted | Problem]:
    free = await connection.fetch(
        _ACT["take"],
        [v.id[0] for v, _, _ in taking],
        [v.id[1] for v, _, _ in taking],
        [v.digest for v, _, _ in taking],
        [state.value for _, _, state in taking],
        [receipt.sender for _, receipt, _ in taking],
        [receipt.envelope for _, receipt, _ in taking],
        max(v.acting.at for v, _, _ in taking),
    )
    if len(free) != len(taking):
        raise RunAgain
    # What could not be opened is no answer: the source may seal it again and declare it anew.
    freed = [
        envelopes[receipt.sender, receipt.envelope]
        for _, receipt, state in taking
        if state is not State.OPENED
    ]
    if freed:
        await connection.execute(
            _SQL["free_answers"],
            [r["exchange"] for r in freed],
            [r["sender"] for r in freed],
            [r["jti"] for r in freed],
        )
    # Of an ask that was called undelivered nothing more would be said. Opened after all, its source has its
    # time, or could be silent without end.
    asks = [
        receipt.envelope
        for _, receipt, state in taking
        if state is State.OPENED and envelopes[receipt.sender, receipt.envelope]["kind"] == Kind.ASK.value
    ]
    if asks:
        await connection.execute(_ACT["opened_late"], asks, max(v.acting.at for v, _, _ in taking))
    entries = [
        Entry(
            record=record.Received(
                at=v.acting.at,
                sender=receipt.sender,
                envelope=receipt.envelope,
                recipient=receipt.iss,
                outcome=receipt.outcome,
                act=v.acting.request.act,
            ),
            acted=v.id,
        )
        for v, receipt, _ in taking
    ]
    first = await append(connection, hub.recorder, entries)
    return {v.id: Acted(index=first + place, state=state) for place, (v, _, state) in enumerate(taking)}
