"""Declare: check, decide, record, in one transaction for all that arrived together.

As a story, for one batch:

1. Outside the transaction: read each declaration strictly, verify its signature with the key its `kid` names,
   check that it is for this hub, by this caller, in time, and that each subject's commitment opens; turn each
   t1 into a token and forget it. At this point nothing is written.
2. Share-lock the guards, read the facts. What is revoked from here on is ordered after this batch in the log.
3. A repeat of the same bytes gets its first outcome; other bytes under its id are refused.
4. Decide each. Open the exchanges of asks, take the one answer per category of items, write the envelopes.
5. Append the records, last lock of all. At this point, after the commit, the sender may be told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from broker.batch import RunAgain
from broker.exchange.asks import Answered, answered_by
from broker.exchange.caller import Caller
from broker.exchange.facts import Facts, check_signing_key
from broker.exchange.outcome import Outcome, deciding_record, first_state, outcome_document
from broker.exchange.question import consent_references, decided, question_of
from broker.log.append import Entry, append
from broker.protocol import declaration as declared
from broker.protocol.declaration import Ask, Declaration, Item, Message, Notice, NoticeKind, categories_of
from broker.protocol.evidence import digest_of
from broker.protocol.frame import Declare
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.protocol.record import Decided
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import Connection, committed
from keys import base64url, jws, subject
from keys.errors import Rejected
from keys.signing import PublicKey
from policies.vocabulary import Rating

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("envelope")
_FACTS = queries("facts")
LONGEST_VALIDITY: Final = 86_400
"""A declaration's `exp` may be at most a day after its `iat`: it is for first acceptance only."""


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


async def declare(hub: "Hub", batch: Sequence[Asked]) -> list[Outcome | Problem]:
    """Decide a batch of declarations; each gets its outcome or its own problem."""
    hub.observe(Step.DECLARE_BEGUN)
    prepared = await prepare(hub, batch)
    ready = _without_clashes([each for each in prepared if isinstance(each, Prepared)])
    found: Mapping[tuple[str, str], Outcome | Problem] = {}
    if ready:
        found = await committed(
            hub.pool,
            lambda connection: _decide(hub, connection, ready),
            before_commit=lambda: hub.observe(Step.DECLARE_WRITTEN),
        )
        hub.observe(Step.DECLARE_COMMITTED)
        hub.head.pending.set()
        _keep_asks(hub, ready, found)
    outcomes: list[Outcome | Problem] = []
    for each in prepared:
        if isinstance(each, Problem):
            outcomes.append(each)
        elif each in ready:
            outcomes.append(found[each.id])
        else:
            # It shares its id or its category with another of this batch: it takes its turn after it.
            outcomes.append((await declare(hub, [each.asked]))[0])
    return outcomes


def _keep_asks(
    hub: "Hub", ready: Sequence[Prepared], found: Mapping[tuple[str, str], Outcome | Problem]
) -> None:
    # Their items are on the way: nobody need read them back.
    for each in ready:
        if isinstance(each.declaration, Ask) and isinstance(found[each.id], Outcome):
            hub.asks.keep(each.declaration)


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
    if isinstance(claims, Message) or (
        isinstance(claims, Notice) and claims.notice is not NoticeKind.CONTACT
    ):
        raise Problem(
            "unsupported", "This hub carries asks, items and contacts; this kind is not carried yet."
        )
    for reason in claims.grounds.schedule1:
        if not 0 <= reason.subject < len(claims.subjects):
            raise Problem("unprocessable", "A Schedule 1 reason names a subject that is not declared.")


def _tokens(hub: "Hub", asked: Asked, claims: Declaration) -> tuple[bytes, ...]:
    if len(asked.request.openings) != len(claims.subjects):
        raise Problem("unprocessable", "Each declared subject needs its opening beside the declaration.")
    tokens = []
    for committed_to, opening in zip(claims.subjects, asked.request.openings, strict=True):
        t1 = base64url.decode(opening.t1)
        subject.verify_commitment(base64url.decode(committed_to.c), base64url.decode(opening.r), t1)
        tokens.append(subject.token(hub.keys.subject, t1))
    return tuple(tokens)


def _without_clashes(prepared: Sequence[Prepared]) -> list[Prepared]:
    # Two of one id, or two answers to one category, cannot be in one statement: the later ones wait for their
    # own.
    taken: set[tuple[str, ...]] = set()
    kept = []
    for each in prepared:
        names: set[tuple[str, ...]] = {("id", *each.id)}
        if isinstance(each.declaration, Item):
            names.add(("answer", each.declaration.exchange, each.declaration.category.value))
        if not names & taken:
            kept.append(each)
        taken |= names
    return kept


