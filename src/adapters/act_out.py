"""Sending signed acts and receipts, and what their being in the log means here.

What was signed with a key that was revoked, or ran out, before the hub took it is signed anew with the key in
force, and so is what was no longer valid when the hub was there again: the same act under the same id, for
what it says has happened. The hub looks for an act it has taken before it looks at key and time, so what it
refuses for those it has not taken.
"""

from adapters.desk.writing import OPENINGS, openings_from
from adapters.logs import log
from adapters.problem import KEY_ENDED, HubProblem
from adapters.step import Step
from adapters.work import Work
from broker.protocol import act as acts
from broker.protocol.frame import Act, Acted, Verb
from keys import jws


async def send_act(work: Work, jti: str) -> None:
    """Send one journalled act and journal the answer. Raises HubProblem or Unreachable when it is to be sent
    again.
    """
    journal = work.folder.journal
    row = journal.row("get_act", jti=jti)
    if row is None or row["done"]:
        return
    sealed = row["sealed_openings"]
    request = Act(
        act=row["token"],
        openings=[] if sealed is None else openings_from(work.folder, sealed, OPENINGS, jti),
        sealed=row["passed"],
    )
    answer, problem = None, None
    try:
        answer = await work.hub.ask(Verb.ACT, request, Acted)
    except HubProblem as refused:
        if refused.retry:
            raise
        token = _signed_anew(work, row["token"], refused)
        if token is not None:
            await journal.run("set_act_token", jti=jti, token=token)
            await send_act(work, jti)
            return
        problem = refused.failure
        log.warning("act-refused", act=row["act"], code=refused.code, reason=refused.reason)
    _, act = acts.parse_agency_act(row["token"])
    _apply(work, act, accepted=answer is not None)
    await journal.run(
        "set_acted",
        jti=jti,
        answer=None if answer is None else answer.dump().decode(),
        problem=None if problem is None else problem.dump().decode(),
        touches=(jti,),
    )
    if isinstance(act, acts.Recall):
        work.follow(act.envelope)
    if isinstance(act, acts.Withdraw | acts.Rate):
        work.follow(act.exchange)


def _apply(work: Work, act: acts.AgencyAct, *, accepted: bool) -> None:
    # Before the answer is journalled, so that a kill in between repeats it: each of these may be repeated.
    keyring = work.folder.keyring
    match act:
        case acts.KeySetChange():
            keyring.reload()
            if accepted:
                keyring.adopt(act.key_set)
                log.info("key-set-adopted", count=len(keyring.sets))
            elif keyring.pending == act.key_set:
                keyring.give_up()
        case acts.Drained():
            keyring.forget(act.kid)
        case _:
            return


async def send_receipt(work: Work, sender: str, jti: str) -> None:
    """Send the receipt signed when the envelope was journalled, as it is; signed anew where its key has ended
    meanwhile. Raises as `send_act`.
    """
    row = work.folder.journal.row("get_receipt", sender=sender, jti=jti)
    if row is None:
        return
    try:
        await work.hub.ask(Verb.ACT, Act(act=row["receipt"]), Acted)
    except HubProblem as problem:
        if problem.retry:
            raise
        token = _signed_anew(work, row["receipt"], problem)
        if token is not None:
            # In the journal first: whatever is sent again after a kill is what was sent last.
            await work.folder.journal.run("set_receipt", sender=sender, jti=jti, receipt=token)
            log.info("receipt-signed-anew", envelope=jti, sender=sender, reason=problem.reason)
            await send_receipt(work, sender, jti)
            return
        log.warning("receipt-refused", envelope=jti, sender=sender, code=problem.code, reason=problem.reason)
        if problem.reason in KEY_ENDED:
            return  # not given up: the next start, or handover, finds it, and perhaps a key that may sign
        # Else the hub has another ending on record (set aside after too many handovers): it stays with it.
    work.observe(Step.RECEIPTED)
    await work.folder.journal.run("acknowledge", sender=sender, jti=jti, touches=(jti,))


def _signed_anew(work: Work, token: str, problem: HubProblem) -> str | None:
    """The same act by the signing key in force, valid from now; None where the hub refused something else
    than its key or its time.
    """
    parsed, act = acts.parse_agency_act(token)
    signing, at = work.folder.keyring.signing, work.now()
    key_ended = problem.reason in KEY_ENDED and parsed.kid != signing.public.kid
    # By our own clock too: for a hub whose clock differs an act does not become valid by being signed again.
    time_ended = problem.code == "gone" and problem.reason is None and act.exp < at
    if not (key_ended or time_ended):
        return None
    anew = act.model_copy(update={"iat": at, "exp": at + act.exp - act.iat})
    return jws.sign(anew.dump(), signing, parsed.typ)
