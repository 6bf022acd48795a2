"""Reading: the caller's own envelopes, who is enrolled. What is not yours and what is not there take one
path.
"""

import json
from typing import TYPE_CHECKING

from broker.exchange.outcome import kept_from_row
from broker.protocol import frame
from broker.protocol.declaration import parse_declaration
from broker.protocol.life import State, current
from broker.store.query import queries
from keys.signing import public_key
from policies.vocabulary import Category, Rating, Sector

if TYPE_CHECKING:
    import asyncpg

    from broker.hub import Hub

_ENVELOPE = queries("envelope")
_ACT = queries("act")
_FACTS = queries("facts")


async def status(hub: "Hub", agency: str, request: frame.Status) -> frame.Statuses:
    """Tell where the caller's envelopes are; for an ask, its due time and the categories closed without
    information; and how asks to the caller are rated now.
    """
    rows = await hub.pool.fetch(_ENVELOPE["read_statuses"], agency, request.envelopes)
    asked = await hub.pool.fetch(_ENVELOPE["read_asked"], agency, request.envelopes)
    return frame.Statuses(
        envelopes=[_status_from_row(row, hub.head.size) for row in rows],
        asked=[_asked_from_row(row) for row in asked],
    )


def _asked_from_row(row: "asyncpg.Record") -> frame.AskedStatus:
    rating = Rating(row["rating"]) if row["rating"] else parse_declaration(row["declaration"])[1].rating
    return frame.AskedStatus(exchange=row["id"], rating=rating, due_at=row["due_at"])


def _status_from_row(row: "asyncpg.Record", checkpoint_size: int) -> frame.EnvelopeStatus:
    kept = kept_from_row(row)
    closures = json.loads(row["closures"]) if row["closures"] else []
    return frame.EnvelopeStatus(
        envelope=row["jti"],
        state=current(State(row["state"]), record_index=row["record_index"], checkpoint_size=checkpoint_size),
        outcome=kept.outcome,
        findings=kept.findings,
        needs=kept.needs,
        index=row["record_index"],
        deposit_by=row["deposit_by"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        undelivered=bool(row["undelivered"]),
        closures=[
            frame.Closure(category=Category(each["category"]), at=each["at"], sentence=frame.CLOSURE_SENTENCE)
            for each in closures
        ],
    )


async def directory(hub: "Hub", request: frame.Directory) -> frame.DirectoryAnswer:
    """Tell who is enrolled, with identity keys and key sets to pin and verify, and the hub's clocks."""
    rows = await hub.pool.fetch(_ACT["read_directory"], request.agency)
    policy = await hub.policy_in_force()
    return frame.DirectoryAnswer(
        agencies=[
            frame.DirectoryEntry(
                agency=row["id"],
                name=row["name"],
                sector=Sector(row["sector"]),
                duty_contact=row["duty_contact"],
                active=row["state"] == "active",
                identity=public_key(bytes(row["identity"])).jwk(),
                key_sets=json.loads(row["key_sets"] or "[]"),
                revoked=json.loads(row["revoked"] or "[]"),
            )
            for row in rows
        ],
        clocks=dict(policy.clocks),
    )
