"""A correction reaches everybody given the statement, once; both agencies know who opened it before."""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import date

import pytest

from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.correct import Corrected, Wrong, correct
from adapters.desk.corrected import corrections_received, corrections_sent
from adapters.errors import WrongOrder
from broker.protocol.body import Entry, NoticeBody
from broker.protocol.declaration import NoticeKind
from broker.protocol.life import State
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import CHILD, NOT_SOUGHT, WORKER, ask_order, grounds, item_order
from tests.adapters.core.test_killed import ROOT

WRONG = Entry(subject=0, on=date(2026, 1, 2), what="Seen with a made-up fracture.", reference="made-up-17")
RIGHT = Entry(subject=0, on=date(2026, 1, 3), what="A made-up cough.")
SINCE = Entry(subject=0, on=date(2026, 1, 2), what="That was the made-up twin.")


@pytest.fixture
async def three(town: Town) -> Town:
    """Social care, police and health; only social care and health run."""
    names = ("care", "police", "health")
    for name in names:
        await town.enrol(name)
        await town.start(name)
    await town.settle_agreement(*names)
    await town.introduce(*names)
    return town


async def answered(town: Town, asker: str, *entries: Entry) -> str:
    """An item of health's for somebody, deposited."""
    order = ask_order(town.clock(), to="health")
    if asker == "police":
        order = replace(order, grounds=grounds("s47-asking-police"))
    exchange = await ask(town.folders[asker], order)
    await town.ended(asker, exchange, follow.Milestone.SETTLED)
    item = await answer(town.folders["health"], item_order(exchange, entries=entries))
    await town.ended("health", item, follow.Milestone.DEPOSITED)
    return item


async def correct_all(town: Town, item: str, *entries: int) -> tuple[Corrected, ...]:
    return await correct(
        town.folders["health"],
        Wrong(envelope=item, entries=entries, why="It is about the made-up twin.", instead=(SINCE,)),
        practitioner=WORKER,
        grounds=lambda people: grounds("correction-telling", subjects=people),
    )


async def test_everybody_who_was_given_the_statement_is_told_those_who_opened_it_first(three: Town) -> None:
    care, police, health = (three.folders[name] for name in ("care", "police", "health"))
    # Asked first, answered first, but its adapter has not fetched the answer.
    order = replace(ask_order(three.clock(), to="health"), grounds=grounds("s47-asking-police"))
    exchange = await ask(police, order)
    await three.ended("police", exchange, follow.Milestone.SETTLED)
    await three.halt("police")
    unopened = await answer(
        health, item_order(exchange, entries=(RIGHT, replace_entry(WRONG, "As written for the police.")))
    )
    await three.ended("health", unopened, follow.Milestone.DEPOSITED)
    opened = await answered(three, "care", WRONG, RIGHT)
    await three.ended("health", opened)
    other = await answered(three, "care", RIGHT)
    await three.ended("health", other)
    await inbox.note_reading(care, inbox.read(care, opened), person="reader-1")

    found = await correct_all(three, opened, 0)
    assert [(each.item, each.recipient, each.opened_before) for each in found] == [
        (opened, "care", True),
        (unopened, "police", False),
    ]
    await three.start("police")
    for each in found:
        assert each.notice is not None
        assert (await three.ended("health", each.notice)).state is State.OPENED
    notice = found[0].notice
    assert notice is not None
    body = inbox.read(care, notice).body
    assert isinstance(body, NoticeBody)
    assert body.correction is not None
    assert (body.correction.item, body.correction.entries, body.entries) == (opened, [0], [SINCE])
    elsewhere = inbox.read(police, found[1].notice or "").body
    assert isinstance(elsewhere, NoticeBody)
    assert elsewhere.correction is not None
    assert (elsewhere.correction.item, elsewhere.correction.entries) == (unopened, [1])
    # Whoever looks at the item now sees that it was corrected; at the other nothing is.
    assert inbox.read(care, opened).corrected_by == (notice,)
    assert inbox.read(care, other).corrected_by == ()
    received = {each.jti: each for each in inbox.inbox(care)}
    assert received[opened].corrected_by == (notice,)
    assert received[notice].notice is NoticeKind.CORRECTION
    await officers_know(three, opened, notice)


def replace_entry(entry: Entry, what: str) -> Entry:
    return entry.model_copy(update={"what": what})


async def officers_know(town: Town, item: str, notice: str) -> None:
    """Who opened the wrong one before, for the officers of both agencies."""
    care, health = town.folders["care"], town.folders["health"]
    await inbox.note_reading(care, inbox.read(care, item), person="reader-2")
    await inbox.note_reading(care, inbox.read(care, notice), person="reader-1")
    told = {each.item: each for each in corrections_sent(health)}
    wrong, right = told[item].item_opened_at, told[item].opened_at
    assert wrong is not None
    assert right is not None
    assert wrong <= right
    (came,) = corrections_received(care)
    assert (came.item, came.notice) == (item, notice)
    assert came.item_received_at is not None
    assert [each.person for each in came.before] == ["reader-1"]
    assert [each.person for each in came.after] == ["reader-2"]
    assert [each.person for each in came.read] == ["reader-1"]


async def test_the_same_command_again_corrects_only_what_is_not_corrected_yet(pair: Town) -> None:
    first = await answered(pair, "care", WRONG)
    await pair.ended("health", first)
    (once,) = await correct_all(pair, first, 0)
    second = await answered(pair, "care", WRONG, RIGHT)
    await pair.ended("health", second)
    again = {each.item: each for each in await correct_all(pair, second, 0)}
    assert (again[first].notice, again[first].already) == (once.notice, True)
    assert again[second].already is False
    assert await correct_all(pair, first, 0) != ()
    assert len(corrections_sent(pair.folders["health"])) == 2
    with pytest.raises(WrongOrder) as odd:
        await correct_all(pair, first, 4)
    assert odd.value.code == "no-such-entry"


async def test_a_kill_in_the_middle_leaves_nothing_or_all(pair: Town) -> None:
    """Killed while the corrections are being journalled, and again while they are sent."""
    items = [await answered(pair, "care", WRONG) for _ in range(3)]
    for item in items:
        await pair.ended("health", item)
    await pair.halt("health")
    pair.close("health")
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.adapters.core.doomed_correction",
            str(pair.root / "health"),
            items[0],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT / "src")},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGKILL
        health = pair.open("health")
        assert corrections_sent(health) == ()
        assert [each.kind.value for each in follow.all_sent(health)] == ["item"] * 3
        pair.close("health")
    pair.open("health")
    found = await correct_all(pair, items[0], 0)
    assert len(found) == len(items)
    await pair.start("health")
    for each in found:
        assert each.notice is not None
        assert (await pair.ended("health", each.notice)).state is State.OPENED
    care = pair.folders["care"]
    assert {inbox.read(care, item).corrected_by != () for item in items} == {True}
    assert len(corrections_received(care)) == len(items)


async def test_a_correction_that_comes_before_its_item_marks_it_all_the_same(pair: Town) -> None:
    item = await answered(pair, "care", WRONG)
    await pair.ended("health", item)
    (found,) = await correct_all(pair, item)
    assert found.notice is not None
    await pair.ended("health", found.notice)
    # As if the item had come only now.
    care = pair.folders["care"]
    assert (item,) == tuple(each.item for each in corrections_received(care))
    body = inbox.read(care, found.notice).body
    assert isinstance(body, NoticeBody)
    assert body.correction is not None
    assert body.correction.entries == []
    assert CHILD.name == body.subjects[0].name
    assert inbox.read(care, found.notice).declaration.consent != NOT_SOUGHT