async def _decide(
    hub: "Hub", connection: Connection, batch: Sequence[Prepared]
) -> Mapping[tuple[str, str], Outcome | Problem]:
    asks = await hub.asks.read(connection, [p.declaration for p in batch])
    agencies = {name for p in batch for name in (p.declaration.iss, p.declaration.recipient)}
    references = {p.id: consent_references(p.declaration, answered_by(asks, p.declaration)) for p in batch}
    facts = await hub.facts.read(
        connection, agencies=agencies, consents={r for each in references.values() for r in each}
    )
    found = await _earlier(connection, batch)
    fresh = [p for p in batch if p.id not in found]
    found |= await _refuse_callers(connection, facts, fresh)
    found |= await _refuse_items(connection, asks, [p for p in fresh if p.id not in found])
    decisions: dict[tuple[str, str], Decided] = {}
    for p in fresh:
        if p.id in found:
            continue
        answered = answered_by(asks, p.declaration)
        try:
            question = question_of(
                p.declaration,
                answered=answered,
                asked_as=asked_as(p, asks),
                facts=_for_its_people(p, facts, references[p.id], answered.ask if answered else None),
                lifted=lifted_for(p, asks),
                at=p.asked.at,
            )
            decisions[p.id] = decided(question, facts, hub.catalogue, references[p.id])
        except Problem as problem:
            found[p.id] = problem
    deciding = [p for p in fresh if p.id in decisions]
    found |= await _open_exchanges(connection, deciding, decisions)
    found |= await _take_answers(connection, [p for p in deciding if p.id not in found], decisions)
    writing = [p for p in deciding if p.id not in found]
    if writing:
        found |= await _write(hub, connection, writing, decisions, asks)
    return found


async def _earlier(
    connection: Connection, batch: Sequence[Prepared]
) -> dict[tuple[str, str], Outcome | Problem]:
    rows = await connection.fetch(_SQL["read_outcomes"], [p.id[0] for p in batch], [p.id[1] for p in batch])
    digests = {p.id: p.digest for p in batch}
    found: dict[tuple[str, str], Outcome | Problem] = {}
    for row in rows:
        key = (row["sender"], row["jti"])
        if row["declaration_digest"] == digests[key]:
            found[key] = Outcome.from_row(row)
        else:
            found[key] = Problem(
                "replayed-differently", "This jti was declared before with other bytes; use a new one."
            )
    return found


async def _refuse_callers(
    connection: Connection, facts: Facts, batch: Sequence[Prepared]
) -> dict[tuple[str, str], Outcome | Problem]:
    found: dict[tuple[str, str], Outcome | Problem] = {}
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


def _for_its_people(p: Prepared, facts: Facts, references: Sequence[str], ask: Ask | None) -> Facts:
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


async def _refuse_items(
    connection: Connection, asks: Mapping[str, Answered], batch: Sequence[Prepared]
) -> dict[tuple[str, str], Outcome | Problem]:
    items = [(p, p.declaration) for p in batch if isinstance(p.declaration, Item)]
    if not items:
        return {}
    rows = await connection.fetch(_SQL["share_exchanges"], [item.exchange for _, item in items])
    exchanges = {row["id"]: row for row in rows}
    found: dict[tuple[str, str], Outcome | Problem] = {}
    for p, item in items:
        row, answered = exchanges.get(item.exchange), answered_by(asks, item)
        if (
            row is None
            or answered is None
            or (row["source"], row["asker"]) != (item.iss, item.recipient)
            or row["delivered_at"] is None
        ):
            found[p.id] = Problem.not_found()
        elif row["withdrawn"]:
            found[p.id] = Problem(
                "gone", "The asker has withdrawn this ask; nothing more is wanted.", reason="ask-withdrawn"
            )
        elif row["needed_until"] < p.asked.at:
            found[p.id] = Problem("gone", "The ask was needed only until an earlier time; send nothing more.")
        elif item.category not in answered.ask.categories or item.purpose is not answered.ask.purpose:
            found[p.id] = Problem(
                "unprocessable", "The ask does not name this category or purpose.", reason="not-asked"
            )
        elif not set(p.tokens) <= set(answered.tokens):
            found[p.id] = Problem(
                "unprocessable", "The item is about somebody the ask does not name.", reason="other-subject"
            )
    return found


def asked_as(p: Prepared, asks: Mapping[str, Answered]) -> tuple[int, ...]:
    """Which of the ask's subjects each subject of an item is, by place; nothing for other kinds."""
    answered = answered_by(asks, p.declaration)
    if answered is None:
        return ()
    return tuple(answered.tokens.index(token) for token in p.tokens)


def lifted_for(p: Prepared, asks: Mapping[str, Answered]) -> tuple[str, ...]:
    """What was lifted for an ask holds for its answers too: the person who lifted it did so for this
    exchange.
    """
    answered = answered_by(asks, p.declaration)
    return answered.lifted if answered is not None else ()


