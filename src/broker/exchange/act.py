"""Acts: taking what an agency signed without a body. Receipts go together, the rest one transaction each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from broker.batch import RunAgain
from broker.exchange import agency_key, answer, consent, lift, rate, recall, subject_key
from broker.exchange.acting import Acting, Effect, Verified, check_fresh, earlier, verify_act
from broker.exchange.facts import Facts
from broker.exchange.generation import refuse_replaced
from broker.exchange.receive import receive
from broker.exchange.wake import by_sender
from broker.log.append import append
from broker.protocol import act as acts
from broker.protocol.frame import Acted
from broker.protocol.problem import Problem
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import Connection, committed

if TYPE_CHECKING:
    from broker.hub import Hub

_FACTS = queries("facts")
_SQL = queries("act")
_MOVES_GUARDS = (acts.Consent, acts.KeySetChange, acts.KeyRevocation)


async def act(hub: "Hub", batch: Sequence[Acting]) -> list[Acted | Problem]:
    """Take a batch of acts; each gets its answer or its own problem."""
    verified: list[Verified | Problem] = []
    for acting in batch:
        try:
            verified.append(await verify_act(hub, acting))
        except Problem as problem:
            verified.append(problem)
    receipts = [
        (each, each.act)
        for each in verified
        if isinstance(each, Verified) and isinstance(each.act, acts.Receipt)
    ]
    found: dict[tuple[str, str], Acted | Problem] = {}
    if receipts:
        told: set[tuple[str, str]] = set()

        async def work(connection: Connection) -> dict[tuple[str, str], Acted | Problem]:
            told.clear()
            taken = await receive(hub, connection, receipts, told)
            await hub.wake.tell(connection, "changed", by_sender(told), here=True)
            return taken

        found = await committed(hub.pool, work, before_commit=lambda: hub.observe(Step.ACT_WRITTEN))
        hub.observe(Step.ACT_COMMITTED)
        hub.head.recorded()
        hub.wake.tell_here("changed", by_sender(told))
    outcomes: list[Acted | Problem] = []
    for each in verified:
        if isinstance(each, Problem):
            outcomes.append(each)
        elif isinstance(each.act, acts.Receipt):
            outcomes.append(found[each.id])
        elif len(batch) == 1:
            outcomes.append(await _alone(hub, each))
        else:
            # One that fails must not undo the others, nor make them run again: it runs by itself, and its
            # problem is its own.
            try:
                outcomes.append((await act(hub, [each.acting]))[0])
            except Problem as problem:
                outcomes.append(problem)
    return outcomes


async def _alone(hub: "Hub", verified: Verified) -> Acted | Problem:
    effect = Effect()

    async def work(connection: Connection) -> Acted | Problem:
        nonlocal effect
        alone = isinstance(verified.act, _MOVES_GUARDS) or await recall.leaves_some(hub, connection, verified)
        if alone:
            await connection.execute(_FACTS["lock_guards"])
        facts = await hub.facts.read(connection, agencies=_agencies(verified.act), consents=())
        found = await earlier(connection, [verified])
        if verified.id in found:
            return found[verified.id]
        replaced = await refuse_replaced(connection, [verified.acting.caller])
        if replaced:
            raise replaced[verified.act.iss]
        check_fresh(verified, facts, skew=hub.settings.skew)
        # The id before anything else: whoever takes the same act elsewhere waits here, and then finds it
        # taken.
        taking = [verified.id[0]], [verified.id[1]], [verified.digest], [None]
        if not await connection.fetch(_SQL["take"], *taking, [], [], None):
            raise RunAgain
        effect = await _apply(hub, connection, verified, facts, alone=alone)
        if effect.state is not None:
            await connection.execute(_SQL["say_state"], *verified.id, effect.state.value)
        for hint in effect.hints:
            await hub.wake.tell(connection, hint.kind, hint.to)
        first = await append(connection, hub.recorder, effect.entries)
        return Acted(index=first, state=effect.state)

    answered = await committed(hub.pool, work, before_commit=lambda: hub.observe(Step.ACT_WRITTEN))
    hub.observe(Step.ACT_COMMITTED)
    hub.head.recorded()
    for hint in effect.hints:
        hub.wake.tell_here(hint.kind, hint.to)
    return answered


def _agencies(taken: acts.AgencyAct) -> set[str]:
    return {taken.iss, taken.recipient} if isinstance(taken, acts.SubjectKeyPass) else {taken.iss}


async def _apply(
    hub: "Hub", connection: Connection, verified: Verified, facts: Facts, *, alone: bool
) -> Effect:
    taken = verified.act
    match taken:
        case acts.Nil() | acts.Decline() | acts.Waiting():
            return await answer.answer(connection, verified, taken)
        case acts.Withdraw():
            return await recall.withdraw(hub, connection, verified, taken, alone=alone)
        case acts.Rate():
            return await rate.rate(connection, verified, taken)
        case acts.Recall():
            return await recall.recall(connection, verified, taken)
        case acts.Lift():
            return await lift.lift(hub, connection, verified, taken)
        case acts.Consent():
            return await consent.consent(hub, connection, verified, taken)
        case acts.KeySetChange():
            return await agency_key.change(connection, verified, taken)
        case acts.KeyRevocation():
            return await agency_key.revoke_own(connection, verified, taken)
        case acts.Drained():
            return agency_key.drained(verified)
        case acts.SubjectKeyClaim():
            return await subject_key.claim(connection, verified, taken)
        case acts.SubjectKeyPass():
            return await subject_key.pass_on(connection, verified, taken, facts)
        case acts.SubjectLink():
            return await answer.link(connection, verified, taken)
        case acts.Receipt():
            raise AssertionError("receipts go together")
