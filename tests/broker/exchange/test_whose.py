"""What is whose: hints, consents, silence, and the order in which things are handed over."""

from typing import Any

import pytest

from broker.exchange.generation import disconnect
from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.declaration import SubjectCommitment
from broker.protocol.life import State
from broker.protocol.problem import Problem
from keys import base64url, subject
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.policy_set import seed_policy, with_case
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    Outcome,
    Purpose,
    Rating,
    RecallReason,
    Sector,
    WithdrawReason,
)
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent, new_jti


def consent_grounds(sector: Sector, *, asking: bool) -> Grounds:
    name = "early-help-asking" if asking else "early-help-answering"
    preset = seed_policy().preset(f"{name}-education" if sector is Sector.EDUCATION else name)
    assert preset is not None
    return with_case(preset.grounds)


def early_help(play: Play, reference: str, **fields: Any) -> Sent:
    """An early-help ask by social care to health, resting on a consent."""
    return play["care"].ask(
        play["health"],
        at=play.clock.at,
        grounds=consent_grounds(Sector.SOCIAL_CARE, asking=True),
        purpose=Purpose.EARLY_HELP,
        consent=ConsentPosition(outcome=ConsentOutcome.GIVEN, reference=reference),
        threshold=None,
        **fields,
    )


async def give(play: Play, desk: Desk, purpose: Purpose, *, t1: bytes | None = None) -> str:
    """Register a consent; about one person where `t1` is given."""
    reference = new_jti()
    fields: dict[str, Any] = {"reference": reference, "outcome": "given", "purposes": [purpose]}
    request = desk.act(acts.Consent, at=play.clock.at, **fields)
    if t1 is not None:
        r = b"r" * 32
        commitment = {"role": "child", "epoch": 1, "c": base64url.encode(subject.commit(r, t1))}
        act = desk.act(
            acts.Consent,
            at=play.clock.at,
            subjects=[SubjectCommitment.model_validate(commitment, strict=False)],
            **fields,
        )
        opening = frame.Opening(t1=base64url.encode(t1), r=base64url.encode(r))
        request = frame.Act(act=act.act, openings=[opening])
    await play.act(desk, request)
    return reference


async def test_a_consent_stands_for_its_purpose_its_people_and_its_parties(play: Play) -> None:
    care = play["care"]
    good = await give(play, care, Purpose.EARLY_HELP)
    assert (await play.declare(care, early_help(play, good))).outcome is Outcome.ALLOW
    other_purpose = await give(play, care, Purpose.CHILD_IN_NEED)
    assert (await play.declare(care, early_help(play, other_purpose))).outcome is Outcome.REFUSE
    others = await give(play, play["police"], Purpose.EARLY_HELP)
    assert (await play.declare(care, early_help(play, others))).outcome is Outcome.REFUSE
    assert (await play.declare(care, early_help(play, new_jti()))).outcome is Outcome.REFUSE
    child = b"t" * 32
    hers = await give(play, care, Purpose.EARLY_HELP, t1=child)
    with pytest.raises(Problem) as refused:
        await play.declare(care, early_help(play, hers))
    assert refused.value.reason == "consent-of-others"


