"""What is not yours and what does not exist: the same bytes by the same statements, for every verb and kind
of object, whoever asks.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from broker.exchange import verbs
from broker.exchange.act import act
from broker.exchange.acting import Acting
from broker.exchange.asks import AskReader
from broker.exchange.declare import declare
from broker.exchange.deposit import Depositing, deposit
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import Asked
from broker.protocol import act as acts
from broker.protocol import declaration as declared
from broker.protocol import frame
from broker.protocol.frame import Verb
from broker.protocol.problem import Problem
from keys import base64url, commitment, subject
from policies.consent import ConsentPosition
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    HandlingCode,
    PractitionerRole,
    Purpose,
    Rating,
    RecallReason,
    SubjectRole,
    WithdrawReason,
)
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent, new_jti, preset
from tests.broker.exchange.statements import Listed, watch_hubs, watched_by


@pytest.fixture(autouse=True)
async def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)
    # A loop under debug keeps the stack of every callback: half the time of so many statements.
    asyncio.get_running_loop().set_debug(False)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Ids somebody tries: an envelope with its sender, an exchange, a consent, a key, a subject key's
    epoch.
    """

    sender: Desk
    envelope: str
    exchange: str
    consent: str
    kid: str
    epoch: int
    digest: str
    body: str


Probe = Callable[[Play, Desk, Target], Awaitable[Any]]


async def _verb(play: Play, desk: Desk, verb: Verb, body: Any) -> Any:
    return await verbs.answer(play.hub, verb, desk.caller, body, at=play.clock.at, seen=None)


async def _act(play: Play, desk: Desk, model: Any, **fields: Any) -> Any:
    # Straight to the use case: the batcher's task would send the statements unseen.
    openings, sealed = fields.pop("openings", []), fields.pop("sealed", None)
    request = desk.act(model, at=play.clock.at, **fields)
    request = request.model_copy(update={"openings": openings, "sealed": sealed})
    (answered,) = await act(play.hub, [Acting(caller=desk.caller, request=request, at=play.clock.at)])
    if isinstance(answered, Problem):
        raise answered
    return answered


async def _declare(play: Play, desk: Desk, sent: Sent) -> Any:
    (told,) = await declare(play.hub, [Asked(caller=desk.caller, request=sent.request, at=play.clock.at)])
    if isinstance(told, Problem):
        raise told
    assert isinstance(told, Outcome)
    return told.kept.model_copy(update={"guards": []})


async def probe_status(play: Play, desk: Desk, target: Target) -> Any:
    return await _verb(play, desk, Verb.STATUS, frame.Status(envelopes=[target.envelope, target.exchange]))


async def probe_prove(play: Play, desk: Desk, target: Target) -> Any:
    return await _verb(play, desk, Verb.PROVE, frame.Prove(envelope=target.envelope))


async def probe_deposit(play: Play, desk: Desk, target: Target) -> Any:
    request = frame.Deposit(envelope=target.envelope, body=target.body)
    (told,) = await deposit(play.hub, [Depositing(caller=desk.caller, request=request, at=play.clock.at)])
    if isinstance(told, Problem):
        raise told
    return told


