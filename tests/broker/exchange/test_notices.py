"""What is said beside asks and items: outcomes, corrections and messages."""

from typing import Any

import pytest

from broker.exchange.declare import declare
from broker.exchange.prepare import Asked
from broker.protocol import act as acts
from broker.protocol import declaration as declared
from broker.protocol import frame
from broker.protocol.declaration import NoticeKind
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.settings import Settings
from policies.consent import ConsentPosition
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    HandlingCode,
    Outcome,
    Purpose,
    RecallReason,
    WhyNotSought,
    WithdrawReason,
)
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent, new_jti, preset
from tests.broker.exchange.record_log import records

MESSAGES = 3
OWED = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.DUTY_APPLIES)


@pytest.fixture
def settings() -> Settings:
    return Settings(cadence_ms=2, sweep_interval=3600, messages=MESSAGES)


async def passed(play: Play, sender: Desk, to: Desk, sent: Sent) -> frame.Handover:
    """Through the hub to its recipient, opened there."""
    told = await play.declare(sender, sent)
    assert told.outcome is Outcome.ALLOW, told.findings
    await play.deposit(sender, sent)
    (handed,) = await play.fetch(to)
    await play.act(to, to.receipt(handed, at=play.clock.at))
    return handed


async def answered(play: Play) -> tuple[Sent, Sent]:
    """An ask and its item, both opened."""
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await passed(play, care, health, ask)
    item = health.item(care, ask, at=play.clock.at)
    await passed(play, health, care, item)
    return ask, item


def correction(play: Play, sender: Desk, to: Desk, of: Sent, **fields: Any) -> Sent:
    """A correction of an envelope of the sender's."""
    exchange = fields.pop("exchange", of.declaration.exchange)
    values = {
        "notice": NoticeKind.CORRECTION,
        "purpose": Purpose.CORRECTION,
        "category": Category.HEALTH_ATTENDANCES,
        "handling": HandlingCode.OFFICIAL_SENSITIVE,
        "regards": exchange,
        "corrects": of.jti,
        "consent": OWED,
        "grounds": preset("correction-telling"),
        "t1": of.t1,
    }
    return sender.send(declared.Notice, to, at=play.clock.at, exchange=exchange, **(values | fields))


def message(play: Play, sender: Desk, to: Desk, opening: Sent, **fields: Any) -> Sent:
    """Words in an exchange, on its own grounds unless told otherwise."""
    values: dict[str, Any] = {
        "grounds": opening.declaration.grounds,
        "regards": opening.jti,
        "t1": opening.t1,
    }
    return sender.send(declared.Message, to, at=play.clock.at, exchange=opening.jti, **(values | fields))


async def contact(play: Play, jti: str | None = None) -> Sent:
    """The school has told social care of a concern."""
    sent = play["school"].send(
        declared.Notice,
        play["care"],
        at=play.clock.at,
        jti=jti,
        notice=NoticeKind.CONTACT,
        purpose=Purpose.SAFEGUARDING_CONTACT,
        category=Category.CONTACT_REPORT,
        handling=HandlingCode.OFFICIAL,
        grounds=preset("contact-telling-education"),
    )
    await passed(play, play["school"], play["care"], sent)
    return sent


def outcome(play: Play, sender: Desk, to: Desk, opening: Sent) -> Sent:
    """What became of it."""
    return sender.send(
        declared.Notice,
        to,
        at=play.clock.at,
        exchange=opening.jti,
        t1=opening.t1,
        notice=NoticeKind.OUTCOME,
        purpose=Purpose.OUTCOME_FEEDBACK,
        category=Category.OUTCOME,
        handling=HandlingCode.OFFICIAL,
        grounds=preset("outcome-telling"),
        regards=opening.jti,
    )


async def refused(play: Play, desk: Desk, sent: Sent) -> Problem:
    with pytest.raises(Problem) as caught:
        await play.declare(desk, sent)
    return caught.value


async def test_a_correction_passes_though_no_agreement_is_left(play: Play) -> None:
    _, item = await answered(play)
    await play.hub.pool.execute("UPDATE agreement SET ended = true")
    await play.hub.pool.execute("UPDATE guard SET version = version + 1 WHERE kind = 'agreement'")
    sent = correction(play, play["health"], play["care"], item)
    await passed(play, play["health"], play["care"], sent)
    log = await records(play.hub)
    (permit,) = [each for each in log if each.record == "permit" and each.envelope == sent.jti]
    assert permit.decided.question.agreement is None
    assert "correction-owed" in {finding.code for finding in permit.decided.findings}
    (seen,) = await play.status(play["health"], item.jti)
    assert seen.opened_at == play.clock.at


