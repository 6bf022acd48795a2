"""Reading declarations: step 1 of `declare`, each by itself and outside the transaction. Nothing is written.

Read strictly, verify the signature with the key its `kid` names, check that it is for this hub, by this
caller, in time, and that each subject's commitment opens; turn each t1 into a token and forget it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from broker.exchange.caller import Caller
from broker.protocol import declaration as declared
from broker.protocol.declaration import Declaration, Notice, NoticeKind
from broker.protocol.evidence import digest_of
from broker.protocol.frame import Declare
from broker.protocol.problem import Problem
from keys import base64url, jws, subject
from keys.errors import Rejected
from keys.signing import PublicKey
from policies.vocabulary import Category, Purpose

if TYPE_CHECKING:
    from broker.hub import Hub

LONGEST_VALIDITY: Final = 86_400
"""A declaration's `exp` may be at most a day after its `iat`: it is for first acceptance only."""
_PURPOSE: Final = {
    NoticeKind.OUTCOME: Purpose.OUTCOME_FEEDBACK,
    NoticeKind.CORRECTION: Purpose.CORRECTION,
}
_FOR_NOTICES: Final = frozenset(_PURPOSE.values())
"""Purposes with wide rules: what is told for them belongs to an exchange that was allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One declaration as it came in."""

    caller: Caller
    request: Declare
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A declaration read, verified and opened as far as the hub can."""

    asked: Asked
    kid: str
    declaration: Declaration
    digest: str
    tokens: tuple[bytes, ...]

    @property
    def id(self) -> tuple[str, str]:
        """Issuer and jti: what makes it unique."""
        return self.declaration.iss, self.declaration.jti


async def prepare(hub: "Hub", batch: Sequence[Asked]) -> list[Prepared | Problem]:
    """Step 1, for each by itself."""
    owners: dict[str, tuple[str, PublicKey]] = {}
    parsed: list[tuple[jws.Jws, Declaration] | Problem] = []
    for asked in batch:
        try:
            token, claims = declared.parse_declaration(asked.request.declaration)
            owner = await hub.facts.owner(hub.pool, token.kid)
            if owner is None or owner[0] != asked.caller.agency:
                raise Problem("unauthenticated", "The declaration is not signed by an enrolled key of yours.")
            owners[token.kid] = owner
            parsed.append((token, claims))
        except Rejected as error:
            parsed.append(Problem.malformed(error.code, str(error)))
        except Problem as problem:
            parsed.append(problem)
    # One thread for the whole batch: verifying releases the interpreter, starting threads one by one would
    # not pay.
    return await asyncio.to_thread(_prepare_all, hub, list(batch), parsed, owners)


def _prepare_all(
    hub: "Hub",
    batch: list[Asked],
    parsed: list[tuple[jws.Jws, Declaration] | Problem],
    owners: Mapping[str, tuple[str, PublicKey]],
) -> list[Prepared | Problem]:
    prepared: list[Prepared | Problem] = []
    for asked, each in zip(batch, parsed, strict=True):
        if isinstance(each, Problem):
            prepared.append(each)
            continue
        token, claims = each
        try:
            jws.verify(token, owners[token.kid][1], typ=declared.TYP[claims.kind])
            _check(hub, asked, claims)
            tokens = _tokens(hub, asked, claims)
        except Rejected as error:
            prepared.append(Problem("forbidden", str(error), reason=error.code))
        except Problem as problem:
            prepared.append(problem)
        else:
            prepared.append(
                Prepared(
                    asked=asked,
                    kid=token.kid,
                    declaration=claims,
                    digest=digest_of(token.token),
                    tokens=tokens,
                )
            )
    return prepared


def _check(hub: "Hub", asked: Asked, claims: Declaration) -> None:
    if claims.hub != hub.hub_id:
        raise Problem("forbidden", "The declaration was written for another hub.", reason="another-hub")
    if claims.iss != asked.caller.agency:
        raise Problem("forbidden", "The declaration is another agency's.", reason="another-issuer")
    if claims.exp - claims.iat > LONGEST_VALIDITY:
        raise Problem("unprocessable", "A declaration is valid for at most a day; needed_until may be later.")
    if isinstance(claims, Notice):
        _check_notice(claims)
    for reason in claims.grounds.schedule1:
        if not 0 <= reason.subject < len(claims.subjects):
            raise Problem("unprocessable", "A Schedule 1 reason names a subject that is not declared.")


def _check_notice(claims: Notice) -> None:
    if claims.notice is NoticeKind.LATER_TRANSFER:
        raise Problem(
            "unsupported",
            "This hub carries no later transfers yet: tell a contact, or send the record another way.",
        )
    if claims.notice is NoticeKind.CONTACT and claims.regards is not None:
        raise Problem("unprocessable", "A contact opens its own exchange; write a message about another.")
    due = _PURPOSE.get(claims.notice)
    if (due is not None and claims.purpose is not due) or (due is None and claims.purpose in _FOR_NOTICES):
        raise Problem(
            "unprocessable",
            "An outcome has the purpose outcome_feedback, a correction the purpose correction.",
        )
    if (claims.notice is NoticeKind.OUTCOME) != (claims.category is Category.OUTCOME) and (
        claims.notice is not NoticeKind.CORRECTION
    ):
        raise Problem("unprocessable", "An outcome, and no contact, has the category outcome.")


def _tokens(hub: "Hub", asked: Asked, claims: Declaration) -> tuple[bytes, ...]:
    if len(asked.request.openings) != len(claims.subjects):
        raise Problem("unprocessable", "Each declared subject needs its opening beside the declaration.")
    tokens = []
    for committed_to, opening in zip(claims.subjects, asked.request.openings, strict=True):
        t1 = base64url.decode(opening.t1)
        subject.verify_commitment(base64url.decode(committed_to.c), base64url.decode(opening.r), t1)
        tokens.append(subject.token(hub.keys.subject, t1))
    return tuple(tokens)
