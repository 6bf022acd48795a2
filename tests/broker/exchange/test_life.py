"""An exchange through the hub's use cases, from declare to receipt, and each ending of the life table."""

from typing import Any

import pytest

from broker.exchange.sweep import sweep
from broker.hub import hub_document
from broker.protocol import act as acts
from broker.protocol.evidence import HubKeys, TrustedHub, verify_permit
from broker.protocol.life import State
from broker.protocol.problem import Problem
from policies.vocabulary import Category, Outcome, PractitionerRole, RecallReason, WithdrawReason
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent


async def opened_ask(play: Play, **fields: Any) -> Sent:
    """An ask by social care that health has opened."""
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at, **fields)
    assert (await play.declare(care, ask)).outcome is Outcome.ALLOW
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    return ask


async def test_an_ask_and_its_item_pass_with_proofs_that_verify_offline(play: Play) -> None:
    care, health = play["care"], play["health"]
    hub = TrustedHub.from_keys(HubKeys.model_validate(hub_document(play.hub)))
    ask = care.ask(health, at=play.clock.at)
    declared = await play.declare(care, ask)
    assert declared.outcome is Outcome.ALLOW, declared.findings
    assert declared.state is State.PROVED
    assert declared.proof is not None
    verify_permit(
        hub=hub, signing_key=care.signing.public, declaration=ask.request.declaration, proof=declared.proof
    )
    assert (await play.deposit(care, ask)).state is State.DEPOSITED
    (handed,) = await play.fetch(health)
    assert handed.body == ask.sealed
    verify_permit(
        hub=hub, signing_key=care.signing.public, declaration=handed.declaration, proof=handed.proof
    )
    assert (await play.act(health, health.receipt(handed, at=play.clock.at))).state is State.OPENED
    item = health.item(care, ask, at=play.clock.at)
    answered = await play.declare(health, item)
    assert answered.outcome is Outcome.ALLOW, answered.findings
    await play.deposit(health, item)
    (back,) = await play.fetch(care)
    verify_permit(hub=hub, signing_key=health.signing.public, declaration=back.declaration, proof=back.proof)
    assert (await play.act(care, care.receipt(back, at=play.clock.at))).state is State.OPENED
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 0


async def test_a_missing_agreement_holds_until_the_duty_contact_lifts_it(play: Play) -> None:
    care, police = play["care"], play["police"]
    ask = care.ask(police, at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))
    held = await play.declare(care, ask)
    assert held.outcome is Outcome.HOLD
    assert held.state is State.HELD
    (need,) = held.needs
    lift = police.act(
        acts.Lift, at=play.clock.at, sender="care", envelope=ask.jti, fact=need.fact.value, role=need.who
    )
    assert (await play.act(police, lift)).state is State.PERMITTED
    assert await play.prove(care, ask) is not None
    assert (await play.deposit(care, ask)).state is State.DEPOSITED


async def test_a_hold_is_decided_again_when_an_agreement_is_signed(play: Play) -> None:
    care, police = play["care"], play["police"]
    ask = care.ask(police, at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))
    assert (await play.declare(care, ask)).state is State.HELD
    await play.sign_agreement("care", "police")
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, ask.jti)
    assert status.outcome is Outcome.ALLOW


async def test_silence_decline_nil_and_waiting_close_alike(play: Play) -> None:
    care, health = play["care"], play["health"]
    closures = []
    for model in (acts.Nil, acts.Decline, acts.Waiting, None):
        ask = await opened_ask(play)
        if model is not None:
            fields = {"reason": "A" * 43} if model is acts.Decline else {}
            await play.act(
                health,
                health.act(
                    model, at=play.clock.at, exchange=ask.jti, category=Category.HEALTH_ATTENDANCES, **fields
                ),
            )
        (before,) = await play.status(care, ask.jti)
        size = await play.hub.pool.fetchval("SELECT n FROM log_head")
        play.clock.at += 3601
        await sweep(play.hub, at=play.clock.at)
        (after,) = await play.status(care, ask.jti)
        grown = await play.hub.pool.fetchval("SELECT n FROM log_head") - size + (model is not None)
        assert before.closures == []
        closures.append(([(c.category, c.sentence) for c in after.closures], grown))
    assert all(each == closures[0] for each in closures), closures
    assert closures[0][1] == 2


