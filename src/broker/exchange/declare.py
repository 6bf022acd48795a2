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

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from broker.batch import RunAgain
from broker.exchange.asks import Answered, Key, answered_by
from broker.exchange.checks import (
    Found,
    asked_as,
    for_its_people,
    lifted_for,
    refuse_callers,
    refuse_items,
)
from broker.exchange.outcome import Outcome, deciding_record, first_state, outcome_document
from broker.exchange.prepare import Asked, Prepared, prepare
from broker.exchange.question import consent_references, decided, question_of
from broker.exchange.within import refuse_within
from broker.log.append import Entry, append
from broker.protocol.declaration import Ask, Item, categories_of
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.protocol.record import Decided
from broker.step import Step
from broker.store.query import queries
from broker.store.transaction import Connection, committed
from policies.vocabulary import Rating

if TYPE_CHECKING:
    from broker.hub import Hub

_SQL = queries("envelope")


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
    found |= await refuse_callers(connection, facts, fresh)
    found |= await refuse_items(connection, asks, [p for p in fresh if p.id not in found])
    rest = [p for p in fresh if p.id not in found]
    found |= await refuse_within(connection, asks, rest, messages=hub.settings.messages)
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
                facts=for_its_people(p, facts, references[p.id], answered.ask if answered else None),
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


async def _earlier(connection: Connection, batch: Sequence[Prepared]) -> Found:
    rows = await connection.fetch(_SQL["read_outcomes"], [p.id[0] for p in batch], [p.id[1] for p in batch])
    digests = {p.id: p.digest for p in batch}
    found: Found = {}
    for row in rows:
        key = (row["sender"], row["jti"])
        if row["declaration_digest"] == digests[key]:
            found[key] = Outcome.from_row(row)
        else:
            found[key] = Problem(
                "replayed-differently", "This jti was declared before with other bytes; use a new one."
            )
    return found


async def _open_exchanges(
    connection: Connection, batch: Sequence[Prepared], decisions: Mapping[tuple[str, str], Decided]
) -> Found:
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
) -> Found:
    found: Found = {}
    taking: list[tuple[Prepared, Item]] = []
    for p in batch:
        item = p.declaration
        # A refused item is no answer: it may be mended and declared anew.
        if not isinstance(item, Item) or first_state(decisions[p.id]) is State.REFUSED:
            continue
        taking.append((p, item))
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
            "already-answered", "This category has its final answer; tell a correction of it instead."
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
    asks: Mapping[Key, Answered],
) -> Found:
    rows = []
    outcomes: Found = {}
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