async def test_the_source_s_own_word_that_consent_was_refused_is_heard(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = early_help(play, await give(play, care, Purpose.EARLY_HELP))
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    grounds = consent_grounds(Sector.HEALTH, asking=False)

    def item(position: ConsentPosition) -> Sent:
        return health.item(
            care, ask, at=play.clock.at, grounds=grounds, purpose=Purpose.EARLY_HELP, consent=position
        )

    refused = await play.declare(health, item(ConsentPosition(outcome=ConsentOutcome.REFUSED)))
    assert refused.outcome is Outcome.REFUSE
    given = await play.declare(health, item(ConsentPosition(outcome=ConsentOutcome.GIVEN)))
    assert given.outcome is Outcome.ALLOW


async def test_a_consent_without_a_purpose_is_none(play: Play) -> None:
    care = play["care"]
    with pytest.raises(Problem) as refused:
        await play.act(care, care.act(acts.Consent, at=play.clock.at, reference=new_jti(), outcome="given"))
    assert refused.value.code == "unprocessable"


async def test_nobody_is_hinted_at_what_is_another_s(play: Play) -> None:
    care, health, school = play["care"], play["health"], play["school"]
    ears = {name: play.hub.wake.subscribe(name) for name in ("care", "health", "school", "police")}
    own: dict[str, set[str]] = {name: set() for name in ears}
    for target in (health, school):
        category = Category.ATTENDANCE if target is school else Category.HEALTH_ATTENDANCES
        ask = care.ask(target, at=play.clock.at, categories=(category,))
        own["care"].add(ask.jti)
        await play.declare(care, ask)
        await play.deposit(care, ask)
        (handed,) = await play.fetch(target)
        await play.act(target, target.receipt(handed, at=play.clock.at))
        item = target.item(care, ask, at=play.clock.at, category=category)
        own[target.agency].add(item.jti)
        await play.declare(target, item)
        recall = target.act(
            acts.Recall, at=play.clock.at, envelope=item.jti, reason=RecallReason.SENT_IN_ERROR
        )
        await play.act(target, recall)
    play.clock.at += 90_000
    await sweep(play.hub, at=play.clock.at)
    for name, ear in ears.items():
        heard = set()
        while not ear.queue.empty():
            heard |= set(ear.queue.get_nowait().envelopes)
        assert heard <= own[name], name


async def test_silence_is_his_who_opened_the_ask(play: Play) -> None:
    care, health = play["care"], play["health"]
    unopened = care.ask(health, at=play.clock.at)
    withdrawn = care.ask(health, at=play.clock.at)
    for ask in (unopened, withdrawn):
        await play.declare(care, ask)
        await play.deposit(care, ask)
    first, second = await play.fetch(health)
    assert {first.envelope, second.envelope} == {unopened.jti, withdrawn.jti}
    opened = second if second.envelope == withdrawn.jti else first
    await play.act(health, health.receipt(opened, at=play.clock.at))
    reason = WithdrawReason.NO_LONGER_NEEDED
    await play.act(care, care.act(acts.Withdraw, at=play.clock.at, exchange=withdrawn.jti, reason=reason))
    before = await play.hub.pool.fetchval("SELECT n FROM log_head")
    play.clock.at += 3_601
    await sweep(play.hub, at=play.clock.at)
    told = {each.envelope: each for each in await play.status(care, unopened.jti, withdrawn.jti)}
    assert told[unopened.jti].undelivered
    assert not told[withdrawn.jti].undelivered
    assert not any(each.closures for each in told.values())
    # One record: undelivered. No silence, no closing.
    assert await play.hub.pool.fetchval("SELECT n FROM log_head") == before + 1


async def test_red_is_handed_over_first(play: Play) -> None:
    care, health = play["care"], play["health"]
    asks = [care.ask(health, at=play.clock.at, rating=rating) for rating in (Rating.GREEN, Rating.RED)]
    for ask in asks:
        await play.declare(care, ask)
        await play.deposit(care, ask)
    (first,) = await play.fetch(health, limit=1)
    assert first.envelope == asks[1].jti


async def test_a_line_that_keeps_breaking_sets_nothing_aside(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    for _ in range(3 * play.hub.settings.handovers):
        await play.connect(health)
        (handed,) = await play.fetch(health)
        assert health.generation is not None
        await disconnect(play.hub, health.agency, health.generation, at=play.clock.at)
        play.clock.at += 1
        await sweep(play.hub, at=play.clock.at)
    await play.connect(health)
    (handed,) = await play.fetch(health)
    assert (await play.act(health, health.receipt(handed, at=play.clock.at))).state is State.OPENED


@pytest.mark.parametrize("epoch", [2, 3])
async def test_only_the_epoch_in_use_can_be_claimed(play: Play, epoch: int) -> None:
    care = play["care"]
    with pytest.raises(Problem) as refused:
        await play.act(care, care.act(acts.SubjectKeyClaim, at=play.clock.at, epoch=epoch))
    assert (refused.value.code, refused.value.reason) == ("conflict", "epoch-not-open")