async def test_each_ending_is_reached(play: Play) -> None:
    care, health = play["care"], play["health"]
    lapsing = care.ask(health, at=play.clock.at)
    await play.declare(care, lapsing)
    expiring = care.ask(health, at=play.clock.at)
    await play.declare(care, expiring)
    await play.deposit(care, expiring)
    recalled = care.ask(health, at=play.clock.at)
    await play.declare(care, recalled)
    await play.deposit(care, recalled)
    await play.act(
        care,
        care.act(acts.Recall, at=play.clock.at, envelope=recalled.jti, reason=RecallReason.SENT_IN_ERROR),
    )
    play.clock.at += 86_401
    await sweep(play.hub, at=play.clock.at)
    states = {s.envelope: s.state for s in await play.status(care, lapsing.jti, expiring.jti, recalled.jti)}
    assert states == {lapsing.jti: State.LAPSED, expiring.jti: State.EXPIRED, recalled.jti: State.RECALLED}
    (undelivered,) = await play.status(care, expiring.jti)
    assert undelivered.undelivered
    assert not undelivered.closures
    broken = care.ask(health, at=play.clock.at)
    await play.declare(care, broken)
    await play.deposit(care, broken)
    (handed,) = await play.fetch(health)
    receipt = health.receipt(handed, at=play.clock.at, outcome=acts.ReceiptOutcome.CANNOT_OPEN)
    assert (await play.act(health, receipt)).state is State.CANNOT_OPEN
    poison = care.ask(health, at=play.clock.at)
    await play.declare(care, poison)
    await play.deposit(care, poison)
    for time in range(play.hub.settings.handovers):
        assert len(await play.fetch(health)) == 1
        play.clock.at += play.hub.settings.lease * 2**time + 1
    assert await play.fetch(health) == []
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, poison.jti)
    assert status.state is State.SET_ASIDE


async def test_withdrawing_an_ask_refuses_later_items(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = await opened_ask(play)
    under_way = health.item(care, ask, at=play.clock.at)
    await play.declare(health, under_way)
    await play.deposit(health, under_way)
    await play.act(
        care,
        care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=WithdrawReason.NO_LONGER_NEEDED),
    )
    (status,) = await play.status(health, under_way.jti)
    assert status.state is State.RECALLED
    with pytest.raises(Problem) as refused:
        await play.declare(health, health.item(care, ask, at=play.clock.at))
    assert refused.value.code == "gone"


async def test_one_final_answer_per_category(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = await opened_ask(play)
    assert (await play.declare(health, health.item(care, ask, at=play.clock.at))).outcome is Outcome.ALLOW
    with pytest.raises(Problem) as refused:
        await play.declare(health, health.item(care, ask, at=play.clock.at))
    assert refused.value.code == "already-answered"


async def test_a_repeat_has_one_effect_and_other_bytes_are_refused(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    first = await play.declare(care, ask)
    size = await play.hub.pool.fetchval("SELECT n FROM log_head")
    again = await play.declare(care, ask)
    assert (again.index, again.outcome) == (first.index, first.outcome)
    assert await play.hub.pool.fetchval("SELECT n FROM log_head") == size
    other = care.ask(health, at=play.clock.at, jti=ask.jti, exchange=ask.jti)
    with pytest.raises(Problem) as refused:
        await play.declare(care, other)
    assert refused.value.code == "replayed-differently"


async def test_a_lift_needs_the_named_role(play: Play) -> None:
    care, police = play["care"], play["police"]
    ask = care.ask(police, at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))
    (need,) = (await play.declare(care, ask)).needs
    other = next(role for role in PractitionerRole if role is not need.who)
    lift = police.act(
        acts.Lift, at=play.clock.at, sender="care", envelope=ask.jti, fact=need.fact.value, role=other
    )
    with pytest.raises(Problem) as refused:
        await play.act(police, lift)
    assert refused.value.code == "forbidden"
    own = care.act(
        acts.Lift, at=play.clock.at, sender="care", envelope=ask.jti, fact=need.fact.value, role=need.who
    )
    with pytest.raises(Problem) as mine:
        await play.act(care, own)
    assert mine.value.code == "not-found"
