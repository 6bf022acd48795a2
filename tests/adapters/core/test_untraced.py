"""A number that is in the words and was kept from the hub: it comes through, and whoever gets it is told."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters import compose
from adapters.command.main import main
from adapters.desk import follow, inbox
from adapters.desk.ask import ask
from adapters.desk.writing import frame, put
from adapters.epoch import subject_key
from adapters.identify import identify
from adapters.letter import ask_letter
from adapters.order import Subject
from broker.protocol.body import NHS_NUMBER, Identifier
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import CHILD, NUMBER, ask_order

NAMELESS = Subject(role=CHILD.role, name="Somebody Unknown", protected_person=True)


def numbered(value: str, *, checked: bool) -> Subject:
    """A child with an NHS number as a sender's system might give it."""
    number = Identifier(system=NHS_NUMBER, value=value, checked=checked)
    return Subject(
        role=CHILD.role, name=CHILD.name, born=CHILD.born, identifiers=(number,), protected_person=True
    )


async def sent(town: Town, child: Subject, *, with_key: bool) -> str:
    """An ask by care of health about a child, traced or not; its jti, once health has opened it."""
    care = town.folders["care"]
    outer = frame(care)
    k_a = subject_key(care) if with_key else replace(subject_key(care), key=None)
    found = identify((child,), before=(), k_a=k_a, hub_id=outer.hub_id, draw=care.clock.draw)
    letter = ask_letter(ask_order(town.clock(), subjects=(child,)), outer, found, due_within=3_600)
    to = care.directory.get("health").sealing_key(outer.at)
    written = compose.seal(letter, signing=care.keyring.signing, to=to)
    await care.journal.write(put(care, written, at=outer.at, attempt=0), touches=("queued",))
    await town.ended("care", outer.jti, follow.Milestone.SETTLED)
    return outer.jti


def warnings(town: Town) -> dict[str, str | None]:
    """What health's desk is warned of, by envelope."""
    return {each.jti: each.warning for each in inbox.inbox(town.folders["health"])}


async def from_nobody(town: Town) -> None:
    """As if health's K_A had come from an agency that is no party here."""
    await town.folders["health"].journal.write(
        lambda db: db.execute("UPDATE subject_key SET source = 'another'").rowcount
    )


async def test_a_sender_that_has_traced_before_is_doubted_when_it_does_not(
    pair: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    await from_nobody(pair)
    early = await sent(pair, numbered(NUMBER, checked=True), with_key=False)
    traced = await ask(pair.folders["care"], ask_order(pair.clock()))
    await pair.ended("care", traced, follow.Milestone.SETTLED)
    late = {
        checked: await sent(pair, numbered(NUMBER, checked=checked), with_key=False)
        for checked in (True, False)
    }
    others = [
        await sent(pair, NAMELESS, with_key=False),
        await sent(pair, numbered("9990000019", checked=True), with_key=False),
        await sent(pair, numbered(NUMBER, checked=True), with_key=True),
    ]
    expected: dict[str, Any] = dict.fromkeys((early, traced, *others))
    expected |= dict.fromkeys(late.values(), "known-but-untraced")
    assert warnings(pair) == expected
    # Nothing was refused: all of it is there to be answered.
    assert {each.outcome.value for each in inbox.inbox(pair.folders["health"])} == {"opened"}
    assert len(inbox.tasks(pair.folders["health"])) == len(expected)
    # The desk reads it in its inbox.
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["inbox", "--state", str(pair.root / "health")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("kept from the hub's matching") == 2
    assert NUMBER not in shown


async def test_whoever_passed_the_key_on_has_it(pair: Town) -> None:
    await pair.folders["health"].journal.write(
        lambda db: db.execute("UPDATE subject_key SET source = 'care'").rowcount
    )
    jti = await sent(pair, numbered(NUMBER, checked=True), with_key=False)
    assert warnings(pair) == {jti: "known-but-untraced"}
