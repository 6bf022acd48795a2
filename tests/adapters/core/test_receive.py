"""What is handed over is not trusted: every way to hand over something else, and its stated outcome."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters import compose
from adapters.belonging import NotOurs, verify_belonging
from adapters.compose import Letter, Written
from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.writing import frame, put
from adapters.epoch import subject_key
from adapters.errors import AdapterError
from adapters.folder import Folder
from adapters.identify import identify
from adapters.letter import ask_letter
from adapters.order import Subject
from adapters.problem import problem_from
from adapters.run import Adapter
from broker.exchange.caller import Caller
from broker.exchange.generation import connect
from broker.exchange.hand_over import hand_over
from broker.protocol.act import ReceiptOutcome
from broker.protocol.body import AskBody
from broker.protocol.declaration import TYP, BodyDigest, parse_declaration
from broker.protocol.frame import Handover, Proof
from broker.protocol.life import State
from broker.protocol.problem import Problem
from keys import base64url, commitment, jws, note, sealing
from keys.errors import Rejected
from keys.note import Checkpoint
from keys.sealing import Binding
from keys.signing import SigningKey
from policies.vocabulary import Category
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import CHILD, OTHER_NUMBER, ask_order, item_order, nhs

REFUSED = (Problem, AdapterError, Rejected)


async def handed(town: Town, count: int = 1) -> list[Handover]:
    """Asks on their way to health, as the hub hands them over; health's adapter is not running."""
    await town.halt("health")
    jtis = [await ask(town.folders["care"], ask_order(town.clock())) for _ in range(count)]
    for jti in jtis:
        await town.ended("care", jti, follow.Milestone.DEPOSITED)
    kid = town.folders["health"].keyring.signing.public.kid
    generation = await connect(town.hub, "health", kid=kid, at=town.clock())
    caller = Caller(agency="health", kid=kid, generation=generation)
    return await hand_over(town.hub, caller, limit=count, at=town.clock(), seen=None)


async def test_a_handover_repeated_has_one_effect_and_one_receipt(pair: Town) -> None:
    (handover,) = await handed(pair)
    adapter = Adapter(pair.folders["health"])
    again = handover.model_copy(update={"generation": 2})
    taken = await asyncio.gather(*(adapter.receiver.take(each) for each in [handover, again] * 20))
    assert {each.envelope for each in taken} == {handover.envelope}
    assert len(inbox.inbox(pair.folders["health"])) == 1
    assert len(inbox.tasks(pair.folders["health"])) == 1
    await adapter.outbox.close()


async def test_other_bytes_under_the_same_id_are_refused(pair: Town) -> None:
    first, second = await handed(pair, 2)
    adapter = Adapter(pair.folders["health"])
    await adapter.receiver.take(first)
    signing = pair.folders["care"].keyring.signing
    parsed = jws.parse(first.declaration)
    other = jws.sign(parsed.payload + b" ", signing, parsed.typ)
    with pytest.raises(Problem) as refused:
        await adapter.receiver.take(first.model_copy(update={"declaration": other}))
    assert refused.value.code == "replayed-differently"
    await adapter.receiver.take(second)
    assert len(inbox.inbox(pair.folders["health"])) == 2
    await adapter.outbox.close()


def _proof(**changes: Any) -> Callable[[Handover, Handover, Town], Handover]:
    return lambda one, other, town: one.model_copy(update={"proof": one.proof.model_copy(update=changes)})


def _signed_by_another(one: Handover, other: Handover, town: Town) -> Handover:
    checkpoint = _opened(one.proof, town)
    forged = note.sign_checkpoint(checkpoint, SigningKey.generate()).decode()
    return one.model_copy(update={"proof": one.proof.model_copy(update={"checkpoint": forged})})


def _record_by_another(one: Handover, other: Handover, town: Town) -> Handover:
    parsed = jws.parse(one.proof.record)
    forged = jws.sign(parsed.payload, SigningKey.generate(), parsed.typ)
    return one.model_copy(update={"proof": one.proof.model_copy(update={"record": forged})})


