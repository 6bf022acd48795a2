"""An agency's signed act as it came in, read and verified as far as the hub can outside a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from broker.exchange.caller import Caller
from broker.exchange.facts import Facts, check_signing_key
from broker.exchange.wake import Told
from broker.log.append import Entry
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.declaration import SubjectCommitment
from broker.protocol.evidence import digest_of
from broker.protocol.frame import Acted
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from keys import base64url, jws, subject
from keys.errors import Rejected

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("act")
_RECEIPT: Final = acts.typ_of(acts.Receipt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """One act as it came in."""

    caller: Caller
    request: frame.Act
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An act whose signature holds; whether its key is revoked is read with the facts."""

    acting: Acting
    kid: str
    act: acts.AgencyAct
    digest: str

    @property
    def id(self) -> tuple[str, str]:
        """Issuer and jti: what makes it unique."""
        return self.act.iss, self.act.jti


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Whom to wake after the commit, and why."""

    kind: str
    to: Told


@dataclass(slots=True, kw_only=True)
class Effect:
    """What an act comes to: records in order, the state to answer with, whom to wake."""

    entries: list[Entry] = field(default_factory=list)
    state: State | None = None
    hints: list[Hint] = field(default_factory=list)


def is_receipt(token: str) -> bool:
    """Whether an act says of itself that it is a receipt; one that cannot be read is none."""
    try:
        return jws.parse(token).typ == _RECEIPT
    except Rejected:
        return False


async def verify_act(hub: "Hub", acting: Acting) -> Verified:
    """Read an act strictly and verify its signature.

    Raises:
        Problem: malformed, not for this hub, or not signed by an enrolled key of the caller.
    """
    try:
        token, act = acts.parse_agency_act(acting.request.act)
        owner = await hub.facts.owner(hub.pool, token.kid)
        if owner is None or owner[0] != acting.caller.agency or act.iss != acting.caller.agency:
            raise Problem("unauthenticated", "The act is not signed by an enrolled key of yours.")
        jws.verify(token, owner[1], typ=token.typ)
    except Rejected as error:
        raise Problem.malformed(error.code, str(error)) from error
    if act.hub != hub.hub_id:
        raise Problem("forbidden", "The act was written for another hub.", reason="another-hub")
    return Verified(acting=acting, kid=token.kid, act=act, digest=digest_of(token.token))


async def earlier(
    connection: Connection, batch: Sequence[Verified]
) -> dict[tuple[str, str], Acted | Problem]:
    """Find acts taken before: the same bytes get the same answer, other bytes under their id a refusal."""
    rows = await connection.fetch(_SQL["find_all"], [v.id[0] for v in batch], [v.id[1] for v in batch])
    digests = {v.id: v.digest for v in batch}
    found: dict[tuple[str, str], Acted | Problem] = {}
    for row in rows:
        key = (row["issuer"], row["jti"])
        if row["digest"] == digests[key]:
            state = None if row["state"] is None else State(row["state"])
            found[key] = Acted(index=row["record_index"], state=state)
        else:
            found[key] = Problem(
                "replayed-differently", "This jti was used before for other bytes; use a new one."
            )
    return found


def check_fresh(verified: Verified, facts: Facts, *, skew: int) -> None:
    """Refuse an act by a stopped agency, a revoked key, or outside its time.

    Raises:
        Problem: with what to do.
    """
    act, at = verified.act, verified.acting.at
    sender = facts.agencies.get(act.iss)
    if sender is None or not sender.active:
        raise Problem("forbidden", "Your agency is stopped; ring an administrator.", reason="agency-stopped")
    try:
        check_signing_key(facts, agency=act.iss, kid=verified.kid, at=at)
    except Rejected as error:
        raise Problem("forbidden", str(error), reason=error.code) from error
    if not act.iat - skew <= at <= act.exp:
        raise Problem("gone", "The act is not valid now: check this machine's clock and sign anew.")


def check_openings(committed: Sequence[SubjectCommitment], openings: Sequence[frame.Opening]) -> None:
    """Check each subject's commitment against what travels beside the act.

    Raises:
        Problem: one does not open, or one is missing.
    """
    if len(committed) != len(openings):
        raise Problem("unprocessable", "Each subject needs its opening beside the act.")
    for each, opening in zip(committed, openings, strict=True):
        try:
            subject.verify_commitment(
                base64url.decode(each.c), base64url.decode(opening.r), base64url.decode(opening.t1)
            )
        except Rejected as error:
            raise Problem("unprocessable", str(error), reason=error.code) from error


Found = Mapping[tuple[str, str], Acted | Problem]
