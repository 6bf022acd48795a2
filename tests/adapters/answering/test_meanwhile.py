"""What a person does while the record system is still being asked holds: nothing goes or lies over it."""

import threading
from dataclasses import dataclass, field

from adapters.answering.answer_form import Answer
from adapters.answering.reason import SECOND_PERSON
from adapters.answering.releasing import draft_to_approve, send_answer
from adapters.answering.sending import drafted
from adapters.connectors.connector import PersonRef, Reading
from adapters.desk.choice import choose
from adapters.order import ItemOrder
from adapters.view import TaskState
from broker.protocol.body import Entry
from policies.vocabulary import Category
from tests.adapters.answering.records import CLEAN, VISITS, Records, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.answering.test_choice import _OTHER, _TWINS
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER, item_order


@dataclass
class _Slow(Records):
    """Records whose reading waits until it is let go."""

    asked: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Say that it is asked, and wait."""
        self.asked.set()
        assert self.go.wait(60)
        return super().read(person, categories)


def _by_hand(exchange: str) -> ItemOrder:
    entries = (Entry(subject=0, on=CLEAN.on, what="What a person let stay of it."),)
    return item_order(exchange, category=VISITS, entries=entries)


async def test_what_a_person_prepares_meanwhile_is_not_prepared_over(pair: Town) -> None:
    records = _Slow(rows={"child": {VISITS: (CLEAN,)}})
    health = await answers_from(pair, records, rules(f"{VISITS.value}: release = 'two_persons'"))
    exchange = await asked(pair)
    await pair.until(records.asked.is_set)
    given = Answer(practitioner=WORKER, items=(_by_hand(exchange),), declined=())
    (held,) = await send_answer(health, exchange, given)
    records.go.set()
    await _all_settled(pair, exchange)
    _, digest = draft_to_approve(health, exchange, VISITS)
    assert (digest, task(health, exchange).why) == (held.digest, SECOND_PERSON)


async def test_a_choice_changed_meanwhile_leaves_nothing_of_the_other_record(pair: Town) -> None:
    records = _Slow(rows={"one": {VISITS: (CLEAN,)}, "other": {VISITS: (_OTHER,)}}, candidates=_TWINS)
    health = await answers_from(pair, records, rules(VISITS.value))
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    await choose(health, exchange, 0, 1, WORKER)
    await pair.until(records.asked.is_set)
    await choose(health, exchange, 0, 2, WORKER)
    records.go.set()
    await looked_at(pair, exchange)
    await _all_settled(pair, exchange)
    draft = drafted(health, exchange, VISITS)
    assert draft is not None
    assert [entry.what for entry in draft.entries] == [_OTHER.what]


async def _all_settled(town: Town, exchange: str) -> None:
    """Stopping waits for what is under way."""
    await town.halt("health")
    assert task(town.folders["health"], exchange).state is TaskState.PREPARED
    await town.start("health")
