"""A category that takes two persons leaves when another has approved exactly what the first prepared."""

from dataclasses import replace

import pytest

from adapters.answering import edit
from adapters.answering.answer_form import Answer
from adapters.answering.reason import SECOND_PERSON, SENT_BACK, TWO_PERSONS
from adapters.answering.releasing import (
    BackReason,
    NotSeen,
    approve,
    check,
    draft_to_approve,
    send_answer,
    send_back,
)
from adapters.answering.sending import Way, prepared
from adapters.connectors.connector import SourceEntry
from adapters.desk.approval import signed
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder
from adapters.view import TaskState
from broker.protocol.declaration import Practitioner
from policies.vocabulary import PractitionerRole
from tests.adapters.answering.records import CLEAN, VISITS, Records, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town

FIRST = Practitioner(id="worker-1", role=PractitionerRole.SCREENER)
SECOND = Practitioner(id="worker-2", role=PractitionerRole.MANAGER)
_TWO = rules(f"{VISITS.value}: release = 'two_persons'\napprover = 'manager'")
NONE: frozenset[str] = frozenset()


async def _prepare(folder: Folder, exchange: str, order: ItemOrder, *seen: str) -> str:
    answer = Answer(practitioner=FIRST, items=(order,), declined=(), acknowledged=frozenset(seen))
    (queued,) = await send_answer(folder, exchange, answer)
    assert (queued.way, queued.envelope, queued.act) == (Way.PREPARED, None, None)
    assert queued.digest is not None
    return queued.digest


async def test_it_leaves_when_somebody_else_approves_exactly_that(pair: Town) -> None:
    health = await answers_from(pair, Records(rows={"child": {VISITS: (CLEAN,)}}), _TWO)
    exchange = await asked(pair)
    assert (await looked_at(pair, exchange)).why == TWO_PERSONS

    async def refused(by: Practitioner, digest: str, code: str) -> None:
        with pytest.raises(WrongOrder) as caught:
            await approve(health, exchange, VISITS, by, digest=digest, acknowledged=NONE)
        assert caught.value.code == code
        assert task(health, exchange).state is TaskState.PREPARED

    # Nobody has prepared it yet: what the record system made is nobody's.
    _, made = draft_to_approve(health, exchange, VISITS)
    await refused(SECOND, made, "not-prepared-by-person")

    (order,) = prepared(health, exchange, frozenset({VISITS}), FIRST).items
    digest = await _prepare(health, exchange, order)
    assert task(health, exchange).why == SECOND_PERSON
    manager = replace_role(FIRST)
    await refused(manager, digest, "own-draft")
    for spelling in ("WORKER-1", "worker1", "Worker.1", "worker_1", "worker-1."):
        await refused(Practitioner(id=spelling, role=SECOND.role), digest, "own-draft")
    await refused(Practitioner(id="worker-2", role=PractitionerRole.SCREENER), digest, "not-the-approver")
    await refused(SECOND, made, "draft-changed")

    # The draft is changed: an approval of the one before does not count.
    other = await _prepare(health, exchange, replace(order, necessity="It bears on the enquiry a little."))
    assert other != digest
    await refused(SECOND, digest, "draft-changed")

    queued = await approve(health, exchange, VISITS, SECOND, digest=other, acknowledged=NONE)
    assert queued.envelope is not None
    assert (await pair.ended("care", exchange)).answered == (VISITS,)
    steps = [
        (each.step.value, each.person, each.digest == other) for each in signed(health, exchange, VISITS)
    ]
    assert steps == [
        ("prepared", "worker-1", False),
        ("prepared", "worker-1", True),
        ("approved", "worker-2", True),
    ]
    assert all(each.at > 0 for each in signed(health, exchange, VISITS))


def replace_role(who: Practitioner) -> Practitioner:
    """The same person in the approver's role."""
    return Practitioner(id=who.id, role=SECOND.role)


async def test_what_is_sent_back_waits_again_and_cannot_be_approved(pair: Town) -> None:
    planted = SourceEntry(on=CLEAN.on, what="Attended; an informant rang.")
    records = Records(rows={"child": {VISITS: (CLEAN, planted)}})
    health = await answers_from(pair, records, _TWO)
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    (order,) = prepared(health, exchange, frozenset({VISITS}), FIRST).items
    seen = [each.id for each in check(health, exchange, order)]
    assert seen
    digest = await _prepare(health, exchange, order, *seen)
    # The second person must have seen it too.
    with pytest.raises(NotSeen):
        await approve(health, exchange, VISITS, SECOND, digest=digest, acknowledged=NONE)
    await send_back(health, exchange, VISITS, SECOND, digest=digest, reason=BackReason.SOURCE)
    assert task(health, exchange).why == SENT_BACK
    with pytest.raises(WrongOrder) as caught:
        await approve(health, exchange, VISITS, SECOND, digest=digest, acknowledged=frozenset(seen))
    assert caught.value.code == "not-prepared-by-person"
    # Made fit to leave, it is another draft.
    sanitised = edit.remove(order, 2, edit.RedactionReason.SANITISED)
    again = await _prepare(health, exchange, sanitised)
    await approve(health, exchange, VISITS, SECOND, digest=again, acknowledged=NONE)
    assert (await pair.ended("care", exchange)).answered == (VISITS,)
    last = signed(health, exchange, VISITS)[1]
    assert (last.step.value, last.reason) == ("sent_back", "source")


async def test_a_waiting_category_leaves_by_the_named_role_only(pair: Town) -> None:
    one = rules(f"{VISITS.value}: release = 'waiting'\napprover = 'manager'")
    health = await answers_from(pair, Records(rows={"child": {VISITS: (CLEAN,)}}), one)
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    with pytest.raises(WrongOrder) as caught:
        await send_answer(health, exchange, prepared(health, exchange, frozenset({VISITS}), FIRST))
    assert caught.value.code == "not-the-approver"
    _, digest = draft_to_approve(health, exchange, VISITS)
    await approve(health, exchange, VISITS, SECOND, digest=digest, acknowledged=NONE)
    assert (await pair.ended("care", exchange)).answered == (VISITS,)
