"""The example's log: its twelve records in order, two checkpoints, and the proofs out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from broker.protocol import act as acts
from broker.protocol import record
from broker.protocol.declaration import Ask, categories_of
from broker.protocol.evidence import digest_of
from broker.protocol.example import cast, envelope
from broker.protocol.example.cast import ADMINISTRATOR, CARE, HEALTH, Agency, seed, uuid
from broker.protocol.example.envelope import Envelope
from broker.protocol.frame import Proof
from broker.protocol.record import ENTRY_VERSION, TYP, Decided, GuardVersion
from broker.protocol.wire import Wire
from keys import base64url, jws, merkle, note, tile
from policies.agreement import Agreement
from policies.catalogue import load_catalogue
from policies.decide import decide
from policies.policy_set import seed_policy
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import Action, Category, Purpose

PERMITS: Final = {"ask": 6, "item": 9}
"""The index of each envelope's permit."""
CHECKPOINTS: Final = {"ask": 7, "item": 10}
"""The size of the checkpoint under which each sender proves its permit."""
AGREEMENT: Final = Agreement(
    id="northtown-2026",
    controllers=(CARE.controller.id, HEALTH.controller.id),
    purposes=(Purpose.CHILD_PROTECTION_ENQUIRY,),
    categories=(Category.HEALTH_ATTENDANCES,),
    starts=datetime(2026, 9, 1, tzinfo=UTC),
    ends=None,
    version=1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One record with its salt."""

    record: Wire
    token: str
    salt: bytes

    @property
    def entry(self) -> bytes:
        """The 32 bytes that are the entry of the log."""
        return merkle.entry(ENTRY_VERSION, self.salt, self.token.encode("ascii"))


@cache
def log() -> tuple[Logged, ...]:
    """Every record in the log's order."""
    ask, item = envelope.ask(), envelope.item()
    records: list[Wire] = [
        _origin(),
        _administered(_addition(CARE), at=cast.START + 60),
        _administered(_addition(HEALTH), at=cast.START + 90),
        _enrolled(CARE, at=cast.START + 120),
        _enrolled(HEALTH, at=cast.START + 150),
        _administered(_agreement(), at=cast.START + 180),
        _permit(ask, at=cast.ASKED),
        _handover(ask, at=cast.ASKED + 1),
        _received(ask, at=cast.ASKED + 2),
        _permit(item, at=cast.ANSWERED),
        _handover(item, at=cast.ANSWERED + 1),
        _received(item, at=cast.ANSWERED + 2),
    ]
    return tuple(
        Logged(
            record=each,
            token=jws.sign(each.dump(), cast.DECISION, TYP),
            salt=seed(f"record salt {index}"),
        )
        for index, each in enumerate(records)
    )


def checkpoint(size: int) -> bytes:
    """The signed checkpoint over the first `size` records."""
    root = merkle.root_of(_leaves(log()[:size]))
    return note.sign_checkpoint(note.Checkpoint(origin=cast.ORIGIN, size=size, root=root), cast.LOG)


def proof(name: str, *, seen: int | None = None) -> Proof:
    """The proof of an envelope's permit, as its sender gets it; `seen` asks for consistency as well."""
    index, size = PERMITS[name], CHECKPOINTS[name]
    tiles = tile.MemoryTiles()
    tiles.write(tile.tiles_to_write(0, _leaves(log()[:size]), tiles))
    logged = log()[index]
    return Proof(
        record=logged.token,
        salt=base64url.encode(logged.salt),
        index=index,
        size=size,
        path=_texts(tile.inclusion_proof(index, size, tiles)),
        checkpoint=checkpoint(size).decode(),
        consistency_from=seen,
        consistency=[] if seen is None else _texts(tile.consistency_proof(seen, size, tiles)),
    )


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64url.encode(each) for each in hashes]


def _leaves(logged: Sequence[Logged]) -> list[bytes]:
    return [merkle.leaf_hash(each.entry) for each in logged]


def _origin() -> record.Origin:
    policy = seed_policy()
    return record.Origin(
        at=cast.START,
        hub=cast.HUB,
        decision_key=cast.DECISION.public.jwk(),
        log_vkey=str(cast.LOG_VKEY),
        administrator=ADMINISTRATOR,
        administrator_key=cast.ADMINISTERING.public.jwk(),
        policy_version=policy.version,
        policy_digest=policy.digest,
    )


