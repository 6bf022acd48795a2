"""The example of the document: sound, whole, and what a hub would make of it."""

import json
from datetime import timedelta

import pytest

from adapters.connectors import nhs_number
from broker.exchange.asks import Answered
from broker.exchange.facts import AgencyFacts, Facts
from broker.exchange.question import decided, question_of
from broker.protocol import act, evidence
from broker.protocol.binding import verify_binding
from broker.protocol.body import parse_body
from broker.protocol.declaration import Ask
from broker.protocol.example import cast, envelope, log, vectors
from broker.protocol.example.cast import CARE, HEALTH, Agency
from broker.protocol.example.envelope import Envelope
from keys import base64url, jws, keyset, merkle, note, sealing, subject
from policies.catalogue import load_catalogue
from policies.policy_set import seed_policy
from policies.vocabulary import Outcome

BOTH = pytest.mark.parametrize("of", [envelope.ask(), envelope.item()], ids=["ask", "item"])


@BOTH
def test_a_kept_body_opens_to_its_letter(of: Envelope) -> None:
    opened = sealing.open_sealed(of.sealed, of.letter.recipient.sealing, of.letter.binding)
    # A letter was changed: put what `envelope.sealed_anew()` gives into the file, then fill the documents.
    assert opened == of.letter.plaintext
    verify_binding(of.claims, parse_body(of.claims.kind, opened), opened)


def test_letters_sealed_anew_open_too() -> None:
    anew = json.loads(envelope.sealed_anew())
    assert anew.keys() == envelope.kept().keys()
    for letter in envelope.letters():
        opened = sealing.open_sealed(anew[letter.name].encode(), letter.recipient.sealing, letter.binding)
        assert opened == letter.plaintext


@BOTH
def test_its_evidence_holds_from_the_keys_up(of: Envelope) -> None:
    shown = vectors.evidence_of(of)
    sender = of.letter.sender
    keys = keyset.verify_key_set(
        shown.sender_key_set, identity=sender.identity.public, previous=None, at=of.claims.iat
    )
    verified = evidence.verify_permit(
        hub=evidence.TrustedHub.from_keys(shown.hub),
        signing_key=keys.signing,
        declaration=shown.declaration,
        proof=shown.proof,
    )
    assert verified.declaration == of.claims
    assert verified.permit.decided.outcome is Outcome.ALLOW


def test_its_second_checkpoint_extends_the_first() -> None:
    first, second = (
        note.open_checkpoint(log.checkpoint(size), cast.LOG_VKEY) for size in log.CHECKPOINTS.values()
    )
    path = log.proof("item", seen=first.size).consistency
    merkle.verify_consistency(
        old_size=first.size,
        old_root=first.root,
        new_size=second.size,
        new_root=second.root,
        proof=[base64url.decode(step) for step in path],
    )


@BOTH
def test_a_hub_would_put_the_same_question_and_decide_the_same(of: Envelope) -> None:
    ask, at = envelope.ask().claims, cast.ASKED if of.letter.name == "ask" else cast.ANSWERED
    assert isinstance(ask, Ask)
    answered = None if of.claims is ask else Answered(opening=ask, lifted=(), tokens=(b"",))
    facts = Facts(
        agencies={each.id: _facts(each) for each in (CARE, HEALTH)},
        keys={},
        policy=seed_policy(),
        agreements=(log.AGREEMENT,),
        consents={},
        versions={
            ("policy", "head"): 1,
            ("agreement", "all"): 2,
            **{(kind, each.id): 2 for kind in ("agency", "keys") for each in (CARE, HEALTH)},
        },
    )
    question = question_of(
        of.claims,
        answered=answered,
        asked_as=() if answered is None else (0,),
        facts=facts,
        lifted=(),
        at=at,
    )
    assert question == log.question(of, at=at)
    assert decided(question, facts, load_catalogue(), ()) == log.decided(of, at=at)


def _facts(agency: Agency) -> AgencyFacts:
    return AgencyFacts(
        id=agency.id,
        name=agency.name,
        sector=agency.sector,
        controllers=(agency.controller,),
        duty_contact=agency.duty_contact,
        active=True,
    )


@BOTH
def test_its_receipt_is_the_recipients_and_of_the_body_handed_over(of: Envelope) -> None:
    parsed, receipt = act.parse_agency_act(envelope.receipt(of, at=cast.ASKED))
    jws.verify(parsed, of.letter.recipient.signing.public, typ=act.typ_of(act.Receipt))
    assert isinstance(receipt, act.Receipt)
    assert (receipt.digest, receipt.envelope) == (of.claims.body.digest, of.claims.jti)


def test_the_child_is_of_the_test_range_and_the_same_in_both_envelopes() -> None:
    assert nhs_number.check(cast.NHS_NUMBER) == cast.NHS_NUMBER
    assert cast.NHS_NUMBER.startswith("999")
    t1 = subject.t1(cast.K_A, hub_id=cast.HUB, epoch=1, subject_id=f"nhs:{cast.NHS_NUMBER}")
    for of in (envelope.ask(), envelope.item()):
        (opening,), (committed,) = of.openings, of.claims.subjects
        assert base64url.decode(opening.t1) == t1
        subject.verify_commitment(
            base64url.decode(committed.c), base64url.decode(opening.r), base64url.decode(opening.t1)
        )
    assert envelope.ask().claims.subjects[0].c != envelope.item().claims.subjects[0].c


def test_nothing_of_the_child_stands_in_a_declaration_or_record() -> None:
    clear = [jws.parse(of.token).payload for of in (envelope.ask(), envelope.item())]
    clear += [logged.record.dump() for logged in log.log()]
    for secret in (cast.NAME, cast.NAME.split()[0], cast.NHS_NUMBER, "2019-03-14"):
        assert not any(secret.encode() in text for text in clear)


def test_the_whole_of_it_is_there_to_be_read() -> None:
    written = json.loads(vectors.whole())
    assert [each["index"] for each in written["records"]] == list(range(len(log.log())))
    for each in written["records"]:
        entry = merkle.entry(1, base64url.decode(each["salt"]), each["record"].encode())
        assert base64url.encode(entry) == each["entry"]
    assert written["sealed"] == envelope.kept()


def test_its_acts_came_in_time() -> None:
    # The example tells a story: nothing is signed after it is recorded.
    for logged in log.log():
        inner = getattr(logged.record, "act", None)
        if inner is not None:
            signed = jws.parse(inner).claims["iat"]
            assert isinstance(signed, int)
            assert signed <= getattr(logged.record, "at", 0) <= signed + timedelta(minutes=5).seconds
