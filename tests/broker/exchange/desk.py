"""An agency's hand in these tests: real keys, real declarations, real sealing; everything invented.

It keeps no journal and checks no proof: `tests/adapters` tests the real adapter. Here the hub is what is
looked at.
"""

import json
import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from broker.exchange.caller import Caller
from broker.exchange.facts import Guard
from broker.hub import Hub
from broker.protocol import act as acts
from broker.protocol import declaration as declared
from broker.protocol import frame
from broker.protocol.binding import content_commitment
from broker.protocol.wire import Wire
from keys import base64url, commitment, jws, sealing, subject
from keys.keyset import KeySet, SealingUse, sign_key_set
from keys.sealing import SealingKey
from keys.signing import SigningKey
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.party import ControllerFacts
from policies.policy_set import seed_policy, with_case
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    HandlingCode,
    PractitionerRole,
    Purpose,
    Rating,
    SchedulePara18Reason,
    Sector,
    SubjectRole,
    WhyNotSought,
)

NOT_SOUGHT = ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT, why_not_sought=WhyNotSought.PREJUDICE)
FACTS: dict[Sector, dict[str, Any]] = {
    Sector.SOCIAL_CARE: {"local_authority": True},
    Sector.HEALTH: {"nhs_body": True},
    Sector.EDUCATION: {"school": True},
    Sector.POLICE: {"police_force": True},
}


def new_jti() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


def preset(name: str, *, reasons: int = 1) -> Grounds:
    """A preset's grounds with reason (c) for each data subject."""
    found = seed_policy().preset(name)
    assert found is not None, name
    return with_case(found.grounds, reasons=(SchedulePara18Reason.C,) * reasons)


@dataclass
class Sent:
    """A declaration with what travels beside it and the body to deposit."""

    declaration: declared.Declaration
    request: frame.Declare
    sealed: str
    t1: bytes

    @property
    def jti(self) -> str:
        return self.declaration.jti


