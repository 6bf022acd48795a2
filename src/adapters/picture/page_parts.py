"""The sections of the page. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element

from adapters.picture.element import Child, el
from adapters.picture.people import said_words
from adapters.picture.picture import ANSWERED, AnswerStanding, Individual, Picture, Standing, Statement
from adapters.picture.terminal import provenance
from adapters.picture.wording import HANDLING, LEGEND, counted, day, listed, moment
from policies.vocabulary import HandlingCode

_STANDING: Final = {
    Standing.ANSWERED: "Answered",
    Standing.NIL: "Nothing found",
    Standing.CLOSED: "Nothing shared",
    Standing.OVERDUE: "Overdue",
    Standing.WAITING: "Waiting",
    Standing.UNDELIVERED: "Not delivered",
    Standing.NOT_SENT: "Not with them",
    Standing.WITHDRAWN: "Withdrawn",
    Standing.UNREADABLE: "Not readable",
}
_QUIET: Final = frozenset({Standing.WAITING, Standing.WITHDRAWN})
"""Nobody need do anything about it yet."""
_LONG: Final = 1_200
"""Letters from which a row may break across printed pages."""


def questions(picture: Picture) -> Iterator[Element]:
    """What was asked and why."""
    for each in picture.questions:
        yield el(
            "div",
            el("p", el("strong", f"Asked of {listed(each.asked)}"), f", {moment(each.first_at)}"),
            el("p", "Concern: ", each.concern, cls="said"),
            el("p", "Why it is necessary: ", each.necessity, cls="said"),
        )


def people_table(picture: Picture) -> Iterator[Element]:
    """One row a person."""
    if picture.people:
        yield _table(
            "People named in this enquiry, each value with who says so where they do not all agree.",
            [("Person", "says"), ("What is known", None)],
            (el("tr", _head(each.label, each.ref), el("td", *_person(each))) for each in picture.people),
        )


def _person(each: Individual) -> Iterator[Element]:
    yield el("p", f"{listed(each.roles).capitalize()}")
    for what, said in (
        ("Names", each.names if len(each.names) > 1 else ()),
        ("Born", each.births),
        ("Numbers", each.identifiers),
        ("Address", each.addresses),
        ("Relation", each.relations),
    ):
        if said:
            yield el("p", f"{what}: {said_words(said)}")
    if each.joined:
        yield el("p", f"Joined from several descriptions: {'; '.join(each.joined)}.", cls="note")
    for apart in each.kept_apart:
        yield el("p", f"Not joined: {apart}.", cls="note bad")


def answers_table(picture: Picture) -> Iterator[Element]:
    """One row for each thing asked of each agency, what needs somebody first."""
    if picture.answers:
        yield _table(
            f"{counted(len(picture.answers), 'thing')} asked; what is still open comes first.",
            [("Agency", "who"), ("Asked for", "who"), ("Stands", "stand"), ("What came of it", None)],
            (
                el(
                    "tr",
                    _head(each.name),
                    el("td", each.about),
                    el("td", _standing(each)),
                    el("td", *_answer(each)),
                )
                for each in picture.answers
            ),
        )


def _standing(each: AnswerStanding) -> Element:
    calm = "good" if each.standing in ANSWERED else "quiet" if each.standing in _QUIET else "bad"
    return el("span", _STANDING[each.standing], cls=calm)


def _answer(each: AnswerStanding) -> Iterator[Element]:
    yield el("p", each.sentence)
    if each.searched is not None:
        as_of = "" if each.as_of is None else f", as of {day(each.as_of)}"
        yield el("p", f"Searched: {each.searched}{as_of}", cls="note")
    for removed in each.removed:
        yield el("p", f"Left out: {removed.place} ({removed.reason})", cls="note")
    if each.handling is not None:
        yield el("p", f"Handling: {HANDLING[each.handling]}", cls="note")
    if each.conditions is not None:
        yield el("p", f"Conditions: {each.conditions}", cls="note said")


def differences(picture: Picture) -> Iterator[Element]:
    """Each difference with its sides one under another."""
    labels = {person.ref: person.label for person in picture.people}
    for each in picture.differences:
        yield el(
            "div",
            el("p", el("strong", f"{labels[each.person]}: {each.what}"), " ", _ref(each.ref), id=each.ref),
            el(
                "ul",
                *(
                    el("li", el("strong", side.says), ": ", side.words, " ", _link(side.statement))
                    for side in each.sides
                ),
            ),
            cls="box",
        )


def chronology(picture: Picture, statements: Sequence[Statement]) -> Iterator[Element]:
    """Statements, one a row."""
    if statements:
        labels = {person.ref: person.label for person in picture.people}
        yield _table(
            f"{counted(len(statements), 'statement')}, each with who says it, how fresh it is and how it may "
            "be handled.",
            [("When", "when"), ("Who", "who"), ("What", None), ("Who says so", "says")],
            (_row(each, labels) for each in statements),
        )


def _row(each: Statement, labels: dict[str, str]) -> Element:
    what = el("p", el("span", each.nature, cls=f"tag {each.nature}"), " ", cls="said")
    what.append(el("s", each.what, cls="struck") if each.struck is not None else el("span", each.what))
    notes: list[Child] = []
    if each.detail:
        notes.append(el("p", "; ".join(f"{key}: {value}" for key, value in each.detail), cls="note"))
    if each.struck is not None:
        words = f"Corrected by {each.struck.by}, {moment(each.struck.at)}: {each.struck.why}"
        notes.append(el("p", words, cls="bad"))
    if each.in_place_of:
        notes.append(el("p", "Stands in place of something corrected.", cls="note"))
    if each.differs:
        notes.append(el("p", "Sources differ: ", *(_link(ref) for ref in each.differs), cls="bad"))
    notes += [el("p", f"Left out: {one.place} ({one.reason})", cls="note") for one in each.removed]
    notes.append(el("p", provenance(each), cls="note"))
    source = [el("p", el("strong", each.says))]
    if each.grading is not None:
        source.append(el("p", f"Graded {each.grading}", cls="note"))
    if each.handling is HandlingCode.C and each.conditions is not None:
        source.append(el("p", f"Conditions: {each.conditions}", cls="note said"))
    return el(
        "tr",
        el("th", day(each.on), el("br"), _ref(each.ref), scope="row", role="rowheader"),
        el("td", labels[each.person]),
        el("td", what, *notes),
        el("td", *source, cls="source"),
        id=each.ref,
        cls="long" if len(each.what) > _LONG else None,
    )


def corrections(picture: Picture) -> Iterator[Element]:
    """What was corrected, by whom, when and why."""
    for each in picture.corrections:
        parts: list[Child] = [el("p", el("strong", each.by), f", {moment(each.at)}: ", each.why, cls="said")]
        if each.struck:
            parts.append(el("p", "Struck: ", *_links(each.struck)))
        if each.instead:
            parts.append(el("p", "In its place: ", *_links(each.instead)))
        if each.note is not None:
            parts.append(el("p", each.note, cls="bad"))
        yield el("div", *parts, cls="box")


def messages(picture: Picture) -> Iterator[Element]:
    """Questions, replies and chases."""
    for each in picture.messages:
        yield el(
            "div",
            el("p", el("strong", f"{each.about.capitalize()} from {each.sender} to {each.recipient}")),
            el("p", moment(each.at), cls="note"),
            el("p", each.words, cls="said"),
        )


def legend() -> Iterator[Element]:
    """What the words and letters mean."""
    yield el("dl", *(each for term, words in LEGEND for each in (el("dt", term), el("dd", words))))


def _table(caption: str, heads: Sequence[tuple[str, str | None]], rows: Iterable[Element]) -> Element:
    head = (el("th", name, cls=cls, scope="col", role="columnheader") for name, cls in heads)
    return el("table", el("caption", caption), el("thead", el("tr", *head)), el("tbody", *rows), cls="data")


def _head(name: str, ref: str | None = None) -> Element:
    number = None if ref is None else _ref(ref)
    return el("th", name, " ", number, scope="row", role="rowheader")


def _ref(ref: str) -> Element:
    return el("span", ref, cls="ref")


def _link(ref: str | None) -> Element | None:
    return None if ref is None else el("a", ref, href=f"#{ref}", cls="ref")


def _links(refs: Iterable[str]) -> Iterator[Child]:
    for number, ref in enumerate(refs):
        if number:
            yield ", "
        yield _link(ref)
