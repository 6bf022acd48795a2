"""Bodies, declarations and ids put where they do not belong are refused, whatever the sender holds."""

import itertools

import pytest

from broker.exchange.deposit import Depositing, deposit
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.life import State
from broker.protocol.problem import Problem
from keys import commitment, sealing
from keys.errors import CannotOpen, Rejected
from policies.vocabulary import Category, RecallReason, Sector
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent
from tests.broker.exchange.record_log import of_envelope


def with_body(sent: Sent, body: str) -> Sent:
    return Sent(sent.declaration, sent.request, body, sent.t1)


async def deposited(play: Play, sender: Desk, sent: Sent) -> Sent:
    await play.declare(sender, sent)
    await play.deposit(sender, sent)
    return sent


async def test_a_body_is_taken_under_no_declaration_but_its_own(play: Play) -> None:
    care, health, school = play["care"], play["health"], play["school"]
    asks = [
        care.ask(to, at=play.clock.at, categories=(category,), words=words)
        for to, category in ((health, Category.HEALTH_ATTENDANCES), (school, Category.ATTENDANCE))
        for words in ("one", "two")
    ]
    for ask in asks:
        await play.declare(care, ask)
    for one, other in itertools.permutations(asks, 2):
        with pytest.raises(Problem) as refused:
            await play.deposit(care, with_body(one, other.sealed))
        assert (refused.value.code, refused.value.reason) == ("conflict", "other-body")
    assert await play.hub.pool.fetchval("SELECT count(*) FROM body") == 0
    for ask in asks:
        assert (await play.deposit(care, ask)).state is State.DEPOSITED
    # Nor afterwards, while it waits or once it was received.
    (handed, _) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    for one, other in itertools.permutations(asks, 2):
        with pytest.raises(Problem) as late:
            await play.deposit(care, with_body(one, other.sealed))
        assert late.value.reason == "other-body"


async def test_a_body_declared_again_under_another_id_does_not_open(play: Play) -> None:
    care, health = play["care"], play["health"]
    first = await deposited(play, care, care.ask(health, at=play.clock.at))
    # The same sealed bytes, bound by digest to a second declaration: the hub cannot tell, the recipient can.
    other = care.ask(health, at=play.clock.at, body=first.declaration.body)
    await deposited(play, care, with_body(other, first.sealed))
    for handed in await play.fetch(health):
        binding = sealing.Binding(
            hub_id=play.hub.hub_id,
            exchange=handed.envelope,
            jti=handed.envelope,
            kind="ask",
            sender="care",
            recipient="health",
        )
        if handed.envelope == first.jti:
            assert sealing.open_sealed(handed.body.encode(), health.sealing, binding)
        else:
            with pytest.raises(CannotOpen):
                sealing.open_sealed(handed.body.encode(), health.sealing, binding)


async def test_two_bodies_for_one_envelope_in_one_batch(play: Play) -> None:
    care, health = play["care"], play["health"]
    for wrong_first in (True, False):
        ask = care.ask(health, at=play.clock.at)
        await play.declare(care, ask)
        bodies = [ask.sealed, care.ask(health, at=play.clock.at).sealed]
        told = await deposit(
            play.hub,
            [
                Depositing(
                    caller=care.caller, request=frame.Deposit(envelope=ask.jti, body=body), at=play.clock.at
                )
                for body in sorted(bodies, key=lambda body: (body == ask.sealed) is wrong_first)
            ],
        )
        right, wrong = reversed(told) if wrong_first else told
        assert isinstance(right, frame.Deposited)
        assert isinstance(wrong, Problem)
        assert wrong.reason == "other-body"
        (handed,) = await play.fetch(health)
        assert handed.body == ask.sealed


async def test_a_declaration_is_its_senders_and_its_bytes_alone(play: Play) -> None:
    care, health, police = play["care"], play["health"], play["police"]
    ask = care.ask(health, at=play.clock.at)
    # Sent by another agency, signed by another key of the same agency, for another recipient, another hub.
    with pytest.raises(Problem) as of_another:
        await play.declare(police, ask)
    assert of_another.value.code == "unauthenticated"
    stolen = Desk(play.hub, "care", Sector.SOCIAL_CARE)
    with pytest.raises(Problem) as unknown_key:
        await play.declare(care, stolen.ask(health, at=play.clock.at))
    assert unknown_key.value.code == "unauthenticated"
    with pytest.raises(Problem) as other_hub:
        await play.declare(care, care.ask(health, at=play.clock.at, aud=["0" * 32, "health"]))
    assert other_hub.value.reason == "another-hub"
    swapped = care.ask(health, at=play.clock.at).request.openings
    request = ask.request.model_copy(update={"openings": swapped})
    with pytest.raises(Problem) as other_opening:
        await play.declare(care, Sent(ask.declaration, request, ask.sealed, ask.t1))
    assert other_opening.value.code in {"forbidden", "unprocessable"}
    assert await of_envelope(play.hub, ask.jti) == []
    assert (await play.declare(care, ask)).state is State.PROVED


