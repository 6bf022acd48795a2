"""What a reader needs first, and what is not certain, in sentences. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.picture.people import ALIKE
from adapters.picture.picture import AnswerStanding, Picture, Sort, Standing, Statement
from adapters.picture.wording import NATURES, counted, day, listed, moment
from broker.protocol.body import Nature

_STANDING: Final = {
    Standing.ANSWERED: "Answered",
    Standing.NIL: "Found nothing in what was searched",
    Standing.OVERDUE: "No answer, and overdue",
    Standing.CLOSED: "Nothing shared (this does not mean nothing is held)",
    Standing.UNREADABLE: "Came and could not be opened",
    Standing.UNDELIVERED: "Never reached",
    Standing.NOT_SENT: "The ask is not with them",
    Standing.WAITING: "Not answered yet",
    Standing.WITHDRAWN: "Withdrawn by us",
}

_SOME: Final = 8
"""Differences named one by one at the beginning; all are shown in their own section."""


def glance(picture: Picture) -> Iterator[str]:
    """Whom it is about, how much there is, who has answered and who has not."""
    children = [each.label for each in picture.people if set(each.roles) & {"child", "unborn child"}]
    others = len(picture.people) - len(children)
    about = listed(children or ["no child is named"])
    yield f"About {about}" + (f", and {counted(others, 'other person', 'other people')}." if others else ".")
    yield _extent(picture)
    for standing, words in _STANDING.items():
        rows = [row for row in picture.answers if row.standing is standing]
        if rows:
            yield f"{words}: {'; '.join(_names(rows, due=standing in (Standing.WAITING, Standing.OVERDUE)))}."
    for each in _all(picture):
        if each.sort is Sort.DECISION:
            yield f"{day(each.on)}, {each.says}: {each.what}" + (" (corrected since)" if each.struck else "")


def doubts(picture: Picture) -> Iterator[str]:
    """What must not be read as certain."""
    statements = _all(picture)
    labels = {person.ref: person.label for person in picture.people}
    for difference in picture.differences[:_SOME]:
        yield f"Sources differ ({difference.ref}), {labels[difference.person]}: {difference.what}."
    if rest := [each.ref for each in picture.differences[_SOME:]]:
        yield f"They differ also in {', '.join(rest)}."
    if refs := [each.ref for each in statements if each.struck is not None]:
        yield f"Corrected by its own source and struck through: {', '.join(refs)}."
    if refs := [each.ref for each in statements if _weak(each)]:
        yield f"Graded as not reliable, not known or suspected false: {', '.join(refs)}."
    if refs := [each.ref for each in statements if each.nature == NATURES[Nature.ALLEGATION]]:
        yield f"Allegations: {', '.join(refs)}."
    for person in picture.people:
        if ALIKE in person.joined:
            yield f"{person.label} is taken for one person in part because they are {ALIKE}."
        for apart in person.kept_apart:
            yield f"{person.label} ({person.ref}) is kept apart: {apart}."
    removed = sum(len(each.removed) for each in statements) + sum(len(row.removed) for row in picture.answers)
    if removed:
        what = counted(removed, "passage was", "passages were")
        yield f"{what} left out by the sources; where and why is shown."
    if number := len(picture.undated):
        yield f"{counted(number, 'statement has', 'statements have')} no date; listed at the end."
    for each in picture.corrections:
        if each.note is not None:
            yield f"A correction by {each.by} of {moment(each.at)} could not be applied. {each.note}"


def _extent(picture: Picture) -> str:
    statements = _all(picture)
    if not statements:
        return "Nothing has been received yet."
    agencies = listed(dict.fromkeys(each.says for each in statements))
    words = f"{counted(len(statements), 'statement')} by {agencies}"
    if picture.dated:
        words += f", from {day(picture.dated[0].on)} to {day(picture.dated[-1].on)}"
    return f"{words}."


def _names(rows: Iterable[AnswerStanding], *, due: bool = False) -> list[str]:
    """Agencies, each with what it was asked; `due`: and by when."""
    found: dict[str, list[str]] = {}
    for row in rows:
        name = f"{row.name} by {moment(row.due_at)}" if due and row.due_at is not None else row.name
        # An initial stays one: "GP registration", "health attendances".
        about = row.about if row.about[:2].isupper() else f"{row.about[0].lower()}{row.about[1:]}"
        if about not in found.setdefault(name, []):
            found[name].append(about)
    return [f"{name} ({', '.join(about)})" for name, about in found.items()]


def _all(picture: Picture) -> tuple[Statement, ...]:
    return (*picture.dated, *picture.undated)


def _weak(each: Statement) -> bool:
    return each.grading is not None and (each.grading[0] == "3" or each.grading[1] in "DE")
