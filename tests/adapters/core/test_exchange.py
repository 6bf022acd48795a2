"""One exchange between two adapters over a real hub, to both receipts: by connection and by polls alike."""

import json
from dataclasses import replace

import pytest

from adapters.desk import evidence, follow, inbox
from adapters.desk.act import decline, nil, recall, withdraw
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.view import Progress, TaskState
from adapters.work import Hooks
from broker.protocol.act import ReceiptOutcome
from broker.protocol.body import AskBody, ItemBody
from broker.protocol.evidence import Evidence, TrustedHub, verify_permit
from broker.protocol.life import State
from keys import keyset
from keys.signing import parse_public_key
from policies.vocabulary import Category, DeclineReason, Outcome, RecallReason, WithdrawReason
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import CONCERN, WORDS, WORKER, ask_order, item_order


@pytest.fixture(params=[None, 0], ids=["connection", "polls"])
def poll(request: pytest.FixtureRequest) -> int | None:
    """Every way in."""
    found: int | None = request.param
    return found


async def asked(town: Town, **changes: object) -> str:
    """An ask that health has opened."""
    jti = await ask(town.folders["care"], ask_order(town.clock(), **changes))
    await town.ended("care", jti, follow.Milestone.SETTLED)
    return jti


async def test_an_ask_and_its_item_reach_both_receipts(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await asked(pair)
    (task,) = inbox.tasks(health)
    assert (task.exchange, task.category, task.state) == (
        exchange,
        Category.HEALTH_ATTENDANCES,
        TaskState.WAITING,
    )
    read = inbox.read(health, exchange)
    assert isinstance(read.body, AskBody)
    assert read.body.concern == CONCERN
    assert read.body.subjects[0].traced

    item = await answer(health, item_order(exchange))
    sent = await pair.ended("health", item)
    assert (sent.state, sent.outcome) == (State.OPENED, Outcome.ALLOW)
    assert inbox.tasks(health)[0].state is TaskState.ANSWERED
    whole = await pair.ended("care", exchange)
    assert (whole.state, whole.answered) == (State.OPENED, (Category.HEALTH_ATTENDANCES,))
    opened = inbox.read(care, item)
    assert isinstance(opened.body, ItemBody)
    assert opened.body.entries[0].what == WORDS
    assert opened.body.subjects[0].t1 == read.body.subjects[0].t1
    (received,) = inbox.inbox(care)
    assert received.outcome is ReceiptOutcome.OPENED
    await pair.until(lambda: inbox.inbox(care)[0].receipt_acknowledged)


async def test_each_end_has_evidence_that_verifies_offline(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await asked(pair)
    for folder in (care, health):
        found = Evidence.model_validate_json(evidence.evidence(folder, exchange))
        keys = keyset.verify_key_set(
            found.sender_key_set,
            identity=parse_public_key(dict(found.sender_identity)),
            previous=None,
            at=pair.clock(),
        )
        verified = verify_permit(
            hub=TrustedHub.from_keys(found.hub),
            signing_key=keys.signing,
            declaration=found.declaration,
            proof=found.proof,
        )
        assert verified.permit.envelope == exchange


async def test_nothing_readable_lies_in_a_journal(pair: Town) -> None:
    exchange = await asked(pair)
    item = await answer(pair.folders["health"], item_order(exchange))
    await pair.ended("health", item)
    await decline_reason_is_sealed(pair)
    for name in ("care", "health"):
        data = b"".join(path.read_bytes() for path in (pair.root / name).glob("journal.sqlite*"))
        for canary in (
            "Zebedee",
            "Quillfeather",
            "9990000018",
            "Nowhere Lane",
            "2016-05-04",
            "live_operation",
        ):
            assert canary.encode() not in data, (name, canary)


async def decline_reason_is_sealed(pair: Town) -> None:
    exchange = await asked(pair, categories=(Category.HEALTH_CONDITIONS,))
    act = await decline(
        pair.folders["health"],
        exchange=exchange,
        category=Category.HEALTH_CONDITIONS,
        reason=DeclineReason.LIVE_OPERATION,
        practitioner=WORKER,
    )
    assert (await follow.wait_for_act(pair.folders["health"], act, within=10)).index is not None


async def test_nil_decline_and_nothing_at_all_read_the_same_to_the_asker(pair: Town) -> None:
    health = pair.folders["health"]
    categories = (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS, Category.HEALTH_FLAGS)
    exchange = await asked(pair, categories=categories, due_within=60)
    await nil(health, exchange=exchange, category=categories[0], practitioner=WORKER)
    await decline(
        health, exchange=exchange, category=categories[1], reason=DeclineReason.EXCESSIVE, practitioner=WORKER
    )
    await pair.until(lambda: not health.journal.rows("acts_after", seq=-1))
    pair.clock.ahead += 61
    found = await pair.ended("care", exchange)
    assert [closure.category for closure in found.closures] == sorted(categories)
    assert len({closure.at for closure in found.closures}) == 1
    assert found.answered == ()


async def test_an_open_task_is_said_to_be_waiting_a_little_before_it_is_due(pair: Town) -> None:
    health = pair.folders["health"]
    exchange = await asked(pair, due_within=100)
    pair.clock.ahead += 92
    await pair.until(
        lambda: any(
            row["act"] == "waiting" and row["done"]
            for row in health.journal.rows("acts_of_exchange", exchange=exchange)
        )
    )
    # It is no answer: an item may still come.
    item = await answer(health, item_order(exchange))
    assert (await pair.ended("health", item)).state is State.OPENED


async def test_a_refused_item_lets_its_task_wait_again(pair: Town) -> None:
    health = pair.folders["health"]
    exchange = await asked(pair)
    order = item_order(exchange)
    item = await answer(health, replace(order, grounds=replace(order.grounds, article9=None)))
    refused = await pair.ended("health", item)
    assert (refused.progress, refused.outcome) == (Progress.ENDED, Outcome.REFUSE)
    assert any(finding.code == "missing-article9" for finding in refused.findings)
    (task,) = inbox.tasks(health)
    assert (task.state, task.why) == (TaskState.WAITING, "refused")
    assert (await pair.ended("health", await answer(health, order))).state is State.OPENED


async def test_a_recalled_envelope_ends_and_is_not_written_again(pair: Town) -> None:
    care = pair.folders["care"]
    await pair.halt("health")
    jti = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", jti, follow.Milestone.DEPOSITED)
    act = await recall(care, envelope=jti, reason=RecallReason.SENT_IN_ERROR, practitioner=WORKER)
    assert (await follow.wait_for_act(care, act, within=10)).index is not None
    found = await pair.ended("care", jti)
    assert (found.state, found.replaced_by) == (State.RECALLED, None)


async def test_a_withdrawn_ask_takes_no_item(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await asked(pair)
    act = await withdraw(care, exchange=exchange, reason=WithdrawReason.NO_LONGER_NEEDED, practitioner=WORKER)
    assert (await follow.wait_for_act(care, act, within=10)).index is not None
    item = await pair.ended("health", await answer(health, item_order(exchange)))
    assert (item.progress, item.problem_code) == (Progress.FAILED, "gone")
    assert json.dumps(item.problem)


async def test_what_was_not_prepared_before_a_stop_is_prepared_after_it(pair: Town) -> None:
    health = pair.folders["health"]
    told: list[str] = []

    async def fails(exchange: str) -> None:
        told.append(exchange)
        raise LookupError("on purpose")

    async def answers(exchange: str) -> None:
        await answer(health, item_order(exchange))

    await pair.halt("health")
    await pair.start("health", hooks=Hooks(on_ask=fails))
    exchange = await asked(pair)
    await pair.until(lambda: told == [exchange])
    assert inbox.tasks(health)[0].state is TaskState.WAITING
    await pair.halt("health")
    await pair.start("health", hooks=Hooks(on_ask=answers))
    assert (await pair.ended("care", exchange)).answered == (Category.HEALTH_ATTENDANCES,)