async def probe_recall(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(play, desk, acts.Recall, envelope=target.envelope, reason=RecallReason.SENT_IN_ERROR)


async def probe_withdraw(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(
        play, desk, acts.Withdraw, exchange=target.exchange, reason=WithdrawReason.NO_LONGER_NEEDED
    )


async def probe_lift(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(
        play,
        desk,
        acts.Lift,
        sender=target.sender.agency,
        envelope=target.envelope,
        fact="threshold",
        role=PractitionerRole.MANAGER,
    )


async def probe_receipt(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(
        play,
        desk,
        acts.Receipt,
        sender=target.sender.agency,
        envelope=target.envelope,
        digest=target.digest,
        outcome=acts.ReceiptOutcome.OPENED,
    )


async def probe_nil(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(play, desk, acts.Nil, exchange=target.exchange, category=Category.HEALTH_ATTENDANCES)


async def probe_decline(play: Play, desk: Desk, target: Target) -> Any:
    category = Category.HEALTH_ATTENDANCES
    return await _act(play, desk, acts.Decline, exchange=target.exchange, category=category, reason="A" * 43)


async def probe_waiting(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(
        play, desk, acts.Waiting, exchange=target.exchange, category=Category.HEALTH_ATTENDANCES
    )


async def probe_link(play: Play, desk: Desk, target: Target) -> Any:
    made = [(os.urandom(32), os.urandom(32)) for _ in range(2)]
    people = [
        declared.SubjectCommitment(role=SubjectRole.CHILD, epoch=1, c=base64url.encode(subject.commit(r, t1)))
        for r, t1 in made
    ]
    openings = [frame.Opening(t1=base64url.encode(t1), r=base64url.encode(r)) for r, t1 in made]
    return await _act(
        play,
        desk,
        acts.SubjectLink,
        exchange=target.exchange,
        earlier=people[0],
        later=people[1],
        openings=openings,
    )


async def probe_consent(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(play, desk, acts.Consent, reference=target.consent, outcome="withdrawn")


async def probe_key_revocation(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(play, desk, acts.KeyRevocation, kid=target.kid)


async def probe_subject_key_pass(play: Play, desk: Desk, target: Target) -> Any:
    sealed = target.body
    return await _act(
        play,
        desk,
        acts.SubjectKeyPass,
        epoch=target.epoch,
        recipient="school" if desk.agency != "school" else "police",
        sealed_digest=base64url.encode(hashlib.sha256(sealed.encode()).digest()),
        sealed=sealed,
    )


async def probe_item(play: Play, desk: Desk, target: Target) -> Any:
    ask = Sent(
        declaration=target.sender.ask(desk, at=play.clock.at, jti=target.exchange).declaration,
        request=None,  # type: ignore[arg-type]  # only its id is used
        sealed="",
        t1=os.urandom(32),
    )
    item = desk.item(target.sender, ask, at=play.clock.at, grounds=preset("s47-answering-health"))
    return await _declare(play, desk, item)


async def _within(play: Play, desk: Desk, target: Target, model: Any, **fields: Any) -> Any:
    # To whoever is the other side of it, as far as anybody can guess.
    to = target.sender if target.sender is not desk else play["health" if desk.agency != "health" else "care"]
    sent = desk.send(
        model,
        to,
        at=play.clock.at,
        exchange=target.exchange,
        regards=target.exchange,
        grounds=preset("correction-telling"),
        **fields,
    )
    return await _declare(play, desk, sent)


async def probe_correction(play: Play, desk: Desk, target: Target) -> Any:
    return await _within(
        play,
        desk,
        target,
        declared.Notice,
        notice=declared.NoticeKind.CORRECTION,
        purpose=Purpose.CORRECTION,
        category=Category.HEALTH_ATTENDANCES,
        handling=HandlingCode.OFFICIAL,
        corrects=target.envelope,
    )


async def probe_outcome(play: Play, desk: Desk, target: Target) -> Any:
    return await _within(
        play,
        desk,
        target,
        declared.Notice,
        notice=declared.NoticeKind.OUTCOME,
        purpose=Purpose.OUTCOME_FEEDBACK,
        category=Category.OUTCOME,
        handling=HandlingCode.OFFICIAL,
    )


async def probe_message(play: Play, desk: Desk, target: Target) -> Any:
    return await _within(play, desk, target, declared.Message)


async def probe_rate(play: Play, desk: Desk, target: Target) -> Any:
    return await _act(play, desk, acts.Rate, exchange=target.exchange, rating=Rating.RED, due_within=60)


async def probe_named_consent(play: Play, desk: Desk, target: Target) -> Any:
    to = play["health"] if desk.agency == "school" else play["school"]
    ask = desk.ask(
        to,
        at=play.clock.at,
        categories=(Category.ATTENDANCE,),
        grounds=preset("early-help-asking", reasons=0),
        purpose=Purpose.EARLY_HELP,
        rating=Rating.GREEN,
        consent=ConsentPosition(outcome=ConsentOutcome.GIVEN, reference=target.consent),
    )
    return await _declare(play, desk, ask)


PROBES: Final[list[Probe]] = [
    probe_status,
    probe_prove,
    probe_deposit,
    probe_recall,
    probe_withdraw,
    probe_lift,
    probe_receipt,
    probe_nil,
    probe_decline,
    probe_waiting,
    probe_link,
    probe_consent,
    probe_key_revocation,
    probe_subject_key_pass,
    probe_item,
    probe_correction,
    probe_outcome,
    probe_message,
    probe_rate,
    probe_named_consent,
]


async def tried(play: Play, probe: Probe, desk: Desk, target: Target) -> tuple[str, list[str]]:
    """What the caller is told, byte for byte, and the statements it took."""
    # As in a process that has these asks not yet at hand.
    play.hub.asks = AskReader()
    listed = Listed()
    with watched_by(listed):
        try:
            answer = await probe(play, desk, target)
            told = answer.dump().decode()
        except Problem as problem:
            told = f"{problem.status} {problem.document()}"
    return told, listed.names


def nothing(play: Play, target: Target) -> Target:
    """As the target, but there is nothing of the kind."""
    return replace(
        target,
        envelope=new_jti(),
        exchange=new_jti(),
        consent=new_jti(),
        kid=base64url.encode(os.urandom(32)),
        epoch=7,
    )


async def consented(play: Play, child: bytes) -> ConsentPosition:
    """Social care has registered a consent about this child."""
    reference, r = new_jti(), os.urandom(32)
    person = declared.SubjectCommitment(
        role=SubjectRole.CHILD, epoch=1, c=base64url.encode(subject.commit(r, child))
    )
    given = play["care"].act(
        acts.Consent,
        at=play.clock.at,
        reference=reference,
        outcome="given",
        purposes=[Purpose.CHILD_PROTECTION_ENQUIRY, Purpose.EARLY_HELP],
        subjects=[person],
    )
    opening = frame.Opening(t1=base64url.encode(child), r=base64url.encode(r))
    await play.act(play["care"], given.model_copy(update={"openings": [opening]}))
    return ConsentPosition(outcome=ConsentOutcome.GIVEN, reference=reference)


async def lives(play: Play) -> dict[str, Target]:
    """Envelopes between social care and health at each step of a life, and all that hangs on them."""
    care, health = play["care"], play["health"]
    await play.act(care, care.act(acts.SubjectKeyClaim, at=play.clock.at, epoch=1))

    def target(sent: Sent, consent: ConsentPosition) -> Target:
        sender = play[sent.declaration.iss]
        return Target(
            sender=sender,
            envelope=sent.jti,
            exchange=sent.declaration.exchange,
            consent=consent.reference or "",
            kid=sender.signing.public.kid,
            epoch=1,
            digest=commitment.digest(sent.sealed.encode()),
            body=sent.sealed,
        )

    made: dict[str, Target] = {}
    for name, steps in {"opened": 4, "handed over": 3, "deposited": 2, "permitted": 1, "held": 0}.items():
        child = os.urandom(32)
        consent = await consented(play, child)
        ask = care.ask(health, at=play.clock.at, consent=consent, t1=child)
        if name == "held":
            ask = care.ask(health, at=play.clock.at, threshold=None)
        told = await play.declare(care, ask)
        assert (told.needs != []) is (name == "held")
        made[name] = target(ask, consent)
        if steps >= 2:
            await play.deposit(care, ask)
        if steps >= 3:
            (handed,) = await play.fetch(health)
            if steps == 4:
                await play.act(health, health.receipt(handed, at=play.clock.at))
                item = health.item(care, ask, at=play.clock.at)
                await play.declare(health, item)
                made["item"] = target(item, consent)
    return made


OUTSIDERS: Final = ["police", "school"]
PLAN: Final = (Category.CHILD_PROTECTION_PLAN,)
UNHEARD: Final = {"held", "permitted", "deposited"}
"""Asks of which their recipient has heard nothing yet."""
OF_THE_SENDER: Final = [probe_prove, probe_deposit, probe_recall, probe_withdraw, probe_rate]
"""What a recipient may not do to what it was handed."""
OF_THE_RECIPIENT: Final = [probe_nil, probe_decline, probe_waiting]


def matrix(target: str) -> list[tuple[str, Probe]]:
    """Who tries what on a target that is not theirs, or not theirs in that way."""
    tries = [(desk, probe) for desk in OUTSIDERS for probe in PROBES]
    if target in UNHEARD:
        return tries + [("health", probe) for probe in PROBES]
    if target == "item":
        return tries + [
            ("care", probe) for probe in (probe_prove, probe_deposit, probe_recall, probe_receipt, probe_lift)
        ]
    return (
        tries
        + [("health", probe) for probe in OF_THE_SENDER]
        + [("care", probe) for probe in OF_THE_RECIPIENT]
    )


async def test_what_is_not_yours_is_as_if_it_were_not_there(play: Play) -> None:
    made = await lives(play)
    for desk in play.desks.values():
        await play.connect(desk)
    seen: dict[tuple[str, str, str], str] = {}
    for name, target in made.items():
        for who, probe in matrix(name):
            desk, place = play[who], (name, who, probe.__name__)
            # Once unlooked at: facts that never change are at hand from then on.
            await tried(play, probe, desk, nothing(play, target))
            size = await play.hub.pool.fetchval("SELECT n FROM log_head")
            there = await tried(play, probe, desk, target)
            between = await play.hub.pool.fetchval("SELECT n FROM log_head")
            nowhere = await tried(play, probe, desk, nothing(play, target))
            after = await play.hub.pool.fetchval("SELECT n FROM log_head")
            assert there == nowhere, place
            assert between - size == after - between, place
            seen[place] = there[0]
    print(f"{len(seen)} pairs")
    # Nobody was let in: an empty list, a refusal of what is not there, or a decision without the consent.
    others = {place: told for place, told in seen.items() if place[2] != "probe_named_consent"}
    assert all(
        told == '{"envelopes":[],"asked":[]}' or told.startswith("404 ") for told in others.values()
    ), others


async def test_what_is_yours_is_there(play: Play) -> None:
    """The control: the same probes by the party whose they are."""
    made = await lives(play)
    care, health = play["care"], play["health"]
    opened, permitted = made["opened"], made["permitted"]
    assert len((await probe_status(play, care, permitted)).envelopes) == 1
    # An ask that was handed over is its source's to ask after, too: how it is rated, and when it is due.
    asked = (await probe_status(play, health, opened)).asked
    assert [each.exchange for each in asked] == [opened.exchange]
    assert (await probe_prove(play, care, permitted)).proof is not None
    await probe_deposit(play, care, permitted)
    await probe_recall(play, care, permitted)
    await probe_receipt(play, health, made["handed over"])
    await probe_link(play, health, opened)
    await probe_consent(play, health, opened)
    await probe_withdraw(play, care, opened)
    with pytest.raises(Problem) as answered:
        await probe_nil(play, health, opened)
    assert answered.value.code == "gone"
    await probe_lift(play, care, made["held"])
    await probe_key_revocation(play, care, opened)


async def test_naming_anothers_consent_gives_no_part_in_it(play: Play) -> None:
    care, police = play["care"], play["police"]
    consent = await consented(play, os.urandom(32))
    asks = [
        police.ask(
            care, at=play.clock.at, grounds=preset("s47-asking-police"), categories=PLAN, consent=position
        )
        for position in (consent, replace(consent, reference=new_jti()))
    ]
    # Nothing rests on it either: it is as if it were not there.
    told = [await play.declare(police, ask) for ask in asks]
    assert told[0].findings == told[1].findings
    withdrawal = police.act(acts.Consent, at=play.clock.at, reference=consent.reference, outcome="withdrawn")
    with pytest.raises(Problem) as refused:
        await play.act(police, withdrawal)
    assert refused.value.code == "not-found"
    assert await play.hub.pool.fetchval("SELECT outcome FROM consent") == "given"
