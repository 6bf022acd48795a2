"""Envelopes as written: body and declaration agree, no subject is in the clear, the same words go again."""

import hashlib
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import compose
from adapters.clear_part import ClearPartRefused
from adapters.identify import EpochKey, Identified, again, identify, nhs_number_of, verify_people
from adapters.letter import Frame, ask_letter, item_letter, message_letter, notice_letter
from adapters.order import MessageOrder, Subject
from broker.protocol.binding import verify_binding
from broker.protocol.body import NHS_NUMBER, Identifier, MessageAbout, parse_body
from broker.protocol.declaration import TYP, Ask, Practitioner, parse_declaration
from keys import base64url, commitment, jws, sealing, subject
from keys.errors import BadProof
from keys.sealing import Binding, SealingKey
from keys.signing import SigningKey
from policies.vocabulary import PractitionerRole, SubjectRole
from tests.adapters.core.made import (
    CHILD,
    NUMBER,
    OTHER_NUMBER,
    WORKER,
    ask_order,
    item_order,
    nhs,
    tell_order,
)
from tests.adapters.core.made import grounds as grounds_of

HUB = "0123456789abcdef" * 2
AT = 1_790_000_000
SIGNING, SEALING = SigningKey.from_seed(bytes(range(32))), SealingKey.from_seed(bytes(range(32)))
K_A = bytes(range(32))
EPOCH = 3
JTI = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"