async def _open_exchanges(
    connection: Connection, batch: Sequence[Prepared], decisions: Mapping[tuple[str, str], Decided]
) -> dict[tuple[str, str], Outcome | Problem]:
    asks = [(p, p.declaration) for p in batch if isinstance(p.declaration, Ask)]
    if not asks:
        return {}
    rows = await connection.fetch(
        _SQL["add_exchanges"],
        [ask.jti for _, ask in asks],
        [ask.iss for _, ask in asks],
        [ask.recipient for _, ask in asks],
        [",".join(ask.categories) for _, ask in asks],
        [",".join(decisions[p.id].confirmable) for p, _ in asks],
        [ask.due_within for _, ask in asks],
        [ask.needed_until for _, ask in asks],
    )
    opened = {row["id"] for row in rows}
    conflict = Problem("replayed-differently", "This id is in use; declare with a new one.")
    lost = [p for p, ask in asks if ask.jti not in opened]
    # The same bytes may have been declared by another process meanwhile: then its outcome is this one's too.
    earlier = await _earlier(connection, lost) if lost else {}
    return {p.id: earlier.get(p.id, conflict) for p in lost}


async def _take_answers(
    connection: Connection, batch: Sequence[Prepared], decisions: Mapping[tuple[str, str], Decided]
) -> dict[tuple[str, str], Outcome | Problem]:
    found: dict[tuple[str, str], Outcome | Problem] = {}
    taking: list[tuple[Prepared, Item]] = []
    for p in batch:
        item = p.declaration
        # A refused item is no answer: it may be mended and declared anew.
        if not isinstance(item, Item) or first_state(decisions[p.id]) is State.REFUSED:
            continue
        if item.corrects is None:
            taking.append((p, item))
        elif not await connection.fetchval(
            _SQL["corrected"], item.iss, item.corrects, item.exchange, [item.category.value]
        ):
            found[p.id] = Problem.not_found()
    if taking:
        rows = await connection.fetch(
            _SQL["take_answers"],
            [item.exchange for _, item in taking],
            [item.category.value for _, item in taking],
            ["item"] * len(taking),
            [item.jti for _, item in taking],
        )
        taken = {row["jti"] for row in rows}
        answered = Problem(
            "already-answered", "This category has its final answer; send a correction instead."
        )
        lost = [p for p, item in taking if item.jti not in taken]
        earlier = await _earlier(connection, lost) if lost else {}
        found |= {p.id: earlier.get(p.id, answered) for p in lost}
    return found


async def _write(
    hub: "Hub",
    connection: Connection,
    batch: Sequence[Prepared],
    decisions: Mapping[tuple[str, str], Decided],
    asks: Mapping[str, Answered],
) -> dict[tuple[str, str], Outcome | Problem]:
    rows = []
    outcomes: dict[tuple[str, str], Outcome | Problem] = {}
    for p in batch:
        claims, decision = p.declaration, decisions[p.id]
        deposit_by = min(p.asked.at + hub.settings.deposit_within, claims.needed_until)
        rows.append(
            (
                claims.iss,
                claims.jti,
                p.kid,
                claims.kind.value,
                claims.recipient,
                claims.exchange,
                ",".join(categories_of(claims)),
                claims.consent.reference,
                p.asked.request.declaration,
                p.digest,
                claims.body.digest,
                first_state(decision).value,
                outcome_document(decision),
                deposit_by,
                claims.needed_until,
                ",".join(lifted_for(p, asks)),
                ",".join(str(place) for place in asked_as(p, asks)),
                claims.rating is Rating.RED,
            )
        )
    added = await connection.fetch(
        _SQL["add_envelopes"],
        *(list(column) for column in zip(*rows, strict=True)),
        [p.id[0] for p in batch for _ in p.tokens],
        [p.id[1] for p in batch for _ in p.tokens],
        [n for p in batch for n in range(len(p.tokens))],
        [s.role.value for p in batch for s in p.declaration.subjects],
        [t for p in batch for t in p.tokens],
    )
    if len(added) != len(batch):
        # Another process declared the same id between our reading and our writing: read again and find it.
        raise RunAgain
    entries = [
        Entry(
            record=deciding_record(p.declaration, p.digest, decisions[p.id], at=p.asked.at, lift=None),
            decides=p.id,
        )
        for p in batch
    ]
    first = await append(connection, hub.recorder, entries)
    for place, (p, row) in enumerate(zip(batch, rows, strict=True)):
        outcomes[p.id] = Outcome.of(
            p.declaration,
            decisions[p.id],
            state=first_state(decisions[p.id]),
            index=first + place,
            deposit_by=row[13],
        )
    return outcomes
