"""Concerns seen and decided by people, messages, outcomes, and a rating that reaches the source's clock."""

from datetime import UTC, datetime

import pytest

from adapters.desk import contact, follow, inbox
from adapters.desk.act import rate
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.contact import acknowledge, contact_of, decide
from adapters.desk.tell import message, tell
from adapters.errors import WrongOrder
from adapters.order import MessageOrder
from adapters.working_day import working_days_after
from broker.protocol.body import Decided, MessageAbout, MessageBody, NoticeBody
from broker.protocol.declaration import NoticeKind, Practitioner
from broker.protocol.life import State
from policies.vocabulary import PractitionerRole, Rating
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER, ask_order, grounds, item_order, tell_order
from tests.adapters.core.test_exchange import asked

MANAGER = Practitioner(id="manager-7", role=PractitionerRole.MANAGER)


@pytest.fixture
async def told(town: Town) -> tuple[Town, str]:
    """A school and social care; the school has told of a concern."""
    for name in ("care", "school"):
        await town.enrol(name)
        await town.start(name)
    await town.settle_agreement("care", "school")
    await town.introduce("care", "school")
    jti = await tell(town.folders["school"], tell_order())
    await town.ended("school", jti)
    return town, jti


async def test_a_contact_has_a_persons_clock_until_somebody_acknowledges_it(told: tuple[Town, str]) -> None:
    town, jti = told
    care, school = town.folders["care"], town.folders["school"]
    (waiting,) = contact.contacts(care)
    assert (waiting.jti, waiting.seen_at, waiting.sender) == (jti, None, "school")
    assert waiting.due_at == working_days_after(waiting.received_at, 1)
    reply = await acknowledge(care, jti, practitioner=WORKER, grounds=grounds("outcome-telling"))
    assert (await town.ended("care", reply)).state is State.OPENED
    seen = contact_of(care, jti)
    assert (seen.seen_by, seen.seen_at is not None) == (WORKER.id, True)
    heard = inbox.read(school, reply).body
    assert isinstance(heard, MessageBody)
    assert (heard.about, heard.item) == (MessageAbout.REPLY, jti)
    with pytest.raises(WrongOrder) as again:
        await acknowledge(care, jti, practitioner=WORKER, grounds=grounds("outcome-telling"))
    assert again.value.code == "already-acknowledged"
    assert len(inbox.inbox(school)) == 1


async def test_a_decision_is_kept_with_who_made_it_and_told_to_whoever_told(told: tuple[Town, str]) -> None:
    town, jti = told
    care, school = town.folders["care"], town.folders["school"]
    outcome = await decide(
        care,
        jti,
        practitioner=MANAGER,
        decided=Decided.CHILD_IN_NEED,
        office="Team manager, assessment (invented)",
        why="An assessment has begun.",
        grounds=grounds("outcome-telling"),
    )
    assert outcome is not None
    assert (await town.ended("care", outcome)).state is State.OPENED
    kept = contact_of(care, jti).decision
    assert kept is not None
    opened = inbox.read(school, outcome)
    assert isinstance(opened.body, NoticeBody)
    assert opened.body.outcome == kept
    assert (kept.decided, kept.by) == (Decided.CHILD_IN_NEED, "Team manager, assessment (invented)")
    assert inbox.inbox(school)[0].notice is NoticeKind.OUTCOME
    assert b"Team manager" not in (town.root / "care" / "journal.sqlite").read_bytes()


async def test_a_decision_may_be_kept_without_telling_anybody(told: tuple[Town, str]) -> None:
    town, jti = told
    care = town.folders["care"]
    nobody = await decide(
        care,
        jti,
        practitioner=MANAGER,
        decided=Decided.STRATEGY_DISCUSSION,
        office="Duty manager (invented)",
        why="Telling waits for the strategy discussion.",
        grounds=None,
    )
    assert nobody is None
    decision = contact_of(care, jti).decision
    assert decision is not None
    assert decision.decided is Decided.STRATEGY_DISCUSSION
    assert inbox.inbox(town.folders["school"]) == ()


async def test_a_question_and_its_reply_pass_within_an_exchange(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await asked(pair)
    item = await answer(health, item_order(exchange))
    await pair.ended("health", item)
    question = await message(
        care,
        MessageOrder(
            exchange=exchange,
            practitioner=WORKER,
            grounds=grounds("s47-asking"),
            about=MessageAbout.QUESTION,
            words="On which of the two days?",
            item=item,
        ),
    )
    assert (await pair.ended("care", question)).state is State.OPENED
    heard = inbox.read(health, question).body
    assert isinstance(heard, MessageBody)
    assert (heard.about, heard.words, heard.item) == (
        MessageAbout.QUESTION,
        "On which of the two days?",
        item,
    )
    reply = await message(
        health,
        MessageOrder(
            exchange=exchange,
            practitioner=WORKER,
            grounds=grounds("s47-answering-health"),
            about=MessageAbout.REPLY,
            words="The second.",
            item=question,
        ),
    )
    assert (await pair.ended("health", reply)).state is State.OPENED
    assert inbox.read(care, reply).body.subjects[0].t1 == heard.subjects[0].t1


async def test_a_new_rating_reaches_the_sources_clock_even_while_it_is_away(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock(), due_within=3_600))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    (before,) = inbox.tasks(health)
    act = await rate(care, exchange=exchange, rating=Rating.RED, practitioner=WORKER, due_within=1_800)
    assert (await follow.wait_for_act(care, act, within=20)).index is not None
    await pair.until(lambda: inbox.tasks(health)[0].rating is Rating.RED)
    assert abs(before.due_at - inbox.tasks(health)[0].due_at - 1_800) <= 2
    await pair.until(lambda: follow.sent(care, exchange).due_at is not None)
    await pair.halt("health")
    act = await rate(care, exchange=exchange, rating=Rating.GREEN, practitioner=WORKER, due_within=7_200)
    assert (await follow.wait_for_act(care, act, within=20)).index is not None
    await pair.start("health")
    await pair.until(lambda: inbox.tasks(health)[0].rating is Rating.GREEN)


@pytest.mark.parametrize(
    "at, days, due",
    [
        ("2026-11-25T10:00", 1, "2026-11-26T10:00"),
        ("2026-11-27T10:00", 1, "2026-11-30T10:00"),
        ("2026-11-28T10:00", 1, "2026-11-30T10:00"),
        ("2026-11-27T10:00", 3, "2026-12-02T10:00"),
    ],
)
def test_saturdays_and_sundays_are_no_working_days(at: str, days: int, due: str) -> None:
    def unix(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

    assert working_days_after(unix(at), days) == unix(due)
