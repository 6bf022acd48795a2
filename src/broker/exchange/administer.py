"""Administration: what a person signs changes the hub, in one transaction with its record.

Authentication is the signature itself: the act names its person, the hub knows the person's key and role. The
guard table is locked first, so that every permit and handover is ordered before the change or sees it.
"""

import json
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from broker.exchange import agency_key, subject_key
from broker.exchange.acting import Hint
from broker.exchange.facts import ALL, HEAD, Guard
from broker.exchange.wake import EVERYONE
from broker.log.append import Entry, append
from broker.protocol import act as acts
from broker.protocol import record
from broker.protocol.evidence import digest_of
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import CommitUnknown, Connection, barrier, committed
from keys import jws, strict_json
from keys.errors import Rejected
from keys.signing import parse_public_key, public_key, verify_prime_order
from policies.errors import PolicyError
from policies.policy_set import parse_policy_set

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("administration")
_ACT = queries("act")
_FACTS = queries("facts")
_EVERYONE: Final = Hint(kind="directory", to=EVERYONE)
_HELD: Final = Hint(kind="held", to=EVERYONE)


async def administer(hub: "Hub", token: str, document: object, *, at: int) -> int:
    """Take an administrator's signed act; give the index of its record. A repeat gives the first index.

    Args:
        document: the policy set that a `policy-activation` names by digest; None otherwise.

    Raises:
        Problem: not signed by a person with the role; or the act's own refusal.
    """
    try:
        parsed, act = acts.parse_person_act(token)
    except Rejected as error:
        raise Problem.malformed(error.code, str(error)) from error
    hints: list[Hint] = []

    async def work(connection: Connection) -> int:
        await connection.execute(_FACTS["lock_guards"])
        await _verify(connection, parsed, act)
        known = await connection.fetchrow(_ACT["find"], act.iss, act.jti)
        if known is not None:
            if known["digest"] != digest_of(parsed.token):
                raise Problem(
                    "replayed-differently", "This jti was used before for other bytes; use a new one."
                )
            return int(known["record_index"])
        if act.hub != hub.hub_id:
            raise Problem("forbidden", "The act was written for another hub.", reason="another-hub")
        if not act.iat - hub.settings.skew <= at <= act.exp:
            raise Problem("gone", "The act is not valid now: check this machine's clock and sign anew.")
        hints[:] = await _apply(connection, act, document, at)
        await connection.fetch(
            _ACT["take"], [act.iss], [act.jti], [digest_of(parsed.token)], [None], [], [], None
        )
        for hint in hints:
            await hub.wake.tell(connection, hint.kind, hint.to)
        entry = Entry(
            record=record.PersonActed(at=at, person=act.iss, act=parsed.token), acted=(act.iss, act.jti)
        )
        return await append(connection, hub.recorder, [entry])

    try:
        index = await committed(hub.pool, work)
    except CommitUnknown:
        # Run again behind a barrier: it finds what it did, durably, or does it now.
        await barrier(hub.pool)
        index = await committed(hub.pool, work)
    hub.head.pending.set()
    for hint in hints:
        hub.wake.tell_here(hint.kind, hint.to)
    return index


async def _verify(connection: Connection, parsed: jws.Jws, act: acts.PersonAct) -> None:
    for row in await connection.fetch(_SQL["person_by_key"]):
        key = public_key(bytes(row["key"]))
        if row["id"] == act.iss and key.kid == parsed.kid:
            try:
                jws.verify(parsed, key, typ=parsed.typ)
            except Rejected as error:
                raise Problem("unauthenticated", str(error), reason=error.code) from error
            if row["role"] != "administrator":
                raise Problem("forbidden", "This act needs an administrator.")
            return
    raise Problem("unauthenticated", "The act is not signed by a person this hub knows.")


