"""A connection stands on the key that its access token was asked for with: once that is revoked, nothing is
handed over to it, whether or not anybody has told it to close.
"""

from pathlib import Path

import pytest

from broker.exchange.administer import administer
from broker.protocol import act as acts
from broker.protocol.life import State
from broker.protocol.problem import Problem
from tests.broker.exchange.administrator import administrator_key, signed, stop_agency
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import of_envelope


async def deposited(play: Play) -> Sent:
    """An ask of social care that waits for health."""
    care = play["care"]
    ask = care.ask(play["health"], at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    return ask


async def revoke(play: Play, keys: Path) -> None:
    """An administrator revokes health's signing key."""
    kid = play["health"].signing.public.kid
    act = signed(
        play.hub,
        administrator_key(keys),
        acts.AgencyKeyRevocation,
        at=play.clock.at,
        agency="health",
        kid=kid,
    )
    await administer(play.hub, act, None, at=play.clock.at)


async def test_nothing_is_handed_over_to_a_connection_of_a_revoked_key(play: Play, tmp_path: Path) -> None:
    await play.connect(play["health"])
    ask = await deposited(play)
    await revoke(play, tmp_path / "keys")
    with pytest.raises(Problem) as refused:
        await play.fetch(play["health"])
    assert (refused.value.code, refused.value.reason) == ("forbidden", "key-revoked")
    assert [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)] == ["permit"]
    (status,) = await play.status(play["care"], ask.jti)
    assert status.state is State.DEPOSITED


async def test_a_connection_is_not_opened_with_a_key_revoked_since_its_token_was_read(
    play: Play, tmp_path: Path
) -> None:
    await play.connect(play["health"])
    await revoke(play, tmp_path / "keys")
    with pytest.raises(Problem) as refused:
        await play.connect(play["health"])
    assert refused.value.code == "unauthenticated"
    assert await play.hub.pool.fetchval("SELECT generation FROM connection WHERE agency = 'health'") == 1


async def test_a_connection_is_not_opened_for_an_agency_stopped_since_its_token_was_read(
    play: Play, tmp_path: Path
) -> None:
    await stop_agency(play.hub, administrator_key(tmp_path / "keys"), "health", at=play.clock.at)
    with pytest.raises(Problem) as refused:
        await play.connect(play["health"])
    assert refused.value.code == "unauthenticated"
    assert await play.hub.pool.fetchval("SELECT count(*) FROM connection") == 0
