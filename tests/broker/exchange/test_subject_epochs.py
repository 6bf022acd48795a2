"""The subject key's epochs: the next one opens where nobody is left who has the key, and not before."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from broker.exchange import verbs
from broker.exchange.administer import administer
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.frame import Verb
from broker.protocol.problem import Problem
from keys import commitment, sealing
from tests.broker.exchange.administrator import administrator_key, signed
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, new_jti


async def look(play: Play, desk: Desk, epoch: int = 1) -> frame.SubjectKeyAnswer:
    answer = await verbs.answer(
        play.hub, Verb.SUBJECT_KEY, desk.caller, frame.SubjectKey(epoch=epoch), at=play.clock.at, seen=None
    )
    assert isinstance(answer, frame.SubjectKeyAnswer)
    return answer


async def claim(play: Play, desk: Desk, epoch: int = 1) -> frame.Acted:
    return await play.act(desk, desk.act(acts.SubjectKeyClaim, at=play.clock.at, epoch=epoch))


async def pass_on(play: Play, desk: Desk, to: Desk, epoch: int = 1) -> frame.Acted:
    jti = new_jti()
    binding = sealing.Binding(
        hub_id=play.hub.hub_id,
        exchange="subject-key",
        jti=jti,
        kind="subject-key",
        sender=desk.agency,
        recipient=to.agency,
    )
    sealed = sealing.seal(bytes(32), to.sealing.public, binding)
    request = desk.act(
        acts.SubjectKeyPass,
        at=play.clock.at,
        jti=jti,
        epoch=epoch,
        recipient=to.agency,
        sealed_digest=commitment.digest(sealed),
    )
    return await play.act(desk, request.model_copy(update={"sealed": sealed.decode()}))


async def order(play: Play, folder: Path, model: Any, **fields: Any) -> int:
    key = administrator_key(folder / "keys")
    return await administer(
        play.hub, signed(play.hub, key, model, at=play.clock.at, **fields), None, at=play.clock.at
    )


async def test_a_holder_that_is_stopped_before_it_passed_the_key_on_is_followed_by_another(
    play: Play, tmp_path: Path
) -> None:
    care, health, police = play["care"], play["health"], play["police"]
    await claim(play, care)
    assert (await look(play, health)).open == 1
    with pytest.raises(Problem) as early:
        await claim(play, health, 2)
    assert early.value.reason == "epoch-not-open"
    await order(play, tmp_path, acts.AgencyStop, agency="care")
    assert (await look(play, health)).open == 2
    outcomes = await asyncio.gather(claim(play, health, 2), claim(play, police, 2), return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, Problem)]
    assert [each.reason for each in refused] == ["not-first"]
    answer = await look(play, health, 2)
    assert (answer.open, answer.holder in ("health", "police")) == (2, True)
    with pytest.raises(Problem) as closed:
        await claim(play, health, 1)
    assert closed.value.reason == "epoch-not-open"


async def test_while_one_it_was_passed_to_is_active_it_is_not_lost(play: Play, tmp_path: Path) -> None:
    care, health, police, school = (play[name] for name in ("care", "health", "police", "school"))
    await claim(play, care)
    await pass_on(play, care, health)
    await order(play, tmp_path, acts.AgencyStop, agency="care")
    assert (await look(play, police)).open == 1
    await pass_on(play, health, police)
    await order(play, tmp_path, acts.AgencyStop, agency="health")
    assert (await look(play, school)).open == 1
    await order(play, tmp_path, acts.AgencyStop, agency="police")
    assert (await look(play, school)).open == 2


async def test_an_unclaimed_epoch_is_not_lost(play: Play) -> None:
    assert (await look(play, play["care"])).open == 1
    with pytest.raises(Problem) as refused:
        await claim(play, play["care"], 2)
    assert refused.value.reason == "epoch-not-open"


async def test_an_administrator_opens_the_next_and_only_the_next(play: Play, tmp_path: Path) -> None:
    care, health = play["care"], play["health"]
    await claim(play, care)
    for wrong in (3, 9):
        with pytest.raises(Problem) as refused:
            await order(play, tmp_path, acts.SubjectKeyRenewal, epoch=wrong)
        assert refused.value.reason == "epoch-not-open"
    await order(play, tmp_path, acts.SubjectKeyRenewal, epoch=2)
    assert (await look(play, health)).open == 2
    await claim(play, health, 2)
    assert set((await look(play, health, 2)).waiting) == {"care", "police", "school"}


async def test_a_key_frame_for_a_revoked_key_is_not_kept(play: Play) -> None:
    care, health = play["care"], play["health"]
    await claim(play, care)
    await play.act(health, health.act(acts.KeyRevocation, at=play.clock.at, kid=health.sealing.kid))
    with pytest.raises(Problem) as refused:
        await pass_on(play, care, health)
    assert refused.value.code == "conflict"
    assert "health" in (await look(play, care)).waiting


async def test_a_holder_that_enrolled_again_may_have_lost_it(play: Play) -> None:
    care, health = play["care"], play["health"]
    await claim(play, care)
    assert "care" not in (await look(play, health)).waiting
    await play.hub.pool.execute("UPDATE agency SET enrolment = 2 WHERE id = 'care'")
    answer = await look(play, health)
    assert answer.open == 2
    assert "care" in answer.waiting
