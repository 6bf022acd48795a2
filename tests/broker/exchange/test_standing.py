"""A stopped agency and a revoked key end what is held too: no later fact or person makes a permit of it."""

from pathlib import Path

import pytest

from broker.exchange.administer import administer
from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol.life import State
from policies.vocabulary import Category, RecallReason
from tests.broker.exchange.administrator import administrator_key, signed, stop_agency
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import of_envelope


async def held_ask(play: Play) -> Sent:
    """An ask of the police that waits for an agreement."""
    ask = play["care"].ask(play["police"], at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))
    assert (await play.declare(play["care"], ask)).state is State.HELD
    return ask


@pytest.mark.parametrize("stopped", ["care", "police"])
async def test_a_hold_between_a_stopped_agency_and_another_is_recalled_and_never_permitted(
    play: Play, tmp_path: Path, stopped: str
) -> None:
    ask = await held_ask(play)
    await stop_agency(play.hub, administrator_key(tmp_path / "keys"), stopped, at=play.clock.at)
    await play.sign_agreement("care", "police")
    await sweep(play.hub, at=play.clock.at)
    (held, recalled) = await of_envelope(play.hub, ask.jti)
    assert (held[1], recalled[1]) == ("hold", "recalled")
    assert recalled[2].reason is RecallReason.AGENCY_STOPPED
    assert not recalled[2].may_have_been_received
    (status,) = await play.status(play["care"], ask.jti)
    assert status.state is State.RECALLED


async def test_a_hold_declared_under_a_revoked_key_is_recalled(play: Play, tmp_path: Path) -> None:
    ask, key = await held_ask(play), administrator_key(tmp_path / "keys")
    kid = play["care"].signing.public.kid
    revocation = signed(play.hub, key, acts.AgencyKeyRevocation, at=play.clock.at, agency="care", kid=kid)
    await administer(play.hub, revocation, None, at=play.clock.at)
    await sweep(play.hub, at=play.clock.at)
    assert [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)] == ["hold", "recalled"]
    await play.sign_agreement("care", "police")
    await sweep(play.hub, at=play.clock.at)
    assert [kind for _, kind, _ in await of_envelope(play.hub, ask.jti)] == ["hold", "recalled"]
