"""Writing an envelope: body, declaration and openings out of plain values. Pure but for sealing's own
randomness.

Promises: the body repeats what the declaration says, the declaration commits to the body, and nothing of a
subject stands in the clear part (`clear_part` looks for it before anything is signed). Times, ids and random
bytes are passed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.clear_part import verify_clear_part
from adapters.identify import Identified
from broker.protocol.binding import content_commitment
from broker.protocol.body import Body, Person
from broker.protocol.declaration import TYP, Ask, BodyDigest, Declaration, Notice, SubjectCommitment
from broker.protocol.frame import Opening
from keys import base64url, commitment, jws, sealing, subject
from keys.sealing import Binding, SealingPublicKey
from keys.signing import SigningKey

_NOT_YET: Final = BodyDigest(digest="A" * 43, commitment="A" * 43)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A declaration and its body before sealing: the declaration's digest of the body is still blank."""

    declaration: Declaration
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An envelope ready to be journalled: `declaration` and `sealed` are the bytes that are repeated ever
    after.
    """

    claims: Declaration
    declaration: str
    sealed: str
    sealed_to: str
    plaintext: bytes
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The subjects three times over: sealed, committed to, and as the openings beside the declaration."""

    persons: list[Person]
    committed: list[SubjectCommitment]


def people(found: Sequence[Identified], draw: Callable[[int], bytes]) -> People:
    """Commit to each identified subject under a fresh r."""
    persons, committed = [], []
    for each in found:
        r = draw(subject.SIZE)
        described = each.subject
        persons.append(
            Person(
                role=described.role,
                t1=base64url.encode(each.t1),
                r=base64url.encode(r),
                traced=each.traced,
                name=described.name,
                born=described.born,
                identifiers=list(described.identifiers),
                address=described.address,
                relation=described.relation,
            )
        )
        committed.append(
            SubjectCommitment(
                role=described.role,
                protected_person=described.protected_person,
                at_risk_recorded=described.at_risk_recorded,
                cannot_consent=described.cannot_consent,
                epoch=each.epoch,
                c=base64url.encode(subject.commit(r, each.t1)),
            )
        )
    return People(persons=persons, committed=committed)


def blank() -> BodyDigest:
    """What stands in a letter's declaration until the body is sealed."""
    return _NOT_YET


def seal(letter: Letter, *, signing: SigningKey, to: SealingPublicKey) -> Written:
    """Seal the body, bind it, check the clear part, sign.

    Raises:
        adapters.clear_part's refusal: a value of a subject stands in the clear part.
        keys.errors.MalformedInput: `body-too-large`.
    """
    plaintext = letter.body.dump()
    draft = letter.declaration
    sealed = sealing.seal(
        plaintext,
        to,
        Binding(
            hub_id=draft.hub,
            exchange=draft.exchange,
            jti=draft.jti,
            kind=draft.kind.value,
            sender=draft.iss,
            recipient=draft.recipient,
        ),
    )
    digest = BodyDigest(
        digest=commitment.digest(sealed), commitment=content_commitment(plaintext, letter.body.salt)
    )
    claims = draft.model_copy(update={"body": digest})
    payload = claims.dump()
    verify_clear_part(payload, letter.body)
    return Written(
        claims=claims,
        declaration=jws.sign(payload, signing, TYP[claims.kind]),
        sealed=sealed.decode("ascii"),
        sealed_to=to.kid,
        plaintext=plaintext,
        openings=tuple(Opening(t1=person.t1, r=person.r) for person in letter.body.subjects),
    )


def renew(letter: Letter, *, jti: str, at: int, accept_within: int, draw: Callable[[int], bytes]) -> Letter:
    """The same words as a new envelope: for a sealing key that is gone, or a declaration that came too late.

    An ask or a notice that opened its own exchange opens a new one; an item stays in its exchange and
    category.
    """
    old = letter.declaration
    own = old.exchange == old.jti and isinstance(old, Ask | Notice)
    persons, committed = [], []
    for person, before in zip(letter.body.subjects, old.subjects, strict=True):
        r = draw(subject.SIZE)
        persons.append(person.model_copy(update={"r": base64url.encode(r)}))
        c = base64url.encode(subject.commit(r, base64url.decode(person.t1)))
        committed.append(before.model_copy(update={"c": c}))
    exchange = jti if own else old.exchange
    body = letter.body.model_copy(
        update={"jti": jti, "exchange": exchange, "salt": new_salt(draw), "subjects": persons}
    )
    declaration = old.model_copy(
        update={
            "jti": jti,
            "exchange": exchange,
            "iat": at,
            "exp": min(at + accept_within, old.needed_until),
            "subjects": committed,
            "body": _NOT_YET,
        }
    )
    return Letter(declaration=declaration, body=body)


def new_salt(draw: Callable[[int], bytes]) -> str:
    """A body's salt: 32 random bytes in base64url."""
    return base64url.encode(draw(commitment.SALT_SIZE))
