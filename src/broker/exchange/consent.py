"""Consent: given under a reference of its own, refused, or withdrawn.

A withdrawal may be told by any party of an exchange that names the consent: whoever the person told. It ends
what rests on it, through its guard: no handover that needs it follows it in the log. It is never given again
under the same reference; a new consent is a new reference.
"""

from typing import TYPE_CHECKING

from broker.exchange.acting import Effect, Hint, Verified, check_openings
from broker.exchange.answer import acted
from broker.exchange.facts import Guard
from broker.exchange.wake import EVERYONE
from broker.protocol import act as acts
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from keys import base64url, subject

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("act")
_FACTS = queries("facts")


async def consent(hub: "Hub", connection: Connection, verified: Verified, taken: acts.Consent) -> Effect:
    """Keep what a consent came to and move its guard. The guard table is locked by the caller.

    Raises:
        Problem: `not-found` for a consent the caller has no part in; `conflict` for giving it again.
    """
    check_openings(taken.subjects, verified.acting.request.openings)
    if taken.outcome == "given" and not taken.purposes:
        raise Problem("unprocessable", "A consent is given for a purpose: name at least one.")
    tokens = [
        subject.token(hub.keys.subject, base64url.decode(opening.t1))
        for opening in verified.acting.request.openings
    ]
    known = await connection.fetchrow(_SQL["read_consent"], taken.reference)
    if known is None or known["agency"] != taken.iss:
        part = await connection.fetchval(_SQL["consent_parties"], taken.iss, taken.reference)
        ending = taken.outcome == "withdrawn"
        if (known is not None and not (part and ending)) or (known is None and ending and not part):
            raise Problem.not_found()
    if known is not None and taken.outcome != "withdrawn":
        raise Problem("conflict", "This consent is on record; a new consent needs a new reference.")
    await connection.execute(
        _SQL["set_consent"],
        taken.reference,
        taken.iss,
        taken.outcome,
        [purpose.value for purpose in taken.purposes],
        tokens,
    )
    await connection.execute(_FACTS["move_guard"], Guard.CONSENT.value, taken.reference)
    return Effect(entries=[acted(verified)], hints=[Hint(kind="held", to=EVERYONE)])
