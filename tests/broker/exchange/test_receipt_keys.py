"""A receipt by a revoked key is refused and leaves no trace; the same one by a key in force is taken."""

import pytest

from broker.protocol import act as acts
from broker.protocol.life import State
from broker.protocol.problem import Problem
from keys import commitment
from keys.keyset import KeySet, SealingUse, digest, sign_key_set
from keys.signing import SigningKey
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, new_jti
from tests.broker.exchange.record_log import of_envelope


async def rotate(play: Play, desk: Desk) -> None:
    """Another signing key for a desk; the one before is revoked."""
    at, old, fresh = play.clock.at, desk.signing.public.kid, SigningKey.generate()
    before = await play.hub.pool.fetchval("SELECT token FROM key_set WHERE agency = $1", desk.agency)
    following = KeySet(
        agency=desk.agency,
        version=2,
        previous=digest(before),
        expires=at + 10**7,
        signing=fresh.public,
        sealing=(SealingUse(key=desk.sealing.public, seal_until=at + 10**7),),
    )
    token = sign_key_set(following, desk.identity)
    await play.act(desk, desk.act(acts.KeySetChange, at=at, key_set=token))
    desk.signing = fresh
    await play.act(desk, desk.act(acts.KeyRevocation, at=at, kid=old))


async def test_the_opening_is_recorded_once_by_a_key_in_force(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    members = {
        "jti": new_jti(),
        "sender": "care",
        "envelope": handed.envelope,
        "digest": commitment.digest(handed.body.encode()),
        "outcome": acts.ReceiptOutcome.OPENED,
    }
    first = health.act(acts.Receipt, at=play.clock.at, **members)
    await rotate(play, health)
    with pytest.raises(Problem) as refused:
        await play.act(health, first)
    assert (refused.value.code, refused.value.reason) == ("forbidden", "key-revoked")
    anew = health.act(acts.Receipt, at=play.clock.at, **members)
    assert (await play.act(health, anew)).state is State.OPENED
    with pytest.raises(Problem) as other_bytes:
        await play.act(health, first)
    assert other_bytes.value.code == "replayed-differently"
    kinds = [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)]
    assert kinds == ["permit", "handover", "receipt"]