async def test_a_correction_is_of_what_its_sender_gave_to_this_agency_in_this_exchange(play: Play) -> None:
    ask, item = await answered(play)
    care, health, school = play["care"], play["health"], play["school"]
    missing = await refused(play, health, correction(play, health, care, item, corrects=new_jti()))
    assert missing.code == "not-found"
    for desk, to, exchange in (
        # Nobody corrects what another sent, nor to another, nor in another exchange.
        (care, health, ask.jti),
        (health, school, ask.jti),
        (health, care, new_jti()),
        (school, care, ask.jti),
    ):
        problem = await refused(play, desk, correction(play, desk, to, item, exchange=exchange))
        assert problem.document() == missing.document()
    # An ask is withdrawn or recalled, not corrected.
    assert (await refused(play, care, correction(play, care, health, ask))).code == "not-found"
    other = correction(play, health, care, item, category=Category.HEALTH_CONDITIONS)
    assert (await refused(play, health, other)).code == "unprocessable"
    stranger = correction(play, health, care, item, t1=b"\x07" * 32)
    assert (await refused(play, health, stranger)).reason == "other-subject"


async def test_a_correction_of_what_never_came_does_not_come_in_its_place(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    await passed(play, care, health, ask)
    item = health.item(care, ask, at=play.clock.at)
    sent = correction(play, health, care, item)
    for each in (item, sent):
        await play.declare(health, each)
        await play.deposit(health, each)
    reason = RecallReason.WRONG_SUBJECT
    await play.act(health, health.act(acts.Recall, at=play.clock.at, envelope=item.jti, reason=reason))
    assert await play.fetch(care) == []
    assert (await play.status(health, sent.jti))[0].state is State.RECALLED


async def test_the_wide_purposes_are_for_their_own_notices(play: Play) -> None:
    _, item = await answered(play)
    care, health = play["care"], play["health"]

    def told(kind: NoticeKind, purpose: Purpose, category: Category) -> Sent:
        return health.send(
            declared.Notice,
            care,
            at=play.clock.at,
            notice=kind,
            purpose=purpose,
            category=category,
            handling=HandlingCode.OFFICIAL,
            grounds=preset("correction-telling"),
        )

    disguised = told(NoticeKind.CONTACT, Purpose.CORRECTION, Category.HEALTH_ATTENDANCES)
    assert (await refused(play, health, disguised)).code == "unprocessable"
    feedback = told(NoticeKind.CONTACT, Purpose.SAFEGUARDING_CONTACT, Category.OUTCOME)
    assert (await refused(play, health, feedback)).code == "unprocessable"
    other = correction(play, health, care, item, purpose=Purpose.SAFEGUARDING_CONTACT)
    assert (await refused(play, health, other)).code == "unprocessable"
    later = told(NoticeKind.LATER_TRANSFER, Purpose.SAFEGUARDING_CONTACT, Category.CONTACT_REPORT)
    assert (await refused(play, health, later)).code == "unsupported"
    ask = care.ask(health, at=play.clock.at, purpose=Purpose.CORRECTION)
    assert (await play.declare(care, ask)).outcome is Outcome.REFUSE


async def test_an_outcome_goes_from_who_was_told_to_who_told(play: Play) -> None:
    care, school = play["care"], play["school"]
    told = await contact(play)
    handed = await passed(play, care, school, outcome(play, care, school, told))
    assert handed.kind is declared.Kind.NOTICE
    assert (await refused(play, school, outcome(play, school, care, told))).code == "unprocessable"
    outside = await refused(play, play["health"], outcome(play, play["health"], school, told))
    assert outside.code == "not-found"


async def test_messages_pass_between_the_two_parties_of_an_exchange_and_nobody_else(play: Play) -> None:
    ask, _ = await answered(play)
    care, health, school = play["care"], play["health"], play["school"]
    await passed(play, care, health, message(play, care, health, ask))
    reply = message(play, health, care, ask, grounds=preset("s47-answering-health"))
    await passed(play, health, care, reply)
    size = len(await records(play.hub))
    outside = await refused(play, school, message(play, school, care, ask))
    nowhere = await refused(play, school, message(play, school, care, care.ask(health, at=play.clock.at)))
    assert outside.document() == nowhere.document()
    assert outside.code == "not-found"
    assert len(await records(play.hub)) == size
    other = message(play, care, health, ask, purpose=Purpose.EARLY_HELP)
    assert (await refused(play, care, other)).reason == "other-purpose"
    # Its grounds are decided upon as the exchange's were.
    bare = message(play, care, health, ask, grounds=preset("outcome-telling"))
    assert (await play.declare(care, bare)).outcome is Outcome.REFUSE


async def test_a_message_waits_for_its_exchange_and_ends_with_it(play: Play) -> None:
    care, health = play["care"], play["health"]
    answering = preset("s47-answering-health")
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    assert (await refused(play, care, message(play, care, health, ask))).code == "not-found"
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    for _ in range(MESSAGES):
        await passed(play, care, health, message(play, care, health, ask))
    assert (await refused(play, care, message(play, care, health, ask))).code == "too-many"
    await passed(play, health, care, message(play, health, care, ask, grounds=answering))
    withdrawal = care.act(
        acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=WithdrawReason.NO_LONGER_NEEDED
    )
    await play.act(care, withdrawal)
    gone = await refused(play, health, message(play, health, care, ask, grounds=answering))
    assert gone.reason == "ask-withdrawn"


async def test_a_message_under_way_ends_with_the_ask_that_is_withdrawn(play: Play) -> None:
    ask, _ = await answered(play)
    care, health = play["care"], play["health"]
    answering = preset("s47-answering-health")
    waiting, slow = (message(play, health, care, ask, grounds=answering) for _ in range(2))
    for each in (waiting, slow):
        await play.declare(health, each)
    await play.deposit(health, waiting)
    reason = WithdrawReason.WRONG_SUBJECT
    await play.act(care, care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=reason))
    assert (await play.deposit(health, slow)).state is State.RECALLED
    assert await play.fetch(care) == []
    states = {each.state for each in await play.status(health, waiting.jti, slow.jti)}
    assert states == {State.RECALLED}


