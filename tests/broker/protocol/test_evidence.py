"""Evidence: each of the five steps broken one at a time, and every pair of ten envelopes swapped."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.protocol import evidence, record
from broker.protocol.binding import verify_binding
from broker.protocol.body import parse_body
from broker.protocol.declaration import TYP, Kind
from broker.protocol.evidence import TrustedHub, digest_of, parse_hub_keys, verify_permit
from broker.protocol.example import cast, envelope, log, vectors
from broker.protocol.example.cast import CARE, HEALTH
from broker.protocol.example.envelope import Envelope, Letter
from broker.protocol.frame import Proof
from broker.protocol.problem import Problem
from keys import base64url, commitment, jws, merkle, note, sealing, tile
from keys.errors import Rejected
from keys.signing import PublicKey, SigningKey
from policies.vocabulary import Outcome

HUB = TrustedHub.from_keys(vectors.hub_keys())
OTHER = SigningKey.from_seed(cast.seed("other"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What `verify_permit` is given."""

    declaration: str
    proof: Proof
    hub: TrustedHub = HUB
    signing_key: PublicKey = CARE.signing.public

    def verify(self) -> evidence.VerifiedPermit:
        return verify_permit(
            hub=self.hub, signing_key=self.signing_key, declaration=self.declaration, proof=self.proof
        )

    def with_proof(self, **changes: Any) -> "Case":
        return replace(self, proof=self.proof.model_copy(update=changes))


GOOD = Case(declaration=envelope.ask().token, proof=log.proof("ask"))


def proved(token: str, *, log_key: SigningKey = cast.LOG, origin: str = cast.ORIGIN) -> Proof:
    """A proof, whole and sound, of any record: the only leaf but two of its log."""
    salt = cast.seed("salt")
    entry = merkle.entry(record.ENTRY_VERSION, salt, token.encode("ascii"))
    leaves = [merkle.leaf_hash(each) for each in (cast.seed("a"), entry, cast.seed("b"))]
    tiles = tile.MemoryTiles()
    tiles.write(tile.tiles_to_write(0, leaves, tiles))
    checkpoint = note.Checkpoint(origin=origin, size=3, root=merkle.root_of(leaves))
    return Proof(
        record=token,
        salt=base64url.encode(salt),
        index=1,
        size=3,
        path=[base64url.encode(each) for each in tile.inclusion_proof(1, 3, tiles)],
        checkpoint=note.sign_checkpoint(checkpoint, log_key).decode(),
    )


def recorded(value: record.Permit | record.Handover, *, key: SigningKey = cast.DECISION) -> str:
    """A record signed as one."""
    return jws.sign(value.dump(), key, record.TYP)


def permit(**changes: Any) -> record.Permit:
    """The example's permit with other members."""
    found = log.log()[log.PERMITS["ask"]].record
    assert isinstance(found, record.Permit)
    return found.model_copy(update=changes)


def resigned(key: SigningKey, typ: str, **changes: Any) -> str:
    """The example's declaration, changed and signed by a key."""
    claims = envelope.ask().claims.model_copy(update=changes)
    return jws.sign(claims.dump(), key, typ)


def test_the_whole_proof_holds() -> None:
    verified = GOOD.verify()
    assert verified.declaration == envelope.ask().claims
    assert verified.permit == permit()
    assert (verified.checkpoint.origin, verified.checkpoint.size) == (cast.ORIGIN, 7)
    item = Case(declaration=envelope.item().token, proof=log.proof("item"), signing_key=HEALTH.signing.public)
    assert item.verify().permit.envelope == envelope.ITEM
    # Its own making of proofs is sound, or the refusals below would prove nothing.
    replace(GOOD, proof=proved(recorded(permit()))).verify()


TYP_ASK = TYP[envelope.ask().claims.kind]
ANOTHER_HUB = ["f" * 32, HEALTH.id]