def draw(seed: str = "") -> Callable[[int], bytes]:
    """Bytes that look random and are the same each time."""
    count = 0

    def drawn(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{seed}{count}".encode()).digest(size)

    return drawn


def frame(jti: str = JTI, me: str = "care") -> Frame:
    return Frame(
        hub_id=HUB, me=me, jti=jti, at=AT, accept_within=3_600, needed_until=AT + 86_400, draw=draw(jti)
    )


def found(*subjects: Subject, key: bytes | None = K_A) -> tuple[Identified, ...]:
    k_a = EpochKey(epoch=EPOCH, key=key)
    return identify(subjects or (CHILD,), before=(), k_a=k_a, hub_id=HUB, draw=draw("t1"))


def opened(written: compose.Written) -> None:
    """Open and verify as a recipient does."""
    parsed, claims = parse_declaration(written.declaration)
    jws.verify(parsed, SIGNING.public, typ=TYP[claims.kind])
    assert claims == written.claims
    assert claims.body.digest == commitment.digest(written.sealed.encode())
    binding = Binding(
        hub_id=HUB, exchange=claims.exchange, jti=claims.jti, kind=claims.kind.value, sender=claims.iss,
        recipient=claims.recipient,
    )  # fmt: skip
    plaintext = sealing.open_sealed(written.sealed.encode(), SEALING, binding)
    body = parse_body(claims.kind, plaintext)
    verify_binding(claims, body, plaintext)
    verify_people(body.subjects, claims.subjects, key_of=lambda _: K_A, hub_id=HUB)
    for committed, opening in zip(claims.subjects, written.openings, strict=True):
        subject.verify_commitment(*(base64url.decode(part) for part in (committed.c, opening.r, opening.t1)))


def letters() -> dict[str, compose.Letter]:
    """One of each kind."""
    ask = ask_letter(ask_order(AT), frame(), found(), due_within=3_600)
    assert isinstance(ask.declaration, Ask)
    people = again(ask.body.subjects, ask.declaration.subjects)
    words = MessageOrder(
        exchange=JTI,
        practitioner=WORKER,
        grounds=grounds_of("s47-asking"),
        about=MessageAbout.QUESTION,
        words="Which day?",
    )
    return {
        "ask": ask,
        "item": item_letter(item_order(JTI), frame(OTHER, "health"), people, ask=ask.declaration),
        "notice": notice_letter(tell_order(), frame(me="school"), found()),
        "message": message_letter(words, frame(OTHER), people, about=ask.declaration, to="health"),
    }


@pytest.mark.parametrize("kind", ["ask", "item", "notice", "message"])
def test_each_kind_opens_under_its_declaration(kind: str) -> None:
    opened(compose.seal(letters()[kind], signing=SIGNING, to=SEALING.public))


@pytest.mark.parametrize("kind", ["ask", "item", "notice", "message"])
def test_the_same_words_again_are_another_envelope(kind: str) -> None:
    first = letters()[kind]
    new = "00000000-0000-4000-8000-00000000000f"
    renewed = compose.renew(first, jti=new, at=AT + 50, accept_within=60, draw=draw("again"))
    written = compose.seal(renewed, signing=SIGNING, to=SEALING.public)
    opened(written)
    before, after = first.declaration, written.claims
    assert (after.jti, after.iat, after.exp) == (new, AT + 50, AT + 110)
    assert after.exchange == (new if kind in ("ask", "notice") else before.exchange)
    assert {person.t1 for person in renewed.body.subjects} == {person.t1 for person in first.body.subjects}
    assert all(a.c != b.c for a, b in zip(after.subjects, before.subjects, strict=True))
    assert renewed.body.salt != first.body.salt
    ours = renewed.body.model_dump(exclude={"jti", "exchange", "salt", "subjects"})
    assert ours == first.body.model_dump(exclude={"jti", "exchange", "salt", "subjects"})


def test_a_practitioner_named_like_a_subject_does_not_leave() -> None:
    order = ask_order(AT, practitioner=Practitioner(id="quillfeather", role=PractitionerRole.PRACTITIONER))
    letter = ask_letter(order, frame(), found(), due_within=3_600)
    with pytest.raises(ClearPartRefused) as refused:
        compose.seal(letter, signing=SIGNING, to=SEALING.public)
    assert "quillfeather" not in str(refused.value).casefold()


def test_an_nhs_number_gives_one_t1_everywhere_and_another_hub_another() -> None:
    one, two = found(CHILD)[0], found(Subject(role=SubjectRole.CHILD, identifiers=(nhs(NUMBER),)))[0]
    assert one.traced
    assert one.t1 == two.t1
    assert one.t1 != found(Subject(role=SubjectRole.CHILD, identifiers=(nhs(OTHER_NUMBER),)))[0].t1
    assert (
        one.t1
        != identify((CHILD,), before=(), k_a=EpochKey(epoch=EPOCH, key=K_A), hub_id="f" * 32, draw=draw())[
            0
        ].t1
    )


@pytest.mark.parametrize(
    "identifiers",
    [
        (),
        (Identifier(system=NHS_NUMBER, value=NUMBER),),
        (nhs(NUMBER), nhs(OTHER_NUMBER)),
        (Identifier(system="local", value=NUMBER, checked=True),),
        (nhs("999 000 0018"),),
    ],
)
def test_without_one_checked_number_a_subject_is_untraced(identifiers: tuple[Identifier, ...]) -> None:
    untraced = Subject(role=SubjectRole.CHILD, identifiers=identifiers)
    assert nhs_number_of(untraced) is None
    assert not found(untraced)[0].traced


def test_a_person_keeps_the_t1_of_the_exchange() -> None:
    first = found(
        CHILD, Subject(role=SubjectRole.PARENT, name="Ada Quillfeather", born=date(1990, 1, 1)), key=None
    )
    people = compose.people(first, draw())
    later = identify(
        (Subject(role=SubjectRole.PARENT, name="ADA QUILLFEATHER", born=date(1990, 1, 1)), CHILD),
        before=tuple(zip(people.persons, people.committed, strict=True)),
        k_a=EpochKey(epoch=EPOCH + 1, key=K_A),
        hub_id=HUB,
        draw=draw("later"),
    )
    assert [each.t1 for each in later] == [first[1].t1, first[0].t1]
    assert not any(each.traced for each in later)
    assert {each.epoch for each in later} == {EPOCH}


@settings(max_examples=50)
@given(st.integers(0, 9_999_999_999), st.binary(min_size=32, max_size=32))
def test_a_traced_subject_with_another_number_is_noticed(number: int, key: bytes) -> None:
    people = compose.people(found(CHILD), draw())
    (person,), committed = people.persons, people.committed
    other = f"{number:010}"
    changed = person.model_copy(update={"identifiers": [nhs(other)]})
    if other != NUMBER:
        with pytest.raises(BadProof):
            verify_people([changed], committed, key_of=lambda _: K_A, hub_id=HUB)
    if key != K_A:
        with pytest.raises(BadProof):
            verify_people([person], committed, key_of=lambda _: key, hub_id=HUB)
    nameless = person.model_copy(update={"identifiers": []})
    with pytest.raises(BadProof):
        verify_people([nameless], committed, key_of=lambda _: None, hub_id=HUB)
    verify_people([person], committed, key_of=lambda _: K_A, hub_id=HUB)