async def _apply(connection: Connection, act: acts.PersonAct, document: object, at: int) -> list[Hint]:
    match act:
        case acts.AgencyAddition():
            return await _add_agency(connection, act, at)
        case acts.AgencyInvitation():
            return await _invite_agency(connection, act, at)
        case acts.AgencyStop():
            return await _stop_agency(connection, act)
        case acts.AgencyKeyRevocation():
            await agency_key.revoke(connection, act.agency, act.kid)
            return agency_key.revocation_hints(act.agency)
        case acts.SubjectKeyRenewal():
            return await subject_key.renew(connection, act)
        case acts.AgreementSigning():
            text = act.model_dump(mode="json")["agreement"]
            await _one(
                connection.fetchval(_SQL["add_agreement"], act.agreement.id, json.dumps(text)),
                "An agreement of this id is on record; a change needs a higher version.",
            )
            await connection.execute(_FACTS["move_guard"], Guard.AGREEMENT.value, ALL)
            return [_HELD]
        case acts.AgreementEnd():
            if await connection.fetchval(_SQL["end_agreement"], act.agreement) is None:
                raise Problem("not-found", "No agreement of that id is in force.")
            await connection.execute(_FACTS["move_guard"], Guard.AGREEMENT.value, ALL)
            return [_HELD]
        case acts.PolicyActivation():
            return await _activate(connection, act, document)
        case acts.PersonAddition():
            try:
                key = parse_public_key(dict(act.key))
                verify_prime_order(key)
            except Rejected as error:
                raise Problem("unprocessable", str(error), reason=error.code) from error
            await _one(
                connection.fetchval(_SQL["add_person"], act.person, act.role, key.raw),
                "A person of this id is on record.",
            )
            return []


async def _add_agency(connection: Connection, act: acts.AgencyAddition, at: int) -> list[Hint]:
    if act.code_expires <= at:
        raise Problem("unprocessable", "The enrolment code would have expired already.")
    controllers = json.dumps(act.model_dump(mode="json")["controllers"])
    await _one(
        connection.fetchval(
            _SQL["add_agency"],
            act.agency,
            act.name,
            act.sector.value,
            controllers,
            act.duty_contact,
            act.code_digest,
            act.code_expires,
        ),
        "An agency of this id is enrolled already; to let it enrol again, invite it.",
    )
    for kind in (Guard.AGENCY, Guard.KEYS):
        await connection.execute(_FACTS["move_guard"], kind.value, act.agency)
    return []


async def _invite_agency(connection: Connection, act: acts.AgencyInvitation, at: int) -> list[Hint]:
    if act.code_expires <= at:
        raise Problem("unprocessable", "The enrolment code would have expired already.")
    invited = await connection.fetchval(_SQL["invite_agency"], act.agency, act.code_digest, act.code_expires)
    if invited is None:
        raise Problem("not-found", "No agency of that id can be invited: it was never added, or is stopped.")
    await connection.execute(_SQL["forget_enrolment"], act.agency)
    return []


async def _stop_agency(connection: Connection, act: acts.AgencyStop) -> list[Hint]:
    if await connection.fetchval(_SQL["stop_agency"], act.agency) is None:
        raise Problem("not-found", "No agency of that id is active.")
    await connection.execute(_ACT["end_tokens"], act.agency, None)
    await connection.execute(_FACTS["move_guard"], Guard.AGENCY.value, act.agency)
    return [Hint(kind="stopped", to={act.agency: ()}), _EVERYONE, _HELD]


async def _activate(connection: Connection, act: acts.PolicyActivation, document: object) -> list[Hint]:
    try:
        policy = parse_policy_set(document)
    except PolicyError as error:
        raise Problem("unprocessable", str(error), reason=error.code) from error
    if (policy.version, policy.digest) != (act.version, act.policy_digest):
        raise Problem("unprocessable", "The policy set beside the act is not the one it signs.")
    stored: Any = strict_json.dump(document)  # type: ignore[arg-type]  # it came through the strict parser
    await _one(
        connection.fetchval(_SQL["add_policy_set"], policy.version, policy.digest, stored),
        "A policy set of this version is on record; going back is a new version.",
    )
    await _one(
        connection.fetchval(_SQL["set_policy_head"], policy.version), "A newer policy set is in force."
    )
    await connection.execute(_FACTS["move_guard"], Guard.POLICY.value, HEAD)
    return [_HELD]


async def _one(written: Awaitable[Any], otherwise: str) -> None:
    if await written is None:
        raise Problem("conflict", otherwise)
