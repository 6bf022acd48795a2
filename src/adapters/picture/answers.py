"""Who has answered what, who has not and by when. Pure.

A category that was closed says what the hub says, in the same words whatever the source held: "no information
was shared" is never read as "nothing is held".
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from adapters.picture.gathered import AgencyNamed, AskStanding, Gathered, Told, Unreadable
from adapters.picture.picture import AnswerStanding, Removed, Standing
from adapters.picture.wording import counted, moment, reason_words
from broker.protocol.body import ItemBody
from broker.protocol.frame import CLOSURE_SENTENCE
from policies.vocabulary import CATEGORY_FACTS, Category

_ORDER: Final = (
    Standing.OVERDUE,
    Standing.CLOSED,
    Standing.UNREADABLE,
    Standing.UNDELIVERED,
    Standing.NOT_SENT,
    Standing.WAITING,
    Standing.WITHDRAWN,
    Standing.NIL,
    Standing.ANSWERED,
)
"""What a reader must act on comes first."""


def answers_of(gathered: Gathered, agencies: Mapping[str, AgencyNamed]) -> tuple[AnswerStanding, ...]:
    """A row for each category of each ask; several, where it was answered several times. An ask that never
    went and was put right leaves no row: the later one, of the same about the same people, has its own.
    """
    rows: list[AnswerStanding] = []
    for ask in gathered.asks:
        for category in ask.categories:
            if ask.trouble is None or not _put_right(gathered, ask, category):
                rows += _rows(gathered, agencies, ask, category)
    return tuple(sorted(rows, key=lambda row: (_ORDER.index(row.standing), row.name, row.about)))


def _put_right(gathered: Gathered, failed: AskStanding, category: Category) -> bool:
    return any(
        ask.trouble is None
        and ask.to == failed.to
        and category in ask.categories
        and ask.asked_at >= failed.asked_at
        and _people(gathered, ask) >= _people(gathered, failed)
        for ask in gathered.asks
    )


def _people(gathered: Gathered, ask: AskStanding) -> set[tuple[object, ...]]:
    return {
        (person.name, person.born, *sorted((one.system, one.value) for one in person.identifiers))
        for told in gathered.told
        if told.mine and told.body.jti == ask.exchange
        for person in told.body.subjects
    }


def _rows(
    gathered: Gathered, agencies: Mapping[str, AgencyNamed], ask: AskStanding, category: Category
) -> Iterator[AnswerStanding]:
    agency = agencies.get(ask.to) or AgencyNamed(id=ask.to, name=ask.to, duty_contact="its duty contact")
    blank = AnswerStanding(
        agency=ask.to,
        name=agency.name,
        contact=agency.duty_contact,
        category=category,
        about=CATEGORY_FACTS[category].title,
        standing=Standing.WAITING,
        sentence="",
        asked_at=ask.asked_at,
        due_at=ask.due_at,
        answered_at=None,
        searched=None,
        as_of=None,
        removed=(),
        handling=None,
        conditions=None,
    )
    items = [one for one in gathered.told if _answers(one, ask, category)]
    if items:
        yield from (_answered(blank, one, ask) for one in items)
    else:
        yield _silent(blank, gathered, ask)


def _answers(one: Told, ask: AskStanding, category: Category) -> bool:
    body = one.body
    return (
        isinstance(body, ItemBody)
        and not one.mine
        and (body.exchange, body.sender, body.category) == (ask.exchange, ask.to, category)
    )


def _answered(blank: AnswerStanding, one: Told, ask: AskStanding) -> AnswerStanding:
    body = one.body
    assert isinstance(body, ItemBody)
    late = ask.due_at is not None and one.at > ask.due_at
    when = f"on {moment(one.at)}" + (", late" if late else "")
    if body.result == "nil":
        standing = Standing.NIL
        sentence = f"Found nothing in what was searched ({when}). This is no assurance beyond that."
    else:
        standing = Standing.ANSWERED
        sentence = f"Answered {when}: {counted(len(body.entries), 'statement')}."
    systems = ", ".join(body.searched.systems) or "a source that is not named"
    return replace(
        blank,
        standing=standing,
        sentence=sentence,
        answered_at=one.at,
        searched=f"{systems}, by {', '.join(body.searched.by) or 'hand'}",
        as_of=body.searched.as_of,
        removed=tuple(
            Removed(place=each.place, reason=reason_words(each.reason))
            for each in body.redactions
            if each.entry is None
        ),
        handling=body.handling,
        conditions=body.conditions,
    )


def _silent(blank: AnswerStanding, gathered: Gathered, ask: AskStanding) -> AnswerStanding:
    def row(standing: Standing, sentence: str) -> AnswerStanding:
        return replace(blank, standing=standing, sentence=sentence)

    unread = _unread(gathered, ask, blank.category)
    speak = f"Speak to {blank.contact}."
    if unread is not None:
        why = unread.outcome.replace("_", " ")
        return row(
            Standing.UNREADABLE,
            f"An answer came on {moment(unread.at)} and could not be opened ({why}). {speak}",
        )
    if ask.withdrawn:
        return row(Standing.WITHDRAWN, "The ask was withdrawn; no answer is awaited.")
    if ask.trouble is not None:
        return row(Standing.NOT_SENT, f"The ask is not with them: {ask.trouble}")
    if ask.undelivered:
        return row(
            Standing.UNDELIVERED,
            f"The ask never reached it before its time ran out; that is not its silence. {speak}",
        )
    if blank.category in ask.closed:
        return row(Standing.CLOSED, f"{CLOSURE_SENTENCE} {speak}")
    if ask.due_at is None:
        return row(Standing.WAITING, "No answer yet. Its time runs from when the ask reaches it.")
    if gathered.at > ask.due_at:
        return row(Standing.OVERDUE, f"No answer; it was due by {moment(ask.due_at)}. {speak}")
    return row(Standing.WAITING, f"No answer yet; due by {moment(ask.due_at)}.")


def _unread(gathered: Gathered, ask: AskStanding, category: Category) -> Unreadable | None:
    return next(
        (
            each
            for each in gathered.unreadable
            if (each.exchange, each.sender) == (ask.exchange, ask.to) and category in each.categories
        ),
        None,
    )
