"""The picture as lines for a terminal, none wider than it. Pure.

Promises: every line begins with a mark of ours or stands indented under one, so that no words of another can
pass for a line of this program. Control characters are taken out.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from adapters.picture.people import said_words
from adapters.picture.picture import AnswerStanding, Individual, Picture, Statement
from adapters.picture.wording import HANDLING, day, listed, moment
from adapters.plain_text import clean
from policies.vocabulary import HandlingCode

_NARROWEST: Final = 20
"""Fewer columns than this cannot be read; the terminal wraps then."""
_DATE: Final = 13


def lines(picture: Picture, *, width: int) -> Iterator[str]:
    """The whole picture; `width` in columns."""
    width = max(width, _NARROWEST)
    banner = picture.handling.words
    yield from wrap(banner, width)
    yield from wrap(f"The picture of enquiry {picture.enquiry}", width)
    yield from wrap(f"Made by {picture.made_by} on {moment(picture.made_at)}. Not stored.", width)
    yield from _section("At a glance", picture.glance, width)
    yield from _section("What is doubtful", picture.doubtful or ["Nothing was found to be."], width)
    yield from _heading("What was asked, and why", width, bool(picture.questions))
    for question in picture.questions:
        yield from _item(f"Of {listed(question.asked)}, {moment(question.first_at)}", width)
        yield from _under(f"Concern: {question.concern}", width)
        yield from _under(f"Why it is necessary: {question.necessity}", width)
    yield from _heading("Who this is about", width, bool(picture.people))
    for person in picture.people:
        yield from _person(person, width)
    yield from _heading("Who has answered, and who has not", width, bool(picture.answers))
    for row in picture.answers:
        yield from _answer(row, width)
    yield from _heading("Where sources differ", width, bool(picture.differences))
    labels = {person.ref: person.label for person in picture.people}
    for difference in picture.differences:
        yield from _item(f"{difference.ref} {labels[difference.person]}: {difference.what}", width)
        for side in difference.sides:
            where = "" if side.statement is None else f" [{side.statement}]"
            yield from _under(f"{side.says}{where}: {side.words}", width)
    yield from _heading("What happened, by date", width, bool(picture.dated))
    for statement in picture.dated:
        yield from _statement(statement, labels, width)
    yield from _heading("Without a date", width, bool(picture.undated))
    for statement in picture.undated:
        yield from _statement(statement, labels, width)
    yield from _heading("Corrections", width, bool(picture.corrections))
    for each in picture.corrections:
        yield from _item(f"{each.by}, {moment(each.at)}: {each.why}", width)
        yield from _under(f"Struck: {listed(each.struck)}", width) if each.struck else ()
        yield from _under(f"In its place: {listed(each.instead)}", width) if each.instead else ()
        yield from _under(each.note, width) if each.note else ()
    yield from _heading("Messages", width, bool(picture.messages))
    for message in picture.messages:
        yield from _item(
            f"{moment(message.at)} {message.about} from {message.sender} to {message.recipient}", width
        )
        yield from _under(message.words, width)
    yield ""
    yield from wrap(banner, width)


def _person(person: Individual, width: int) -> Iterator[str]:
    yield from _item(f"{person.ref} {person.label}: {listed(person.roles)}", width)
    for what, said in (
        ("Names", person.names if len(person.names) > 1 else ()),
        ("Born", person.births),
        ("Numbers", person.identifiers),
        ("Address", person.addresses),
        ("Relation", person.relations),
    ):
        if said:
            yield from _under(f"{what}: {said_words(said)}", width)
    if person.joined:
        yield from _under(f"Joined from several descriptions: {'; '.join(person.joined)}.", width)
    for apart in person.kept_apart:
        yield from _under(f"Not joined: {apart}.", width)


def _answer(row: AnswerStanding, width: int) -> Iterator[str]:
    yield from _item(f"{row.name}, {row.about}: {row.sentence}", width)
    if row.searched is not None:
        as_of = "" if row.as_of is None else f", as of {day(row.as_of)}"
        yield from _under(f"Searched: {row.searched}{as_of}", width)
    for removed in row.removed:
        yield from _under(f"Left out: {removed.place} ({removed.reason})", width)
    if row.handling is not None:
        yield from _under(f"Handling: {HANDLING[row.handling]}", width)
    if row.conditions is not None:
        yield from _under(f"Conditions: {row.conditions}", width)


def _statement(each: Statement, labels: dict[str, str], width: int) -> Iterator[str]:
    """The date in a column of its own where there is room, and what was struck between two tildes."""
    first = f"{labels[each.person]} - {each.nature}, says {each.says} [{each.ref}]"
    body = [f"~~{each.what}~~" if each.struck is not None else each.what, *statement_notes(each)]
    when = day(each.on)
    if width < 60:
        yield from _item(f"{when}: {first}", width)
        for text in body:
            yield from _under(text, width)
        return
    indent = " " * (_DATE + 2)
    stamp = list(wrap(when, _DATE))
    rows = list(wrap(first, width - len(indent)))
    for text in body:
        rows += [f"  {line}" for line in wrap(text, width - len(indent) - 2)]
    for number in range(max(len(stamp), len(rows))):
        left = stamp[number] if number < len(stamp) else ""
        right = rows[number] if number < len(rows) else ""
        yield f"{left}{' ' * (len(indent) - cells(left))}{right}".rstrip()


def statement_notes(each: Statement) -> Iterator[str]:
    """What is to be known of a statement beside its words, in sentences."""
    if each.struck is not None:
        yield f"CORRECTED by {each.struck.by}, {moment(each.struck.at)}: {each.struck.why}"
    if each.in_place_of:
        yield "Stands in place of something corrected."
    if each.differs:
        yield f"Sources differ: see {listed(each.differs)}."
    if each.detail:
        yield "; ".join(f"{key}: {value}" for key, value in each.detail)
    for removed in each.removed:
        yield f"Left out: {removed.place} ({removed.reason})"
    if each.grading is not None:
        yield f"Graded {each.grading}"
    if each.handling is HandlingCode.C and each.conditions is not None:
        yield f"Conditions: {each.conditions}"
    yield provenance(each)


def provenance(each: Statement) -> str:
    """Where a statement comes from and how fresh it is."""
    parts = [each.about]
    if each.recorded_by is not None:
        parts.append(f"recorded by {each.recorded_by}")
    if each.reference is not None:
        parts.append(f"reference {each.reference}")
    if each.as_of is not None:
        parts.append(f"records as of {day(each.as_of)}")
    parts.append(f"sent {moment(each.told_at)}")
    parts.append(HANDLING[each.handling])
    return "; ".join(parts)


def _section(title: str, sentences: Iterable[str], width: int) -> Iterator[str]:
    yield from _heading(title, width, True)
    for sentence in sentences:
        yield from _item(sentence, width)


def _heading(title: str, width: int, there: bool) -> Iterator[str]:
    if there:
        yield ""
        yield from wrap(title.upper(), width)


def _item(text: str, width: int) -> Iterator[str]:
    return _hanging("- ", text, width)


def _under(text: str, width: int) -> Iterator[str]:
    return ("  " + line for line in _hanging("  ", text, width - 2))


def _hanging(mark: str, text: str, width: int) -> Iterator[str]:
    for number, line in enumerate(wrap(text, width - len(mark))):
        yield (mark if number == 0 else " " * len(mark)) + line


def cells(text: str) -> int:
    """How many columns a text takes."""
    return sum(map(_cells, text))


def wrap(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most so many columns; line breaks in it become spaces."""
    line, used = "", 0
    for word in clean(text).split() or [""]:
        for piece in _pieces(word, width):
            size = cells(piece)
            if line and used + 1 + size <= width:
                line, used = f"{line} {piece}", used + 1 + size
            else:
                if line:
                    yield line
                line, used = piece, size
    yield line


def _pieces(word: str, width: int) -> Sequence[str]:
    if cells(word) <= width:
        return [word]
    pieces = [""]
    for letter in word:
        if cells(pieces[-1]) + _cells(letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