@dataclass
class Desk:
    """One agency with its keys."""

    hub: Hub
    agency: str
    sector: Sector
    identity: SigningKey = field(default_factory=SigningKey.generate)
    signing: SigningKey = field(default_factory=SigningKey.generate)
    sealing: SealingKey = field(default_factory=SealingKey.generate)
    generation: int | None = None

    @property
    def caller(self) -> Caller:
        return Caller(agency=self.agency, kid=self.signing.public.kid, generation=self.generation)

    @property
    def controller(self) -> ControllerFacts:
        return ControllerFacts(
            id=f"{self.agency}-body",
            name=f"{self.agency} (invented)",
            public_authority=True,
            **FACTS[self.sector],
        )

    async def enrol(self, at: int) -> None:
        """Put the agency straight into the store, as a completed enrolment leaves it."""
        key_set = KeySet(
            agency=self.agency,
            version=1,
            previous=None,
            expires=at + 10**8,
            signing=self.signing.public,
            sealing=(SealingUse(key=self.sealing.public, seal_until=at + 10**8),),
        )
        token = sign_key_set(key_set, self.identity)
        pool = self.hub.pool
        await pool.execute(
            "INSERT INTO agency (id, name, sector, controllers, duty_contact, state, code_digest,"
            " code_expires, identity) VALUES ($1, $2, $3, $4::jsonb, $5, 'active', '', 0, $6)",
            self.agency,
            f"{self.agency} (invented)",
            self.sector.value,
            json.dumps(
                [
                    {
                        "id": self.controller.id,
                        "name": self.controller.name,
                        "public_authority": True,
                        **FACTS[self.sector],
                    }
                ]
            ),
            f"duty desk of {self.agency}, 01632 960000",
            self.identity.public.raw,
        )
        await pool.execute("INSERT INTO key_set VALUES ($1, 1, $2, $3)", self.agency, token, at + 10**8)
        for kid, use, raw in (
            (self.signing.public.kid, "signing", self.signing.public.raw),
            (self.sealing.public.kid, "sealing", self.sealing.public.raw),
        ):
            await pool.execute(
                "INSERT INTO agency_key VALUES ($1, $2, $3, $4, 1)", kid, self.agency, use, raw
            )
        for kind in (Guard.AGENCY, Guard.KEYS):
            await pool.execute("INSERT INTO guard (kind, id) VALUES ($1, $2)", kind.value, self.agency)

    def send(
        self,
        model: Any,
        to: "Desk",
        *,
        at: int,
        exchange: str | None = None,
        words: str = "words (invented)",
        grounds: Grounds | None = None,
        jti: str | None = None,
        t1: bytes | None = None,
        **fields: Any,
    ) -> Sent:
        """Make a declaration and a sealed body for it."""
        jti = jti or new_jti()
        exchange = exchange or jti
        salt = base64url.encode(os.urandom(32))
        t1, r = t1 or os.urandom(32), os.urandom(32)
        kind = model.model_fields["kind"].default
        body = json.dumps({"salt": salt, "words": words, "jti": jti}).encode()
        binding = sealing.Binding(
            hub_id=self.hub.hub_id,
            exchange=exchange,
            jti=jti,
            kind=kind.value,
            sender=self.agency,
            recipient=to.agency,
        )
        sealed = sealing.seal(body, to.sealing.public, binding)
        values: dict[str, Any] = {
            "iss": self.agency,
            "sub": declared.Practitioner(id="p-1", role=PractitionerRole.PRACTITIONER),
            "aud": [self.hub.hub_id, to.agency],
            "jti": jti,
            "iat": at,
            "exp": at + 3600,
            "exchange": exchange,
            "purpose": Purpose.CHILD_PROTECTION_ENQUIRY,
            "rating": Rating.AMBER,
            "needed_until": at + 86_400,
            "grounds": grounds,
            "consent": NOT_SOUGHT,
            "subjects": [
                declared.SubjectCommitment(
                    role=SubjectRole.CHILD,
                    protected_person=True,
                    epoch=1,
                    c=base64url.encode(subject.commit(r, t1)),
                )
            ],
            "body": declared.BodyDigest(
                digest=commitment.digest(sealed), commitment=content_commitment(body, salt)
            ),
        }
        declaration = model(**(values | fields))
        token = jws.sign(declaration.dump(), self.signing, declared.TYP[kind])
        opening = frame.Opening(t1=base64url.encode(t1), r=base64url.encode(r))
        return Sent(declaration, frame.Declare(declaration=token, openings=[opening]), sealed.decode(), t1)

    def ask(
        self,
        to: "Desk",
        *,
        at: int,
        categories: tuple[Category, ...] = (Category.HEALTH_ATTENDANCES,),
        grounds: Grounds | None = None,
        **fields: Any,
    ) -> Sent:
        """A s.47 ask with a recorded threshold decision, unless told otherwise."""
        values: dict[str, Any] = {
            "categories": list(categories),
            "due_within": 3600,
            "threshold": declared.Threshold(role=PractitionerRole.MANAGER, at=at - 60),
        }
        return self.send(
            declared.Ask, to, at=at, grounds=grounds or preset("s47-asking"), **(values | fields)
        )

    def item(
        self,
        to: "Desk",
        ask: Sent,
        *,
        at: int,
        category: Category = Category.HEALTH_ATTENDANCES,
        grounds: Grounds | None = None,
        **fields: Any,
    ) -> Sent:
        """An answer in one category on this sector's own s.47 grounds, unless told otherwise."""
        return self.send(
            declared.Item,
            to,
            at=at,
            exchange=ask.jti,
            t1=ask.t1,
            grounds=grounds or preset(f"s47-answering-{self.sector.value.replace('_', '-')}"),
            **({"category": category, "handling": next(iter(HandlingCode))} | fields),
        )

    def act(self, model: Any, *, at: int, **fields: Any) -> frame.Act:
        """A signed act."""
        act: Wire = model(
            iss=self.agency,
            sub=declared.Practitioner(id="p-1", role=fields.pop("role", PractitionerRole.PRACTITIONER)),
            jti=fields.pop("jti", None) or new_jti(),
            iat=at,
            exp=at + 3600,
            hub=self.hub.hub_id,
            **fields,
        )
        return frame.Act(act=jws.sign(act.dump(), self.signing, acts.typ_of(model)))

    def receipt(
        self, handed: frame.Handover, *, at: int, outcome: acts.ReceiptOutcome = acts.ReceiptOutcome.OPENED
    ) -> frame.Act:
        """The receipt of a handover."""
        return self.act(
            acts.Receipt,
            at=at,
            sender=handed.sender,
            envelope=handed.envelope,
            digest=commitment.digest(handed.body.encode()),
            outcome=outcome,
        )