def _declared_by_another(one: Handover, other: Handover, town: Town) -> Handover:
    parsed = jws.parse(one.declaration)
    forged = jws.sign_with_header(
        parsed.payload, SigningKey.generate(), {"kid": parsed.kid, "typ": parsed.typ}
    )
    return one.model_copy(update={"declaration": forged})


def _opened(proof: Proof, town: Town) -> Checkpoint:
    return note.open_checkpoint(proof.checkpoint.encode(), town.folders["care"].hub.log_key)


FORGERIES: dict[str, Callable[[Handover, Handover, Town], Handover]] = {
    "another's proof": lambda one, other, town: one.model_copy(update={"proof": other.proof}),
    "another's body": lambda one, other, town: one.model_copy(update={"body": other.body}),
    "another's declaration": lambda one, other, town: one.model_copy(
        update={"declaration": other.declaration}
    ),
    "another index": _proof(index=0),
    "another salt": _proof(salt="A" * 43),
    "another size": _proof(size=10**6),
    "no path": _proof(path=[]),
    "checkpoint signed by another": _signed_by_another,
    "record signed by another": _record_by_another,
    "declaration signed by another": _declared_by_another,
    "said to be another's": lambda one, other, town: one.model_copy(update={"sender": "police"}),
}


async def test_nothing_is_opened_without_its_permit(pair: Town) -> None:
    one, other = await handed(pair, 2)
    health = pair.folders["health"]
    adapter = Adapter(health)
    for name, forge in FORGERIES.items():
        with pytest.raises(REFUSED):
            await adapter.receiver.take(forge(one, other, pair))
        assert inbox.inbox(health) == (), name
        assert not health.journal.rows("unacknowledged"), name
    # The true one is taken all the same.
    await adapter.receiver.take(one)
    assert [each.jti for each in inbox.inbox(health)] == [one.envelope]
    await adapter.outbox.close()


async def test_an_unknown_signer_is_looked_up_and_refused(pair: Town) -> None:
    (handover,) = await handed(pair)
    adapter = await pair.start("health")
    await pair.until(lambda: bool(inbox.inbox(pair.folders["health"])))
    parsed, claims = parse_declaration(handover.declaration)
    new = str(uuid.uuid4())
    stranger = claims.model_copy(update={"jti": new, "exchange": new})
    forged = handover.model_copy(
        update={
            "envelope": stranger.jti,
            "declaration": jws.sign(stranger.dump(), SigningKey.generate(), parsed.typ),
        }
    )
    with pytest.raises(AdapterError) as refused:
        await adapter.receiver.take(forged)
    assert refused.value.code == "unknown-signer"


async def planted(town: Town, change: Callable[[Folder, Letter, Written], Written]) -> str:
    """Have care send an envelope that is not what its own desk would have written; its jti."""
    care = town.folders["care"]
    outer = frame(care)
    found = identify((CHILD,), before=(), k_a=subject_key(care), hub_id=outer.hub_id, draw=care.clock.draw)
    letter = ask_letter(ask_order(town.clock()), outer, found, due_within=3_600)
    to = care.directory.get("health").sealing_key(outer.at)
    written = change(care, letter, compose.seal(letter, signing=care.keyring.signing, to=to))
    await care.journal.write(put(care, written, at=outer.at, attempt=9), touches=("queued",))
    return outer.jti


def _resealed(care: Folder, letter: Letter, *, body: AskBody, bound_to: str | None = None) -> Written:
    """The letter's declaration over another body, sealed for its own context or for another envelope's."""
    draft = letter.declaration
    plaintext = body.dump()
    to = care.directory.get("health").sealing_key(draft.iat)
    jti = bound_to or draft.jti
    sealed = sealing.seal(
        plaintext,
        to,
        Binding(hub_id=draft.hub, exchange=jti, jti=jti, kind="ask", sender="care", recipient="health"),
    )
    from broker.protocol.binding import content_commitment

    digest = BodyDigest(digest=commitment.digest(sealed), commitment=content_commitment(plaintext, body.salt))
    claims = draft.model_copy(update={"body": digest})
    return Written(
        claims=claims,
        declaration=jws.sign(claims.dump(), care.keyring.signing, TYP[claims.kind]),
        sealed=sealed.decode(),
        sealed_to=to.kid,
        plaintext=plaintext,
        openings=compose.seal(letter, signing=care.keyring.signing, to=to).openings,
    )