def _signed_by_person(model: type[Any], id: str, *, at: int, **members: object) -> str:
    act = model(jti=uuid(id), iat=at, exp=at + 300, hub=cast.HUB, iss=ADMINISTRATOR, **members)
    return jws.sign(act.dump(), cast.ADMINISTERING, acts.typ_of(model))


def _addition(agency: Agency) -> str:
    return _signed_by_person(
        acts.AgencyAddition,
        f"addition {agency.id}",
        at=cast.START + 50,
        agency=agency.id,
        name=agency.name,
        sector=agency.sector,
        controllers=[agency.controller],
        duty_contact=agency.duty_contact,
        code_digest=digest_of(agency.code),
        code_expires=cast.START + 86_400,
    )


def _agreement() -> str:
    return _signed_by_person(acts.AgreementSigning, "agreement", at=cast.START + 170, agreement=AGREEMENT)


def _administered(act: str, *, at: int) -> record.PersonActed:
    return record.PersonActed(at=at, person=ADMINISTRATOR, act=act)


def _enrolled(agency: Agency, *, at: int) -> record.Enrolled:
    return record.Enrolled(
        at=at, agency=agency.id, identity=agency.identity.public.jwk(), key_set=agency.key_set
    )


def question(of: Envelope, *, at: int) -> Question:
    """The question this envelope puts to the rules."""
    ask, claims = envelope.ask().claims, of.claims
    assert isinstance(ask, Ask)
    asking = claims is ask
    policy = seed_policy()
    return Question(
        action=Action.ASK if asking else Action.RELEASE,
        kind=claims.kind.value,
        purpose=claims.purpose,
        categories=categories_of(claims),
        rating=claims.rating,
        asker=replace(CARE.party, grounds=ask.grounds),
        source=HEALTH.party if asking else replace(HEALTH.party, grounds=claims.grounds),
        consent=claims.consent,
        consent_standing=None,
        subjects=tuple(Subject(role=s.role, protected_person=s.protected_person) for s in claims.subjects),
        agreement=AGREEMENT,
        lifted=(),
        threshold_recorded=True,
        volunteered=False,
        at=datetime.fromtimestamp(at, UTC),
        policy=PolicySetRef(version=policy.version, digest=policy.digest),
    )


def decided(of: Envelope, *, at: int) -> Decided:
    """What the rules say to it, with everything it was made from."""
    put = question(of, at=at)
    decision = decide(put, seed_policy(), load_catalogue())
    guards = [("policy", "head"), ("agreement", "all")]
    guards += [(kind, agency) for agency in sorted((CARE.id, HEALTH.id)) for kind in ("agency", "keys")]
    versions = {"policy": 1, "agreement": 2, "agency": 2, "keys": 2}
    return Decided(
        outcome=decision.outcome,
        question=put,
        findings=list(decision.findings),
        needs=list(decision.needs),
        confirmable=list(decision.confirmable),
        policy_version=decision.policy_version,
        policy_digest=decision.policy_digest,
        catalogue_digest=decision.catalogue_digest,
        guards=[GuardVersion(kind=kind, id=scope, version=versions[kind]) for kind, scope in guards],
    )


def _permit(of: Envelope, *, at: int) -> record.Permit:
    claims = of.claims
    return record.Permit(
        at=at,
        sender=claims.iss,
        envelope=claims.jti,
        kind=claims.kind,
        recipient=claims.recipient,
        exchange=claims.exchange,
        declaration=digest_of(of.token),
        body=claims.body.digest,
        decided=decided(of, at=at),
    )


def _handover(of: Envelope, *, at: int) -> record.Handover:
    claims = of.claims
    return record.Handover(
        at=at,
        sender=claims.iss,
        envelope=claims.jti,
        recipient=claims.recipient,
        generation=1,
        decided=decided(of, at=at),
    )


def _received(of: Envelope, *, at: int) -> record.Received:
    claims = of.claims
    return record.Received(
        at=at,
        sender=claims.iss,
        envelope=claims.jti,
        recipient=claims.recipient,
        outcome=acts.ReceiptOutcome.OPENED,
        act=envelope.receipt(of, at=at),
    )
