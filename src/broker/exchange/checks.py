"""What a declaration must be before it is put to the rules: by whom, within which exchange, about whom.

Inside the transaction that decides, after the guards are share-locked. What does not exist and what is not
the caller's are refused by one path, in the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from broker.exchange.asks import Answered, Key, answered_by
from broker.exchange.facts import Facts, check_signing_key
from broker.exchange.outcome import Outcome
from broker.exchange.prepare import LONGEST_VALIDITY, Prepared
from broker.protocol.declaration import Ask, Item
from broker.protocol.problem import Problem
from broker.store.query import queries
from broker.store.transaction import Connection
from keys.errors import Rejected

_SQL = queries("envelope")
_FACTS = queries("facts")
Found = dict[tuple[str, str], Outcome | Problem]
"""By issuer and jti: what a declaration came to before it was decided."""


async def refuse_callers(connection: Connection, facts: Facts, batch: Sequence[Prepared]) -> Found:
    found: Found = {}
    connected = {p.asked.caller.agency for p in batch if p.asked.caller.generation is not None}
    newest: dict[str, int] = {}
    if connected:
        rows = await connection.fetch(_FACTS["read_generations"], list(connected))
        newest = {row["agency"]: row["generation"] for row in rows}
    for p in batch:
        claims, at, caller = p.declaration, p.asked.at, p.asked.caller
        sender, recipient = facts.agencies.get(claims.iss), facts.agencies.get(claims.recipient)
        try:
            if caller.generation is not None and newest.get(caller.agency) != caller.generation:
                raise Problem(
                    "conflict", "A newer connection of your agency has taken over.", reason="replaced"
                )
            if sender is None or not sender.active:
                raise Problem(
                    "forbidden", "Your agency is stopped; ring an administrator.", reason="agency-stopped"
                )
            check_signing_key(facts, agency=claims.iss, kid=p.kid, at=at)
            if recipient is None or not recipient.active:
                raise Problem.not_found()
            if not claims.iat - 300 <= at <= claims.exp:
                raise Problem(
                    "gone", "The declaration is not valid now: check this machine's clock and declare anew."
                )
            if claims.needed_until - at > 400 * LONGEST_VALIDITY:
                raise Problem("unprocessable", "needed_until is more than 400 days away.")
        except Rejected as error:
            found[p.id] = Problem("forbidden", str(error), reason=error.code)
        except Problem as problem:
            found[p.id] = problem
    return found


def for_its_people(p: Prepared, facts: Facts, references: Sequence[str], ask: Ask | None) -> Facts:
    """The facts without the named consents that are about other people: nothing rests on those.

    Tokens and a consent's people never change, so this need not be asked again at handover.

    Raises:
        Problem: `unprocessable` where the consent is the sender's own or its ask's. Of any other the sender
            is told no more than of one that is not there.
    """
    others = set()
    for reference in references:
        consent = facts.consents.get(reference)
        if consent is None or not consent.subjects or set(p.tokens) <= consent.subjects:
            continue
        if consent.agency == p.declaration.iss or (ask is not None and ask.consent.reference == reference):
            raise Problem(
                "unprocessable", "The consent named was given for other people.", reason="consent-of-others"
            )
        others.add(reference)
    if not others:
        return facts
    return replace(facts, consents={r: c for r, c in facts.consents.items() if r not in others})


async def refuse_items(
    connection: Connection, asks: Mapping[Key, Answered], batch: Sequence[Prepared]
) -> Found:
    items = [(p, p.declaration) for p in batch if isinstance(p.declaration, Item)]
    if not items:
        return {}
    rows = await connection.fetch(_SQL["share_exchanges"], [item.exchange for _, item in items])
    exchanges = {row["id"]: row for row in rows}
    found: Found = {}
    for p, item in items:
        row, answered = exchanges.get(item.exchange), answered_by(asks, item)
        if (
            row is None
            or answered is None
            or answered.ask is None
            or (row["source"], row["asker"]) != (item.iss, item.recipient)
            or row["delivered_at"] is None
        ):
            found[p.id] = Problem.not_found()
        elif row["withdrawn"]:
            found[p.id] = Problem(
                "gone", "The asker has withdrawn this ask; nothing more is wanted.", reason="ask-withdrawn"
            )
        elif row["needed_until"] < p.asked.at:
            found[p.id] = Problem(
                "gone", "The ask was needed only until an earlier time; send nothing more.", reason="ask-over"
            )
        elif item.category not in answered.ask.categories or item.purpose is not answered.ask.purpose:
            found[p.id] = Problem(
                "unprocessable", "The ask does not name this category or purpose.", reason="not-asked"
            )
        elif not set(p.tokens) <= set(answered.tokens):
            found[p.id] = Problem(
                "unprocessable", "The item is about somebody the ask does not name.", reason="other-subject"
            )
    return found


def asked_as(p: Prepared, asks: Mapping[Key, Answered]) -> tuple[int, ...]:
    """Which of the opening's subjects each subject of what belongs to an exchange is, by place; nothing for
    what opens one.
    """
    answered = answered_by(asks, p.declaration)
    if answered is None:
        return ()
    return tuple(answered.tokens.index(token) for token in p.tokens)


def lifted_for(p: Prepared, asks: Mapping[Key, Answered]) -> tuple[str, ...]:
    """What was lifted for an ask holds for all that belongs to it: it was lifted for this exchange."""
    answered = answered_by(asks, p.declaration)
    return answered.lifted if answered is not None else ()
