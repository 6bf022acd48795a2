"""Whether a body belongs to its declaration: every repeated value swapped, one at a time."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.protocol.binding import content_commitment, verify_binding
from broker.protocol.body import Body, parse_body
from broker.protocol.declaration import BodyDigest, Declaration
from broker.protocol.example import cast, envelope
from broker.protocol.example.envelope import Envelope, Letter
from keys import base64url, sealing, subject
from keys.errors import BadProof, Rejected
from policies.vocabulary import Category, SubjectRole

BOTH = pytest.mark.parametrize("of", [envelope.ask(), envelope.item()], ids=["ask", "item"])
OTHER = base64url.encode(cast.seed("other"))


def refused(claims: Declaration, body: Body, plaintext: bytes) -> str:
    """The code under which they do not belong together."""
    with pytest.raises(Rejected) as error:
        verify_binding(claims, body, plaintext)
    return error.value.code


def rewritten(of: Envelope, **changes: Any) -> tuple[Declaration, Body, bytes]:
    """The body with other members, declared by a commitment to just these bytes."""
    body = of.letter.body.model_copy(update=changes)
    plaintext = body.dump()
    digests = BodyDigest(digest=of.claims.body.digest, commitment=content_commitment(plaintext, body.salt))
    claims = of.claims.model_copy(update={"body": digests})
    return claims, parse_body(claims.kind, plaintext), plaintext


@BOTH
def test_a_body_belongs_to_its_own_declaration(of: Envelope) -> None:
    verify_binding(of.claims, of.letter.body, of.letter.plaintext)
    verify_binding(*rewritten(of))


@BOTH
@pytest.mark.parametrize(
    "member, value",
    [
        ("sender", "westmere-police"),
        ("recipient", "westmere-police"),
        ("exchange", cast.uuid("other")),
        ("jti", cast.uuid("other")),
    ],
)
def test_a_body_written_for_another_envelope_is_refused(of: Envelope, member: str, value: str) -> None:
    assert refused(*rewritten(of, **{member: value})) == "other-envelope"


def test_an_item_of_another_category_than_declared_is_refused() -> None:
    assert refused(*rewritten(envelope.item(), category=Category.HOUSEHOLD)) == "other-envelope"


def test_a_body_of_another_kind_than_declared_is_refused() -> None:
    ask, item = envelope.ask(), envelope.item()
    # Everything but the kind is made to agree.
    body = item.letter.body.model_copy(
        update={"sender": ask.claims.iss, "recipient": ask.claims.recipient, "jti": ask.claims.jti}
    )
    assert refused(ask.claims, body, body.dump()) == "other-envelope"


@BOTH
@given(data=st.data())
def test_one_changed_byte_of_the_content_is_refused(of: Envelope, data: st.DataObject) -> None:
    plaintext = of.letter.plaintext
    place = data.draw(st.integers(0, len(plaintext) - 1))
    byte = data.draw(st.integers(1, 255))
    changed = bytearray(plaintext)
    changed[place] ^= byte
    code = refused(of.claims, of.letter.body, bytes(changed))
    assert code in {"content-mismatch", "other-content"}


@BOTH
def test_another_salt_is_refused(of: Envelope) -> None:
    body = of.letter.body.model_copy(update={"salt": OTHER})
    assert refused(of.claims, body, body.dump()) == "content-mismatch"
    assert refused(of.claims, body, of.letter.plaintext) == "other-content"


@BOTH
def test_a_salt_stands_in_the_body_exactly_once(of: Envelope) -> None:
    body = of.letter.body
    person = body.subjects[0].model_copy(update={"relation": body.salt})
    with pytest.raises(BadProof) as error:
        rewritten(of, subjects=[person])
    assert error.value.code == "other-content"
    escaped = body.dump().replace(body.salt.encode(), "".join(f"\\u{ord(c):04x}" for c in body.salt).encode())
    assert parse_body(of.claims.kind, escaped) == body
    assert refused(of.claims, body, escaped) == "other-content"


@BOTH
@pytest.mark.parametrize("member", ["t1", "r"])
def test_another_subject_than_committed_to_is_refused(of: Envelope, member: str) -> None:
    person = of.letter.body.subjects[0].model_copy(update={member: OTHER})
    assert refused(*rewritten(of, subjects=[person])) == "subject-mismatch"


@BOTH
def test_a_subject_in_another_role_one_more_or_fewer_is_refused(of: Envelope) -> None:
    person = of.letter.body.subjects[0]
    assert refused(*rewritten(of, subjects=[person.model_copy(update={"role": SubjectRole.PARENT})])) == (
        "other-subject"
    )
    assert refused(*rewritten(of, subjects=[person, person])) == "other-subject"
    more = of.claims.model_copy(update={"subjects": [*of.claims.subjects, of.claims.subjects[0]]})
    assert refused(more, of.letter.body, of.letter.plaintext) == "other-subject"


def test_two_subjects_in_another_order_are_refused() -> None:
    of = envelope.ask()
    child, parent = (
        of.letter.body.subjects[0],
        of.letter.body.subjects[0].model_copy(update={"role": SubjectRole.CHILD, "t1": OTHER}),
    )
    committed = [
        of.claims.subjects[0].model_copy(
            update={"c": base64url.encode(subject.commit(*map(base64url.decode, (each.r, each.t1))))}
        )
        for each in (child, parent)
    ]
    claims, body, plaintext = rewritten(of, subjects=[child, parent])
    claims = claims.model_copy(update={"subjects": committed})
    verify_binding(claims, body, plaintext)
    claims, body, plaintext = rewritten(of, subjects=[parent, child])
    claims = claims.model_copy(update={"subjects": committed})
    assert refused(claims, body, plaintext) == "subject-mismatch"


@BOTH
@pytest.mark.parametrize("member", ["sender", "recipient", "exchange", "jti", "kind", "hub_id"])
def test_a_sealed_body_opens_in_its_own_context_only(of: Envelope, member: str) -> None:
    letter: Letter = of.letter
    assert sealing.open_sealed(of.sealed, letter.recipient.sealing, letter.binding) == letter.plaintext
    with pytest.raises(Rejected) as error:
        sealing.open_sealed(
            of.sealed, letter.recipient.sealing, replace(letter.binding, **{member: "another"})
        )
    assert error.value.code == "cannot-open"


def test_what_is_committed_to_is_the_body_without_the_text_of_its_salt() -> None:
    of = envelope.ask()
    bare = json.loads(of.letter.plaintext) | {"salt": ""}
    assert json.dumps(bare, separators=(",", ":")).encode() == of.letter.plaintext.replace(
        of.letter.body.salt.encode(), b""
    )
