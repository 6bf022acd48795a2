"""Every order of the named SQL statements of two transactions: a change against a permit, and against a
handover.

After each order the log and the outcome agree: nothing that rests on the changed fact is permitted or
handed over after the change's record; what came before it was told so; what rests on a duty goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from broker.exchange.act import act
from broker.exchange.administer import administer
from broker.exchange.hand_over import hand_over
from broker.exchange.outcome import Outcome
from broker.protocol import act as acts
from broker.protocol.problem import Problem
from broker.store.transaction import Connection
from policies.vocabulary import RecallReason
from tests.broker.exchange.administrator import administrator_key, signed
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.orders import Orders, Ran
from tests.broker.exchange.orders_case import Case, Cases
from tests.broker.exchange.record_log import of_envelope
from tests.broker.exchange.statements import watch_hubs

Work = Callable[[], Awaitable[Any]]

APART: Final = frozenset({"read_key", "candidates", "read_asks", "read_ask"})
"""Whose key a kid names and what an ask says never change; what waits for a recipient is looked at again
under the guards.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something revoked: how, the guard it moves, and what it does to an envelope under way."""

    name: str
    reason: RecallReason
    work: Callable[[Case], Work]
    guard: Callable[[Case], tuple[str, str]]
    of_items: bool = False


def _administered(model: Any, fields: Callable[[Case], dict[str, Any]]) -> Callable[[Case], Work]:
    def make(case: Case) -> Work:
        hub, at = case.play.hub, case.at
        token = signed(hub, case.key, model, at=at, **fields(case))
        return lambda: administer(hub, token, None, at=at)

    return make


def _acted(by: str, model: Any, fields: Callable[[Case], dict[str, Any]]) -> Callable[[Case], Work]:
    def make(case: Case) -> Work:
        desk = getattr(case, by)
        request = desk.act(model, at=case.at, **fields(case))

        async def work() -> int:
            (taken,) = await act(case.play.hub, [case.acting(request, desk)])
            assert not isinstance(taken, Problem), taken
            return taken.index

        return work

    return make


CHANGES: Final = [
    Change(
        name="key-revocation",
        reason=RecallReason.KEY_REVOKED,
        work=_administered(
            acts.AgencyKeyRevocation,
            lambda case: {"agency": case.care.agency, "kid": case.care.signing.public.kid},
        ),
        guard=lambda case: ("keys", case.care.agency),
    ),
    Change(
        name="agency-stop",
        reason=RecallReason.AGENCY_STOPPED,
        work=_administered(acts.AgencyStop, lambda case: {"agency": case.health.agency}),
        guard=lambda case: ("agency", case.health.agency),
    ),
    Change(
        name="agreement-end",
        reason=RecallReason.AGREEMENT_ENDED,
        work=_administered(acts.AgreementEnd, lambda case: {"agreement": case.agreement}),
        guard=lambda case: ("agreement", "all"),
    ),
    Change(
        name="consent-withdrawal",
        reason=RecallReason.CONSENT_WITHDRAWN,
        work=_acted("care", acts.Consent, lambda case: {"reference": case.consent, "outcome": "withdrawn"}),
        guard=lambda case: ("consent", case.consent),
        of_items=True,
    ),
]


@pytest.fixture(autouse=True)
async def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watch_hubs(monkeypatch)
    # A loop under debug keeps the stack of every callback: half the time of so many statements.
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def cases(play: Play, tmp_path: Path) -> Cases:
    return Cases(play, administrator_key(tmp_path / "keys"))


@pytest.fixture
async def locks(database_url: str) -> AsyncIterator[Connection]:
    """A connection of the test's own, to see who waits for whom."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def _made(cases: Cases, change: Change) -> Case:
    case = await cases.make(agreement=change.reason is RecallReason.AGREEMENT_ENDED)
    if change.of_items:
        await case.items()
    else:
        case.ask()
    return case


def _said(name: str, ran: list[Ran], before: int) -> None:
    # Both kinds of order must have happened, and somebody must have had to wait, or nothing was tested.
    waited = sum(1 for each in ran if each.waited)
    orders = len({each.order for each in ran})
    print(f"{name}: {orders} orders, the change second in {before}, a wait in {waited}")
    assert 0 < before < len(ran)
    assert waited