async def test_one_id_means_one_declaration_for_good(play: Play) -> None:
    care, health, school = play["care"], play["health"], play["school"]
    ask = care.ask(health, at=play.clock.at)
    first = await play.declare(care, ask)
    others = [
        care.ask(health, at=play.clock.at, jti=ask.jti, exchange=ask.jti),
        care.ask(school, at=play.clock.at, jti=ask.jti, exchange=ask.jti, categories=(Category.ATTENDANCE,)),
        care.ask(health, at=play.clock.at + 1, jti=ask.jti, exchange=ask.jti, body=ask.declaration.body),
    ]
    for later in (0, 60, 100_000):
        play.clock.at += later
        for other in others:
            with pytest.raises(Problem) as refused:
                await play.declare(care, other)
            assert (refused.value.code, refused.value.status) == ("replayed-differently", 409)
        again = await play.declare(care, ask)
        assert (again.index, again.findings) == (first.index, first.findings)
    # Another issuer may use the id for an envelope of its own, unless it names an exchange.
    assert len(await of_envelope(play.hub, ask.jti)) == 1


async def test_one_id_means_one_act_for_good(play: Play) -> None:
    care, health = play["care"], play["health"]
    asks = [await deposited(play, care, care.ask(health, at=play.clock.at)) for _ in range(2)]
    recall = care.act(acts.Recall, at=play.clock.at, envelope=asks[0].jti, reason=RecallReason.SENT_IN_ERROR)
    first = await play.act(care, recall)
    _, taken = acts.parse_agency_act(recall.act)
    for envelope in (asks[1].jti, asks[0].jti):
        other = care.act(
            acts.Recall,
            at=play.clock.at + 1,
            jti=taken.jti,
            envelope=envelope,
            reason=RecallReason.SENT_IN_ERROR,
        )
        with pytest.raises(Problem) as refused:
            await play.act(care, other)
        assert (refused.value.code, refused.value.status) == ("replayed-differently", 409)
    assert await play.act(care, recall) == first
    assert [kind for _, kind, _ in await of_envelope(play.hub, asks[1].jti)] == ["permit"]


async def test_a_receipt_is_for_the_body_that_was_handed_over(play: Play) -> None:
    care, health = play["care"], play["health"]
    for _ in range(2):
        await deposited(play, care, care.ask(health, at=play.clock.at))
    one, other = await play.fetch(health)
    swapped = one.model_copy(update={"body": other.body})
    with pytest.raises(Problem) as refused:
        await play.act(health, health.receipt(swapped, at=play.clock.at))
    assert refused.value.reason == "other-body"
    digest = commitment.digest(one.body.encode())
    own = health.act(
        acts.Receipt,
        at=play.clock.at,
        sender="care",
        envelope=one.envelope,
        digest=digest,
        outcome=acts.ReceiptOutcome.OPENED,
    )
    with pytest.raises(Problem) as of_another:
        await play.act(play["school"], own)
    assert of_another.value.code == "unauthenticated"
    assert (await play.act(health, own)).state is State.OPENED


async def test_an_answer_goes_to_who_asked_and_about_whom(play: Play) -> None:
    care, health, police = play["care"], play["health"], play["police"]
    asks = [await deposited(play, care, care.ask(health, at=play.clock.at)) for _ in range(2)]
    for handed in await play.fetch(health):
        await play.act(health, health.receipt(handed, at=play.clock.at))
    # To another agency, or about the child of the other ask.
    with pytest.raises(Problem) as to_another:
        await play.declare(health, health.item(police, asks[0], at=play.clock.at))
    assert to_another.value.code == "not-found"
    crossed = health.item(care, Sent(asks[0].declaration, asks[0].request, "", asks[1].t1), at=play.clock.at)
    with pytest.raises(Problem) as other_child:
        await play.declare(health, crossed)
    assert other_child.value.reason == "other-subject"
    with pytest.raises(Problem) as unasked:
        await play.declare(
            health, health.item(care, asks[0], at=play.clock.at, category=Category.HEALTH_CONDITIONS)
        )
    assert unasked.value.reason == "not-asked"


async def test_a_padded_spelling_is_no_declaration(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    head, payload, signature = ask.request.declaration.split(".")
    spellings = [
        f"{head}.{payload}.{signature}=",
        f"{head}=.{payload}.{signature}",
        f"{head}.{payload}.{signature}\n",
        f"{head}.{payload}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}",
    ]
    for spelling in spellings:
        request = ask.request.model_copy(update={"declaration": spelling})
        with pytest.raises((Problem, Rejected)):
            await play.declare(care, Sent(ask.declaration, request, ask.sealed, ask.t1))
    assert await of_envelope(play.hub, ask.jti) == []
