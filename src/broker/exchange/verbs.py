"""Every verb in one place: what the live connection and `POST /v1/<verb>` both call."""

from typing import TYPE_CHECKING

from broker.exchange import status, subject_key
from broker.exchange.acting import Acting, is_receipt
from broker.exchange.caller import Caller
from broker.exchange.deposit import Depositing
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import Asked
from broker.protocol import frame
from broker.protocol.frame import Verb
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.protocol.wire import Wire
from broker.store.query import queries

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("envelope")


async def answer(hub: "Hub", verb: Verb, caller: Caller, body: Wire, *, at: int, seen: int | None) -> Wire:
    """Answer one request of an authenticated agency.

    Args:
        at: the instant of the request, Unix seconds.
        seen: size of the newest checkpoint the caller has verified, if it says so.

    Raises:
        Problem: with a stable code and what to do.
    """
    match body:
        case frame.Declare():
            outcome = await hub.declaring.submit(Asked(caller=caller, request=body, at=at))
            return await _proved(hub, outcome, seen)
        case frame.Prove():
            return await _proved(hub, await _own(hub, caller, body.envelope), seen)
        case frame.Deposit():
            return await hub.depositing.submit(Depositing(caller=caller, request=body, at=at))
        case frame.Act():
            line = hub.receiving if is_receipt(body.act) else hub.acting
            return await line.submit(Acting(caller=caller, request=body, at=at))
        case frame.Status():
            return await status.status(hub, caller.agency, body)
        case frame.Directory():
            return await status.directory(hub, body)
        case frame.SubjectKey():
            return await subject_key.read(hub, caller.agency, body)
        case frame.Consistency():
            return await hub.prover.consistency(body.old, body.new)
        case _:
            raise Problem("unsupported", f"The hub is not asked to {verb.value}.")


async def _own(hub: "Hub", caller: Caller, envelope: str) -> Outcome:
    rows = await hub.pool.fetch(_SQL["read_outcomes"], [caller.agency], [envelope])
    if not rows:
        raise Problem.not_found()
    return Outcome.from_row(rows[0])


async def _proved(hub: "Hub", outcome: Outcome, seen: int | None) -> frame.Declared:
    # The decision goes out even if the log cannot integrate now; the sender then asks to prove it later.
    proof = None
    if outcome.state in {
        State.PERMITTED,
        State.DEPOSITED,
        State.HANDED_OVER,
        State.OPENED,
    } and await hub.head.covers(outcome.index, within=hub.settings.prove_wait):
        proof = (await hub.prover.prove([outcome.index], seen=seen)).get(outcome.index)
    return outcome.answer(proof, checkpoint_size=hub.head.size)


def model_of(verb: Verb) -> type[Wire]:
    """The model of a verb's request to the hub.

    Raises:
        Problem: `unsupported` for what only the hub asks.
    """
    model = frame.ASKED_OF_HUB.get(verb)
    if model is None:
        raise Problem("unsupported", f"The hub is not asked to {verb.value}.")
    return model