STEPS: dict[str, tuple[str, Callable[[], Case]]] = {
    # Step 1: the declaration.
    "1 signed by another key": ("jws-other-key", lambda: replace(GOOD, signing_key=OTHER.public)),
    "1 signed by another under the sender's kid": (
        "bad-signature",
        lambda: replace(GOOD, declaration=_forged(GOOD.declaration)),
    ),
    "1 not a declaration": ("unsupported", lambda: replace(GOOD, declaration=GOOD.proof.record)),
    "1 of another kind's typ": (
        "malformed",
        lambda: replace(GOOD, declaration=resigned(CARE.signing, "gatehouse-item+1")),
    ),
    "1 for another hub": (
        "another-hub",
        lambda: replace(GOOD, declaration=resigned(CARE.signing, TYP_ASK, aud=ANOTHER_HUB)),
    ),
    "1 padded": ("base64url-malformed", lambda: replace(GOOD, declaration=GOOD.declaration + "=")),
    # Step 2: the record is the hub's, a permit, and of this envelope.
    "2 signed by another key": (
        "jws-other-key",
        lambda: replace(GOOD, proof=proved(recorded(permit(), key=OTHER))),
    ),
    "2 signed by another under the hub's kid": (
        "bad-signature",
        lambda: replace(GOOD, proof=proved(_forged(GOOD.proof.record))),
    ),
    "2 signed by the log's key": (
        "jws-other-key",
        lambda: replace(GOOD, proof=proved(recorded(permit(), key=cast.LOG))),
    ),
    "2 a handover": ("not-a-permit", lambda: replace(GOOD, proof=proved(log.log()[7].token))),
    "2 a refusal": ("not-a-permit", lambda: replace(GOOD, proof=proved(_as("refusal")))),
    "2 a hold": ("not-a-permit", lambda: replace(GOOD, proof=proved(_as("hold")))),
    "2 not a record": ("unsupported", lambda: replace(GOOD, proof=proved(GOOD.declaration))),
    **{
        f"2 of another {member}": (
            "another-envelope",
            lambda member=member, value=value: replace(  # type: ignore[misc]  # bound per line
                GOOD, proof=proved(recorded(permit(**{member: value})))
            ),
        )
        for member, value in {
            "declaration": digest_of("another"),
            "body": digest_of("another"),
            "envelope": cast.uuid("another"),
            "sender": "westmere-police",
            "recipient": "westmere-police",
            "exchange": cast.uuid("another"),
            "kind": Kind.ITEM,
        }.items()
    },
    # Step 3: the decision allows.
    **{
        f"3 decided to {outcome.value}": (
            "not-allowed",
            lambda outcome=outcome: replace(GOOD, proof=proved(_decided(outcome))),  # type: ignore[misc]
        )
        for outcome in (Outcome.HOLD, Outcome.REFUSE)
    },
    # Step 4: the record is in the log.
    "4 another salt": ("inclusion-mismatch", lambda: GOOD.with_proof(salt=base64url.encode(bytes(32)))),
    "4 another index": ("inclusion-mismatch", lambda: GOOD.with_proof(index=5)),
    "4 an index beyond": ("inclusion-malformed", lambda: GOOD.with_proof(index=7)),
    "4 an index before": ("inclusion-malformed", lambda: GOOD.with_proof(index=-1)),
    "4 a step missing": ("inclusion-mismatch", lambda: GOOD.with_proof(path=GOOD.proof.path[1:])),
    "4 a step too many": (
        "inclusion-mismatch",
        lambda: GOOD.with_proof(path=[*GOOD.proof.path, GOOD.proof.path[0]]),
    ),
    "4 no path": ("inclusion-mismatch", lambda: GOOD.with_proof(path=[])),
    "4 a record that is not there": (
        "inclusion-mismatch",
        lambda: GOOD.with_proof(record=recorded(permit(at=cast.ASKED + 1))),
    ),
    # Step 5: the checkpoint.
    "5 another size": ("wrong-size", lambda: GOOD.with_proof(size=8)),
    "5 of another size": (
        "wrong-size",
        lambda: GOOD.with_proof(checkpoint=log.checkpoint(8).decode()),
    ),
    "5 signed by another key": (
        "note-unsigned",
        lambda: replace(GOOD, proof=proved(recorded(permit()), log_key=OTHER)),
    ),
    "5 signed by the decision key": (
        "note-unsigned",
        lambda: replace(GOOD, proof=proved(recorded(permit()), log_key=cast.DECISION)),
    ),
    "5 of another log": (
        "note-unsigned",
        lambda: replace(GOOD, proof=proved(recorded(permit()), origin="hub.example/another")),
    ),
    "5 changed after signing": (
        "bad-signature",
        lambda: GOOD.with_proof(checkpoint=GOOD.proof.checkpoint.replace("\n7\n", "\n8\n"), size=8),
    ),
    "5 unsigned": (
        "note-malformed",
        lambda: GOOD.with_proof(checkpoint=GOOD.proof.checkpoint.partition("\n\n")[0] + "\n"),
    ),
    "5 empty": ("note-malformed", lambda: GOOD.with_proof(checkpoint="")),
}


@pytest.mark.parametrize("code, broken", STEPS.values(), ids=STEPS.keys())
def test_a_broken_step_is_refused_with_its_code(code: str, broken: Callable[[], Case]) -> None:
    with pytest.raises((Rejected, Problem)) as refused:
        broken().verify()
    assert refused.value.code == code  # type: ignore[attr-defined]  # both have one


def _forged(token: str) -> str:
    head, payload, _ = token.split(".")
    return f"{head}.{payload}.{base64url.encode(OTHER.sign(f'{head}.{payload}'.encode()))}"


def _as(kind: str) -> str:
    claims = {**jws.parse(GOOD.proof.record).claims, "record": kind}
    del claims["body"]
    return jws.sign(json.dumps(claims).encode(), cast.DECISION, record.TYP)


