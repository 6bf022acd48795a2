"""To the asker, where existence may not be confirmed, nil, decline, waiting past due and a protected fact are
one thing: the same bytes but for ids and times, and as many entries in the log.
"""

import json
from typing import Any

from adapters.answering.learn import learn
from adapters.answering.reason import SENSITIVE
from adapters.command.screen import plain
from adapters.connectors.connector import LeftForPerson, LeftReason
from adapters.desk.act import decline, nil
from adapters.desk.declined import declines
from adapters.desk.follow import sent
from adapters.view import TaskState
from policies.vocabulary import DeclineReason
from tests.adapters.answering.records import CLEAN, VISITS, Records, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER
from tests.broker.exchange.record_log import records as log

_KEPT_BACK = rules(f"{VISITS.value}: release = 'automatic'\nsensitive = 'withheld'")


async def _log_size(town: Town) -> int:
    return len(await log(town.hub))


async def test_each_is_the_same_to_the_asker(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    await learn(health)
    records = Records(rows={"child": {}})
    seen: dict[str, tuple[str, str, int]] = {}
    for how in ("nil", "decline", "waiting", "protected"):
        records.left = (
            (LeftForPerson(category=VISITS, reason=LeftReason.LABELLED, count=1),)
            if how == "protected"
            else ()
        )
        await answers_from(pair, records, _KEPT_BACK if how == "protected" else rules())
        size = await _log_size(pair)
        exchange = await asked(pair, due_within=60)
        assert not (await looked_at(pair, exchange)).confirmable
        match how:
            case "nil":
                await nil(health, exchange=exchange, category=VISITS, practitioner=WORKER)
            case "decline":
                await decline(
                    health,
                    exchange=exchange,
                    category=VISITS,
                    reason=DeclineReason.EXCESSIVE,
                    practitioner=WORKER,
                )
            case "waiting":
                assert task(health, exchange).state is TaskState.WAITING
            case "protected":
                # By the rule, with nobody there; the reason stays at the source for its officer.
                assert task(health, exchange).state is TaskState.DECLINED
                kept = declines(health)[0]
                assert (kept.exchange, kept.reason) == (exchange, DeclineReason.PROTECTED_FACT)
                assert kept.committed
        await pair.until(lambda: not health.journal.rows("acts_after", seq=-1))
        before = _as_the_asker_reads(sent(care, exchange), exchange)
        pair.clock.ahead += 61
        after = _as_the_asker_reads(await pair.ended("care", exchange), exchange)
        await pair.until(lambda: not health.journal.rows("acts_after", seq=-1))
        seen[how] = (before, after, await _log_size(pair) - size)
    assert len(set(seen.values())) == 1, seen
    assert VISITS.value in seen["nil"][1]


async def test_where_only_sensitive_rows_are_held_nothing_can_be_approved_by_mistake(pair: Town) -> None:
    left = (LeftForPerson(category=VISITS, reason=LeftReason.LABELLED, count=1),)
    health = await answers_from(pair, Records(rows={"child": {}}, left=left), rules(VISITS.value))
    exchange = await asked(pair)
    found = await looked_at(pair, exchange)
    # Approved as it is, it would say that nothing is held.
    assert (found.state, found.why, found.has_draft) == (TaskState.WAITING, SENSITIVE, False)
    assert not declines(health)


async def test_what_is_not_sensitive_goes_without_a_word_of_what_stays(pair: Town) -> None:
    left = (LeftForPerson(category=VISITS, reason=LeftReason.LABELLED, count=1),)
    records = Records(rows={"child": {VISITS: (CLEAN,)}}, left=left)
    await answers_from(pair, records, _KEPT_BACK)
    exchange = await asked(pair)
    assert (await looked_at(pair, exchange)).state is TaskState.ANSWERED
    assert not declines(pair.folders["health"])


def _as_the_asker_reads(view: Any, exchange: str) -> str:
    value = plain(view)
    at = value["created_at"]
    text = json.dumps(value, sort_keys=True).replace(exchange, "the exchange")
    for later in range(-2, 130):
        text = text.replace(str(at + later), "a time")
    return text.replace(f'"index": {value["index"]}', '"index": a number')