async def test_a_message_that_missed_the_withdrawal_is_recalled_at_its_handover(play: Play) -> None:
    ask, _ = await answered(play)
    care, health = play["care"], play["health"]
    sent = message(play, care, health, ask)
    await play.declare(care, sent)
    await play.deposit(care, sent)
    await play.hub.pool.execute("UPDATE exchange SET withdrawn = true WHERE id = $1", ask.jti)
    assert await play.fetch(health) == []
    assert (await play.status(care, sent.jti))[0].state is State.RECALLED


async def test_messages_of_one_batch_count_together(play: Play) -> None:
    ask, _ = await answered(play)
    care, health = play["care"], play["health"]
    batch = [message(play, care, health, ask).request for _ in range(MESSAGES + 2)]
    found = await declare(
        play.hub, [Asked(caller=care.caller, request=request, at=play.clock.at) for request in batch]
    )
    assert [each.code for each in found if isinstance(each, Problem)] == ["too-many"] * 2
    assert (await refused(play, care, message(play, care, health, ask))).code == "too-many"


async def test_an_ask_withdrawn_is_not_seen_from_an_exchange_of_its_id_between_others(play: Play) -> None:
    ask, _ = await answered(play)
    care, school = play["care"], play["school"]
    told = await contact(play, jti=ask.jti)
    reason = WithdrawReason.WRONG_SUBJECT
    await play.act(care, care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=reason))
    await passed(play, school, care, message(play, school, care, told, purpose=told.declaration.purpose))


async def test_what_the_asker_takes_back_under_an_items_jti_leaves_the_answer_final(play: Play) -> None:
    ask, item = await answered(play)
    care, health = play["care"], play["health"]
    same = message(play, care, health, ask, jti=item.jti)
    await play.declare(care, same)
    reason = RecallReason.SENT_IN_ERROR
    await play.act(care, care.act(acts.Recall, at=play.clock.at, envelope=same.jti, reason=reason))
    second = await refused(play, health, health.item(care, ask, at=play.clock.at))
    assert second.code == "already-answered"


async def test_whoever_was_told_of_a_concern_answers_for_feedback(play: Play) -> None:
    care, school = play["care"], play["school"]
    told = await contact(play)
    purpose, feedback = told.declaration.purpose, preset("outcome-telling")
    reply = message(play, care, school, told, grounds=feedback, purpose=Purpose.OUTCOME_FEEDBACK)
    await passed(play, care, school, reply)
    await passed(play, school, care, message(play, school, care, told, purpose=purpose))
    wrong = message(play, care, school, told, grounds=feedback, purpose=purpose)
    assert (await refused(play, care, wrong)).reason == "other-purpose"
