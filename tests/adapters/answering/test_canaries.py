"""Fifty answers, each with something planted that must not cross: an informant, a refuge, a placement, a new
GP, a birth name. Each is stopped by a rule or shown to the person, through the real adapters and a real hub.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Final

import pytest

from adapters.answering.reason import SENSITIVE, THIRD_PARTY
from adapters.answering.releasing import NotSeen, check, send_answer
from adapters.answering.sending import prepared
from adapters.command.answer_seen import see
from adapters.command.prompt import Prompt
from adapters.connectors.connector import LeftForPerson, LeftReason, SourceEntry
from adapters.desk import inbox
from adapters.view import TaskState
from broker.protocol.body import ItemBody
from policies.vocabulary import Category
from tests.adapters.answering.records import CLEAN, VISITS, Records, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER

PERSON, HOME, POSTCODE = "Maud Madeup", "17 Figment Crescent", "ZZ99 4XY"
SURGERY, PHONE, BIRTH = "Imaginary Lane Surgery", "01632 960111", "Testina Madeup"
CARRIERS: Final = ("what", "detail", "recorded_by", "sensitive")
"""Where it is planted: the words, a detail, who wrote it down; or a row the record marks as sensitive."""

CANARIES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # What must not cross, and the words it is planted in.
    "an informant": (
        (PERSON, f"Attended with mother. {PERSON} rang the ward about the bruises."),
        (PERSON, f"Informant {PERSON} gave the account of the fall."),
        ("neighbour", "Seen for a fall; the neighbour reported shouting the night before."),
        ("CHIS", "Attendance matches what a CHIS gave."),
        ("grandmother", "Wheeze; the grandmother said that the inhaler is kept from the child."),
        ("source told", "Not seen; a source told the desk that the child is kept at home."),
        (PHONE, f"Wheeze; whoever rang left the number {PHONE}."),
        ("anonymous", "Discharged. An anonymous letter came the day after."),
        ("Crimestoppers", "Attended after a call to Crimestoppers."),
        ("tip-off", "Seen on the ward after a tip-off."),
    ),
    "a refuge": (
        (HOME, f"Discharged to {HOME}, Nowhere-on-Sea."),
        (POSTCODE, f"Discharged to temporary accommodation at {POSTCODE}."),
        ("refuge", "Mother and child now at the refuge; wheeze again."),
        ("Women's Aid", "Brought in by a worker of Women's Aid."),
        ("safe house", "Ambulance called to a safe house."),
        (HOME, f"Community nurse to visit at {HOME} next week."),
        ("maud.madeup@example.org", "Letters by e-mail only: maud.madeup@example.org"),
        ("fled", "Mother fled in October; no earlier attendance."),
        ("whereabouts", "The whereabouts of mother are known to the ward."),
        ("Figment House", "Staying at Figment House since Sunday."),
    ),
    "a placement": (
        (HOME, f"Foster carer gave the address {HOME} at the desk."),
        ("foster carer", "Brought in by the foster carer."),
        ("placement", "Attended from the placement; settled."),
        ("placed with", f"Placed with {PERSON} since the summer."),
        (PERSON, f"Carer: {PERSON}. Wheeze, discharged."),
        (POSTCODE, f"Ambulance to {POSTCODE}; child well."),
        ("new school", "Goes to a new school since the move."),
        (PHONE, f"Ring the carer on {PHONE} before the next visit."),
        ("moved to", "Moved to another county on the 4th."),
        ("special guardian", "Consent given by the special guardian."),
    ),
    "a new GP": (
        (SURGERY, f"Letter sent to {SURGERY}."),
        ("new GP", "Discharge letter to the new GP."),
        ("Z99998", "Practice Z99998 informed."),
        (f"Dr {PERSON}", f"Referred by Dr {PERSON}."),
        ("Invention Health Centre", "Follow-up at Invention Health Centre."),
        (SURGERY, f"Earlier seen at {SURGERY} for the same wheeze."),
        ("Figment Medical Practice", "Prescription from Figment Medical Practice."),
        ("new surgery", "To register with the new surgery this week."),
        ("Figment Medical Centre", "Blood taken at Figment Medical Centre."),
        (PHONE, f"The practice ({PHONE}) asks for the letter."),
    ),
    "a birth name": (
        (BIRTH, f"Also on file as {BIRTH}."),
        ("birth name", "Birth name on the old card."),
        ("adopted", "Adopted in 2019; no earlier record is given."),
        ("born as", f"Born as {BIRTH}."),
        ("formerly known as", f"Formerly known as {BIRTH}."),
        ("birth mother", "History of asthma in the birth mother."),
        ("adoption", "Records before the adoption are closed."),
        ("9990000026", "Old NHS number 999 000 0026 on the wristband."),
        (BIRTH.upper(), f"WRISTBAND READ {BIRTH.upper()}."),
        ("previously named", "Previously named otherwise on the ward's list."),
    ),
}


def _planted(words: str, carrier: str) -> SourceEntry:
    match carrier:
        case "detail":
            return replace(CLEAN, detail=(("note", words),))
        case "recorded_by" if not words.startswith(("Also", "Carer:")):
            return replace(CLEAN, recorded_by=words)
        case _:
            return replace(CLEAN, what=words)


def test_there_are_fifty() -> None:
    assert sum(map(len, CANARIES.values())) == 50
    for secret, words in (pair for each in CANARIES.values() for pair in each):
        assert _squeezed(secret) in _squeezed(words)


@pytest.mark.parametrize("kind", CANARIES)
async def test_none_crosses(pair: Town, kind: str) -> None:
    care = pair.folders["care"]
    records = Records()
    health = await answers_from(pair, records, rules(VISITS.value))
    # The control: what holds no canary goes by itself.
    records.rows["child"] = {VISITS: (CLEAN,)}
    exchange = await asked(pair)
    assert (await looked_at(pair, exchange)).state is TaskState.ANSWERED
    assert CLEAN.what in await _crossed(pair, exchange)

    for number, (secret, words) in enumerate(CANARIES[kind]):
        carrier = CARRIERS[number % len(CARRIERS)]
        if carrier == "recorded_by" and secret == PERSON:
            carrier = "what"  # Who wrote something down has a name; it is staff's, and given.
        rows = (CLEAN,) if carrier == "sensitive" else (CLEAN, _planted(words, carrier))
        records.rows["child"] = {VISITS: rows}
        records.left = (
            (LeftForPerson(category=VISITS, reason=LeftReason.LABELLED, count=1),)
            if carrier == "sensitive"
            else ()
        )
        exchange = await asked(pair)
        found = await looked_at(pair, exchange)
        why = SENSITIVE if carrier == "sensitive" else THIRD_PARTY
        assert (found.state, found.why) == (TaskState.PREPARED, why), words
        answer = prepared(health, exchange, frozenset({VISITS}), WORKER)
        (order,) = answer.items
        if carrier == "sensitive":
            assert not check(health, exchange, order)
        else:
            # A person who looks away does not let it go either: it is shown, each thing by itself.
            with pytest.raises(NotSeen) as caught:
                await send_answer(health, exchange, answer)
            assert caught.value.findings
            assert secret not in caught.value.message
            assert task(health, exchange).state is TaskState.PREPARED
            order = see(health, order, Prompt(_remover()), set())
        await send_answer(health, exchange, replace(answer, items=(order,)))
        crossed = await _crossed(pair, exchange)
        assert _squeezed(secret) not in _squeezed(crossed), words
        assert CLEAN.what in crossed
    assert not [each for each in inbox.inbox(care) if Category.CONTACT_REPORT in each.categories]


def _remover() -> Callable[[str], str]:
    """Whoever takes out every entry in which something was found."""
    said = cycle(["remove", "third-party"])
    return lambda _question: next(said)


async def _crossed(town: Town, exchange: str) -> str:
    """All that social care can read of what came in an exchange."""
    care = town.folders["care"]
    await town.until(lambda: bool(inbox.received_of(care, exchange)))
    bodies = [inbox.read(care, each.jti).body for each in inbox.received_of(care, exchange)]
    assert all(isinstance(body, ItemBody) for body in bodies)
    return " ".join(body.model_dump_json() for body in bodies)


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
