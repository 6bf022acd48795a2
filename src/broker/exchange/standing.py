"""Whether those an envelope rests on still stand: both agencies active, the key it was declared with not
revoked.

What the rules say does not matter where they do not: the envelope passes no further and is recalled.
"""

from typing import TYPE_CHECKING

from broker.exchange.facts import Facts
from policies.vocabulary import RecallReason

if TYPE_CHECKING:
    import asyncpg


def fallen(facts: Facts, row: "asyncpg.Record") -> RecallReason | None:
    """Why an envelope's row may pass no further, whatever the rules say; None while all stand."""
    for agency in (row["sender"], row["recipient"]):
        known = facts.agencies.get(agency)
        if known is None or not known.active:
            return RecallReason.AGENCY_STOPPED
    key = facts.keys.get(row["sender"], {}).get(row["kid"])
    if key is None or key.revoked:
        return RecallReason.KEY_REVOKED
    return None