def _body(letter: Letter, **changes: Any) -> AskBody:
    assert isinstance(letter.body, AskBody)
    return letter.body.model_copy(update=changes)


def _for_another(care: Folder, letter: Letter, written: Written) -> Written:
    return _resealed(care, letter, body=_body(letter), bound_to=care.clock.new_id())


def _says_another(care: Folder, letter: Letter, written: Written) -> Written:
    other = care.clock.new_id()
    return _resealed(care, letter, body=_body(letter, jti=other, exchange=other))


def _other_words(care: Folder, letter: Letter, written: Written) -> Written:
    made = _resealed(care, letter, body=_body(letter))
    claims = made.claims.model_copy(
        update={"body": made.claims.body.model_copy(update={"commitment": "B" * 43})}
    )
    return replace(
        made, claims=claims, declaration=jws.sign(claims.dump(), care.keyring.signing, TYP[claims.kind])
    )


def _mislabelled(care: Folder, letter: Letter, written: Written) -> Written:
    person = letter.body.subjects[0].model_copy(update={"identifiers": [nhs(OTHER_NUMBER)]})
    return _resealed(care, letter, body=_body(letter, subjects=[person]))


def _another_t1(care: Folder, letter: Letter, written: Written) -> Written:
    person = letter.body.subjects[0].model_copy(update={"t1": base64url.encode(bytes(32))})
    return _resealed(care, letter, body=_body(letter, subjects=[person]))


PLANTED = {
    "replayed under another declaration": (_for_another, ReceiptOutcome.CANNOT_OPEN, "cannot-open"),
    "written for another envelope": (_says_another, ReceiptOutcome.SET_ASIDE, "other-envelope"),
    "other words than committed to": (_other_words, ReceiptOutcome.SET_ASIDE, "content-mismatch"),
    "another subject than committed to": (_another_t1, ReceiptOutcome.SET_ASIDE, "subject-mismatch"),
    "a subject's number that is another's": (
        _mislabelled,
        ReceiptOutcome.SUBJECT_MISMATCH,
        "subject-mismatch",
    ),
}


async def test_a_sender_that_lies_gets_a_signed_refusal(pair: Town) -> None:
    for change, outcome, why in PLANTED.values():
        jti = await planted(pair, change)
        ended = await pair.ended("care", jti)
        assert ended.state is {ReceiptOutcome.CANNOT_OPEN: State.CANNOT_OPEN}.get(outcome, State.SET_ASIDE)
        (row,) = pair.folders["health"].journal.rows("received_by_jti", jti=jti)
        assert (row["outcome"], row["why"], row["sealed_body"]) == (outcome.value, why, None)
    assert inbox.tasks(pair.folders["health"]) == ()


async def test_an_item_is_taken_only_for_what_was_asked_of_its_sender(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    item = await answer(health, item_order(exchange))
    await pair.ended("health", item)
    claims = inbox.read(care, item).declaration
    verify_belonging(care, claims)
    for change in (
        {"iss": "police"},
        {"category": Category.HEALTH_FLAGS},
        {"exchange": care.clock.new_id()},
    ):
        with pytest.raises(NotOurs) as refused:
            verify_belonging(care, claims.model_copy(update=change))
        assert refused.value.code == "not-asked"
    # And an ask under an exchange that is another's.
    asked = inbox.read(health, exchange).declaration
    with pytest.raises(NotOurs) as taken:
        verify_belonging(health, asked.model_copy(update={"iss": "police"}))
    assert taken.value.code == "exchange-in-use"


async def test_an_item_about_somebody_else_is_refused_at_the_desk(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    stranger = Subject(role=CHILD.role, name="Somebody Else", identifiers=(nhs(OTHER_NUMBER),))
    with pytest.raises(AdapterError) as refused:
        await answer(health, item_order(exchange, subjects=(stranger,)))
    assert refused.value.code == "other-subject"


def test_a_problem_without_shape_is_kept_all_the_same() -> None:
    problem = problem_from({"status": "x", "retry_after": []}, status=502)
    assert (problem.status, problem.code, problem.retry) == (502, "internal", True)
