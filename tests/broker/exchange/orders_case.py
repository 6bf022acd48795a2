"""One run of two transactions: its own agencies, agreement, consent and envelopes, so that no run meets
another.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from broker.exchange.acting import Acting
from broker.exchange.declare import declare
from broker.exchange.prepare import Asked
from broker.protocol import act as acts
from broker.protocol import frame
from keys.signing import SigningKey
from policies.consent import ConsentPosition
from policies.party import ControllerFacts
from policies.vocabulary import ConsentOutcome, Purpose, Rating, Sector
from tests.broker.exchange.administrator import sign_agreement
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, Sent, new_jti, preset


@dataclass
class Branch(Desk):
    """An agency that acts for a body which other agencies act for too."""

    body: str = ""

    @property
    def controller(self) -> ControllerFacts:
        return replace(super().controller, id=self.body)


@dataclass
class Case:
    """Social care and health of this run. `resting` is the envelope that rests on what is changed;
    `surviving` one about the same child that does not.
    """

    play: Play
    key: SigningKey
    care: Desk
    health: Desk
    since: int
    agreement: str = ""
    consent: str = field(default_factory=new_jti)
    resting: Sent = field(init=False)
    surviving: Sent | None = None

    @property
    def at(self) -> int:
        return self.play.clock.at

    @property
    def sender(self) -> Desk:
        return self.health if self.surviving else self.care

    @property
    def recipient(self) -> Desk:
        return self.care if self.surviving else self.health

    @property
    def envelopes(self) -> list[Sent]:
        return [self.resting] + ([self.surviving] if self.surviving else [])

    def ask(self) -> None:
        """The envelope is a s.47 ask."""
        self.resting = self.care.ask(self.health, at=self.at)

    async def items(self) -> None:
        """The envelopes are items: one for early help that rests on a consent, one under s.47 that names it
        too.
        """
        await self.play.act(self.care, self.spoken("given"))
        given = ConsentPosition(outcome=ConsentOutcome.GIVEN, reference=self.consent)
        early: dict[str, Any] = {"purpose": Purpose.EARLY_HELP, "rating": Rating.GREEN, "consent": given}
        asks = [
            self.care.ask(self.health, at=self.at, grounds=preset("early-help-asking", reasons=0), **early),
            self.care.ask(self.health, at=self.at, consent=given),
        ]
        for ask in asks:
            await self.play.declare(self.care, ask)
            await self.play.deposit(self.care, ask)
        for handed in await self.play.fetch(self.health):
            await self.play.act(self.health, self.health.receipt(handed, at=self.at))
        answering = preset("early-help-answering", reasons=0)
        self.resting = self.health.item(self.care, asks[0], at=self.at, grounds=answering, **early)
        self.surviving = self.health.item(self.care, asks[1], at=self.at, consent=given)

    async def deposited(self) -> None:
        """The envelopes wait for their recipient, whose connection is open."""
        for sent in self.envelopes:
            await self.play.declare(self.sender, sent)
            await self.play.deposit(self.sender, sent)
        await self.play.connect(self.recipient)

    def spoken(self, outcome: str) -> frame.Act:
        """What the family said, told by social care."""
        purposes = [Purpose.EARLY_HELP, Purpose.CHILD_PROTECTION_ENQUIRY]
        return self.care.act(
            acts.Consent, at=self.at, reference=self.consent, outcome=outcome, purposes=purposes
        )

    async def declare(self) -> list[Any]:
        """Declare the envelopes in one transaction, not through the batcher: this task sends the
        statements.
        """
        asked = [
            Asked(caller=self.sender.caller, request=sent.request, at=self.at) for sent in self.envelopes
        ]
        return list(await declare(self.play.hub, asked))

    def acting(self, request: frame.Act, by: Desk) -> Acting:
        return Acting(caller=by.caller, request=request, at=self.at)


@dataclass
class Cases:
    """Makes cases, each with a number of its own."""

    play: Play
    key: SigningKey
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def make(self, *, own_bodies: bool = False, agreement: bool = False) -> Case:
        """Enrol a case's agencies: of the bodies whose agreement is signed already, or of bodies of their
        own.
        """
        number, hub, at = next(self.numbers), self.play.hub, self.play.clock.at
        of_own = f"-{number}" if own_bodies or agreement else ""
        care = Branch(hub, f"care-{number}", Sector.SOCIAL_CARE, body=f"care{of_own}-body")
        health = Branch(hub, f"health-{number}", Sector.HEALTH, body=f"health{of_own}-body")
        for desk in (care, health):
            await desk.enrol(at)
        since = await hub.pool.fetchval("SELECT n FROM log_head")
        case = Case(self.play, self.key, care, health, since)
        if agreement:
            bodies = [care.controller.id, health.controller.id]
            case.agreement = await sign_agreement(hub, self.key, bodies, at=at)
        return case
