"""An opened body as people read it: who, about whom, on what handling terms, and the words."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from adapters.command.screen import moment, words
from adapters.view import Opened
from broker.protocol.body import AskBody, Correction, Entry, ItemBody, MessageBody, NoticeBody, Person
from broker.protocol.declaration import Notice, categories_of
from policies.vocabulary import CATEGORY_FACTS, HandlingCode


def lines(opened: Opened) -> Iterator[str]:
    """Every line of an envelope."""
    declared, body = opened.declaration, opened.body
    yield f"{declared.kind.value.capitalize()} from {body.sender} to {body.recipient}, {moment(declared.iat)}"
    yield f"For {words(declared.purpose.value)}, rated {declared.rating.value}. Exchange {body.exchange}."
    for notice in opened.corrected_by:
        yield f"CORRECTED: part or all of this was wrong. Read gatehouse-adapter open {notice}"
    yield f"On behalf of {declared.sub.id} ({words(declared.sub.role.value)})."
    for number, person in enumerate(body.subjects, 1):
        yield f"About {number}: {_person(person)}"
    match body:
        case AskBody():
            yield f"Asked: {', '.join(words(category.value) for category in categories_of(declared))}"
            yield from _words("Concern", body.concern)
            yield from _words("Why it is necessary", body.necessity)
            yield from _words("Contact", body.contact)
        case ItemBody():
            yield f"Handling: {_handling(body.handling)}"
            yield from _words("Conditions", body.conditions)
            yield f"Category: {CATEGORY_FACTS[body.category].title}"
            yield from _words("Why it was given", body.necessity)
            if body.result == "nil":
                yield "Nothing found in what was searched; this is no assurance beyond that."
            yield from _entries(body.entries, body.subjects)
            as_of = "" if body.searched.as_of is None else f", as of {body.searched.as_of.isoformat()}"
            by = ", ".join(body.searched.by) or "hand"
            if body.result == "nil":
                for person in body.subjects:
                    yield f"Searched for: {_person(person)}"
            yield _one_line(f"Searched: {', '.join(body.searched.systems)}, by {by}{as_of}")
            for redaction in body.redactions:
                yield _one_line(f"Left out: {redaction.place} ({words(redaction.reason)})")
        case NoticeBody():
            if isinstance(declared, Notice):
                yield f"Handling: {_handling(declared.handling)}"
            yield f"Category: {CATEGORY_FACTS[body.category].title}"
            yield from _words("Concern", body.concern)
            yield from _entries(body.entries, body.subjects)
            if body.family_informed is not None:
                yield f"Family informed: {'yes' if body.family_informed else 'no'}"
            yield from _words("Contact", body.contact)
            if body.outcome is not None:
                told = body.outcome
                yield _one_line(f"Decided: {words(told.decided.value)}, by {told.by}, {told.at.isoformat()}")
            if body.correction is not None:
                yield from _correction(body.correction)
        case MessageBody():
            if body.item is not None:
                yield f"About envelope {body.item}"
            yield from _words(body.about.value.capitalize(), body.words)
        case _:
            assert_never(body)


def _correction(correction: Correction) -> Iterator[str]:
    wrong = ", ".join(str(place + 1) for place in correction.entries)
    yield f"Corrects {correction.item}: {f'entries {wrong}' if wrong else 'all of it is wrong'}"
    yield from _words("Why", correction.why)
    yield "What holds instead, if anything, stands above as entries."


def _person(person: Person) -> str:
    parts = [words(person.role.value), person.name or "no name given"]
    if person.born is not None:
        parts.append(f"born {person.born.isoformat()}")
    for identifier in person.identifiers:
        checked = "" if identifier.checked else ", not checked"
        parts.append(f"{identifier.system.upper()} {identifier.value}{checked}")
    parts += [part for part in (person.relation, person.address) if part is not None]
    return _one_line(", ".join(parts))


def _entries(entries: Sequence[Entry], subjects: Sequence[Person]) -> Iterator[str]:
    for number, entry in enumerate(entries, 1):
        on = "undated" if entry.on is None else entry.on.isoformat()
        about = subjects[entry.subject].name if entry.subject < len(subjects) else None
        who = _one_line(about or f"person {entry.subject + 1}")
        first, *rest = entry.what.splitlines() or [""]
        yield f"  {number}. {on}  {entry.nature.value}  {who}: {first}"
        yield from (f"      {line}" for line in rest)
        for name, value in entry.detail.items():
            yield f"      {_one_line(name)}: {_one_line(value)}"
        source = ", ".join(part for part in (entry.recorded_by, entry.reference) if part is not None)
        if source:
            yield f"      recorded by {_one_line(source)}"


def _one_line(text: str) -> str:
    # So that nobody's words can look like a line of ours, such as another handling code.
    return " ".join(text.split())


def _handling(code: HandlingCode) -> str:
    match code:
        case HandlingCode.OFFICIAL:
            return "OFFICIAL"
        case HandlingCode.OFFICIAL_SENSITIVE:
            return "OFFICIAL-SENSITIVE"
        case HandlingCode.OFFICIAL_SENSITIVE_PERSONAL:
            return "OFFICIAL-SENSITIVE PERSONAL"
        case HandlingCode.P:
            return "P (3x5x2): lawful sharing permitted"
        case HandlingCode.C:
            return "C (3x5x2): permitted with conditions; not to be passed on without the sender's leave"
        case _:
            assert_never(code)


def _words(title: str, text: str | None) -> Iterator[str]:
    if text is not None:
        first, *rest = text.splitlines() or [""]
        yield f"{title}: {first}"
        yield from (f"  {line}" for line in rest)