def _without_deadlock(ran: Ran) -> None:
    for result in ran.results.values():
        if isinstance(result, Exception) and not isinstance(result, Problem):
            raise AssertionError(f"{ran.order} ended in {result!r}") from result


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
async def test_no_permit_follows_the_change_it_rests_on(
    cases: Cases, locks: Connection, change: Change
) -> None:
    made: list[Case] = []

    async def make() -> dict[str, Work]:
        case = await _made(cases, change)
        made.append(case)
        return {"permit": case.declare, "change": change.work(case)}

    ran, before = [], 0
    async for order in Orders(locks, APART, make):
        ran.append(order)
        _without_deadlock(order)
        case, changed = made[-1], order.results["change"]
        told = order.results["permit"]
        log = await of_envelope(cases.play.hub, case.resting.jti, case.since)
        permits = [(index, record) for index, kind, record in log if kind == "permit"]
        if permits:
            ((index, record),) = permits
            assert index < changed
            assert isinstance(told[0], Outcome)
            assert told[0].index == index
            before += 1
        else:
            # Refused outright, or held or refused by a record that follows the change.
            assert isinstance(told[0], Problem) or told[0].index > changed
            record = log[0][2] if log else None
        if record is not None:
            versions = {(guard.kind, guard.id): guard.version for guard in record.decided.guards}
            now = await locks.fetchval(
                "SELECT version FROM guard WHERE kind = $1 AND id = $2", *change.guard(case)
            )
            assert (versions[change.guard(case)] < now) is bool(permits)
        if case.surviving is not None:
            (survivor,) = await of_envelope(cases.play.hub, case.surviving.jti, case.since)
            assert survivor[1] == "permit"
    _said(f"permit against {change.name}", ran, before)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
async def test_no_handover_follows_the_change_it_rests_on(
    cases: Cases, locks: Connection, change: Change
) -> None:
    made: list[Case] = []

    async def make() -> dict[str, Work]:
        case = await _made(cases, change)
        await case.deposited()
        made.append(case)
        return {
            "handover": lambda: hand_over(
                case.play.hub, case.recipient.caller, limit=8, at=case.at, seen=None
            ),
            "change": change.work(case),
        }

    ran, before = [], 0
    async for order in Orders(locks, APART, make):
        ran.append(order)
        _without_deadlock(order)
        case, changed = made[-1], order.results["change"]
        got = {handover.envelope for handover in order.results["handover"]}
        log = await of_envelope(cases.play.hub, case.resting.jti, case.since)
        ((index, kind, record),) = [each for each in log if each[1] != "permit"]
        if kind == "handover":
            assert index < changed
            assert case.resting.jti in got
            before += 1
        else:
            assert kind == "recalled"
            assert index > changed
            assert record.reason is change.reason
            assert not record.may_have_been_received
            assert case.resting.jti not in got
            assert not await locks.fetchval("SELECT 1 FROM body WHERE jti = $1", case.resting.jti)
        if case.surviving is not None:
            survivor = await of_envelope(cases.play.hub, case.surviving.jti, case.since)
            assert [each[1] for each in survivor] == ["permit", "handover"]
            assert case.surviving.jti in got
    _said(f"handover against {change.name}", ran, before)


@pytest.mark.parametrize("change", CHANGES[:2], ids=lambda change: change.name)
async def test_no_lift_permits_after_the_change_it_rests_on(
    cases: Cases, locks: Connection, change: Change
) -> None:
    made: list[Case] = []

    async def make() -> dict[str, Work]:
        case = await cases.make(own_bodies=True)
        case.ask()
        (need,) = (await cases.play.declare(case.care, case.resting)).needs
        lift = case.health.act(
            acts.Lift,
            at=case.at,
            sender=case.care.agency,
            envelope=case.resting.jti,
            fact=need.fact.value,
            role=need.who,
        )
        made.append(case)
        return {
            "lift": lambda: act(cases.play.hub, [case.acting(lift, case.health)]),
            "change": change.work(case),
        }

    ran, before = [], 0
    async for order in Orders(locks, APART, make):
        ran.append(order)
        _without_deadlock(order)
        case, changed = made[-1], order.results["change"]
        log = await of_envelope(cases.play.hub, case.resting.jti, case.since)
        permits = [index for index, kind, _ in log if kind == "permit"]
        assert all(index < changed for index in permits)
        before += len(permits)
    _said(f"lift against {change.name}", ran, before)