def _decided(outcome: Outcome) -> str:
    return recorded(permit(decided=permit().decided.model_copy(update={"outcome": outcome})))


@given(st.data())
def test_one_changed_character_anywhere_is_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(("declaration", "record", "salt", "checkpoint", "path")))
    text = {
        "declaration": GOOD.declaration,
        "record": GOOD.proof.record,
        "salt": GOOD.proof.salt,
        "checkpoint": GOOD.proof.checkpoint,
        "path": GOOD.proof.path[0],
    }[name]
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("Ab0-_.+/=\n —").filter(lambda one: one != text[place]))
    changed = text[:place] + letter + text[place + 1 :]
    if name == "declaration":
        case = replace(GOOD, declaration=changed)
    elif name == "path":
        case = GOOD.with_proof(path=[changed, *GOOD.proof.path[1:]])
    else:
        case = GOOD.with_proof(**{name: changed})
    with pytest.raises((Rejected, Problem)):
        case.verify()


@cache
def ten() -> list[tuple[Envelope, Proof]]:
    """Ten envelopes, five asks and five items, each with a sound proof of its own permit."""
    made = []
    ask, item = envelope.letters()
    for number in range(5):
        for letter in (ask, item):
            body = letter.body.model_copy(
                update={"salt": base64url.encode(cast.seed(f"salt {number} {letter.name}"))}
            )
            fresh = Letter(name=letter.name, sender=letter.sender, recipient=letter.recipient, body=body)
            sealed = sealing.seal(fresh.plaintext, fresh.recipient.sealing.public, fresh.binding)
            declared = envelope.declared(fresh, sealed.decode("ascii"))
            claims = declared.claims
            allowed = permit(
                sender=claims.iss,
                envelope=claims.jti,
                kind=claims.kind,
                recipient=claims.recipient,
                declaration=digest_of(declared.token),
                body=claims.body.digest,
            )
            made.append((declared, proved(recorded(allowed))))
    return made


def _opens(of: Envelope, body: Envelope, proof: Proof) -> bool:
    """Whether a conforming recipient opens `body` under the declaration and proof of others."""
    try:
        signing_key = of.letter.sender.signing.public
        verify_permit(hub=HUB, signing_key=signing_key, declaration=of.token, proof=proof)
        if commitment.digest(body.sealed) != of.claims.body.digest:
            return False
        plaintext = sealing.open_sealed(body.sealed, of.letter.recipient.sealing, of.letter.binding)
        verify_binding(of.claims, parse_body(of.claims.kind, plaintext), plaintext)
    except (Rejected, Problem):
        return False
    return True


def test_of_all_pairs_of_ten_bodies_declarations_and_proofs_only_the_right_ones_open() -> None:
    envelopes = ten()
    opened = {
        (d, b, p)
        for d, (of, _) in enumerate(envelopes)
        for b, (body, _) in enumerate(envelopes)
        for p, (_, proof) in enumerate(envelopes)
        if (d in (p, b) or b == p) and _opens(of, body, proof)
    }
    assert opened == {(n, n, n) for n in range(10)}


def test_without_the_digest_a_body_of_the_same_ids_is_still_refused_by_its_commitment() -> None:
    envelopes = [of for of, _ in ten()]
    accepted = 0
    for of in envelopes:
        for body in envelopes:
            try:
                plaintext = sealing.open_sealed(body.sealed, of.letter.recipient.sealing, of.letter.binding)
                verify_binding(of.claims, parse_body(of.claims.kind, plaintext), plaintext)
            except (Rejected, Problem):
                continue
            accepted += of is not body
    assert accepted == 0


def test_hub_keys_are_read_whole_or_not_at_all() -> None:
    keys = json.loads(vectors.hub_keys().dump())
    assert parse_hub_keys(keys) == vectors.hub_keys()
    for name in keys:
        for value in ({**keys, name: 7}, {n: v for n, v in keys.items() if n != name}, {**keys, "more": 1}):
            with pytest.raises(Problem) as refused:
                parse_hub_keys(value)
            assert refused.value.reason == "hub-keys"


@pytest.mark.parametrize(
    "member, value",
    [
        ("decision_key", {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}),
        ("decision_key", {"kty": "OKP", "crv": "Ed25519"}),
        ("decision_key", {"kty": "EC"}),
        ("log_vkey", "hub.example/gatehouse+00000000+AbMOi1FlmpxifflEGRhTv48yEIpIcE/u/LKUfjmWQOD+"),
        ("log_vkey", ""),
    ],
)
def test_weak_or_malformed_hub_keys_are_not_trusted(member: str, value: Any) -> None:
    with pytest.raises(Rejected):
        TrustedHub.from_keys(vectors.hub_keys().model_copy(update={member: value}))
