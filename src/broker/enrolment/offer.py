"""An agency offers its keys: checked against its invitation, and answered with a challenge for each sealing
key.

Nothing about the agency changes yet. A repeated offer replaces the one before, until one is completed.
"""

from collections.abc import Callable

from broker.enrolment.invitation import refused, verify_code
from broker.enrolment.model import Challenges, Offer
from broker.enrolment.possession import OfferedKeys, challenge, nonce_digest, verify_offer
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Pool
from keys import strict_json

_SQL = queries("enrolment")


async def offer_keys(
    pool: Pool, hub_id: str, offer: Offer, *, at: int, nonce: Callable[[], bytes]
) -> Challenges:
    """Check an offer and give its challenges.

    Args:
        nonce: makes 32 unguessable bytes.

    Raises:
        Problem: `unauthenticated` for the code, `unprocessable` for a key, `conflict` for a key used before.
    """
    invitation = await pool.fetchrow(_SQL["read_invitation"], offer.agency)
    # The code before the keys: checking keys costs milliseconds, and only who holds a code may spend them.
    verify_code(offer.code, kept=None if invitation is None else invitation["code_digest"])
    if invitation is None or not invitation["code_open"] or invitation["code_expires"] <= at:
        raise refused()
    offered = verify_offer(offer, hub_id=hub_id, at=at)
    await _verify_unknown(pool, offered)
    challenges, kept = [], {}
    for use in offered.keyset.sealing:
        secret = nonce()
        challenges.append(challenge(use.key, secret, hub_id=hub_id, agency=offer.agency))
        kept[use.key.kid] = nonce_digest(secret)
    stored = offer.model_copy(update={"code": "-" * 16})
    await pool.execute(
        _SQL["write_offer"], offer.agency, stored.dump().decode(), strict_json.dump(kept).decode()
    )
    return Challenges(challenges=challenges)


async def _verify_unknown(pool: Pool, offered: OfferedKeys) -> None:
    kids, _, _ = offered.rows()
    if await pool.fetch(_SQL["read_known_keys"], kids):
        raise key_in_use()


def key_in_use() -> Problem:
    """A key serves one agency and one use, for good."""
    return Problem(
        "conflict",
        "One of these keys has been used before. Make new keys and offer them.",
        reason="key-in-use",
    )
