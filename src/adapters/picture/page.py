"""The picture as one HTML file: no script, nothing fetched, its handling code on every printed page. Pure.

The content security policy in it lets the one style in it act and nothing else.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from xml.etree.ElementTree import Element

from adapters.picture.element import Child, document, el
from adapters.picture.page_parts import (
    answers_table,
    chronology,
    corrections,
    differences,
    legend,
    messages,
    people_table,
    questions,
)
from adapters.picture.picture import Picture
from adapters.picture.wording import moment


def page(picture: Picture) -> str:
    """The whole file."""
    code = picture.handling.words
    title = f"The picture of enquiry {picture.enquiry}"
    sheet = _sheet(el("p", code, cls="code"), el("main", *_content(picture, title)))
    style = _style() + _foot(code)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return document(
        el(
            "html",
            el(
                "head",
                el("meta", charset="utf-8"),
                el("meta", http_equiv="Content-Security-Policy", content=policy),
                el("meta", name="viewport", content="width=device-width, initial-scale=1"),
                el("meta", name="referrer", content="no-referrer"),
                el("meta", name="robots", content="noindex"),
                el("title", f"{code}: {title}"),
                el("style", style),
            ),
            el("body", sheet),
            lang="en-GB",
        )
    )


def _content(picture: Picture, title: str) -> Iterator[Element]:
    yield el("h1", title)
    yield el(
        "p",
        f"Made by {picture.made_by} on {moment(picture.made_at)}, from what had been received by then. "
        "Each statement stands as its source wrote it; nothing is decided between sources.",
        cls="note",
    )
    yield from _section("At a glance", [_list(picture.glance)])
    doubtful = _list(picture.doubtful) if picture.doubtful else el("p", "Nothing was found to be.")
    yield from _section("What is doubtful", [doubtful])
    yield from _section("What was asked, and why", questions(picture))
    yield from _section("Who this is about", people_table(picture))
    yield from _section("Who has answered, and who has not", answers_table(picture))
    yield from _section("Where sources differ", differences(picture))
    yield from _section("What happened, by date", chronology(picture, picture.dated))
    yield from _section("Without a date", chronology(picture, picture.undated))
    yield from _section("Corrections", corrections(picture))
    yield from _section("Messages", messages(picture))
    yield from _section("How to read this", legend())


def _sheet(banner: Element, main: Element) -> Element:
    """The whole as a table of two cells: browsers repeat its head on every printed page."""

    def layout(tag: str, *children: Child, cls: str | None = None) -> Element:
        return el(tag, *children, cls=cls, role="presentation")

    return layout(
        "table",
        layout("thead", layout("tr", layout("td", banner))),
        layout("tbody", layout("tr", layout("td", main))),
        cls="sheet",
    )


def _section(title: str, content: Iterable[Element]) -> Iterator[Element]:
    inside: Sequence[Child] = list(content)
    if inside:
        yield el("section", el("h2", title), *inside)


def _list(sentences: Iterable[str]) -> Element:
    return el("ul", *(el("li", sentence) for sentence in sentences))


def _foot(code: str) -> str:
    """The foot of a printed page, for browsers that print one. `code` is of our own closed words."""
    assert not set(code) & set('"\\<>&\n')
    return (
        f'@page {{ @bottom-left {{ content: "{code}"; font: 700 8pt sans-serif; }} '
        '@bottom-right { content: counter(page) " of " counter(pages); font: 8pt sans-serif; } }\n'
    )


@cache
def _style() -> str:
    return files("adapters.picture").joinpath("page.css").read_text("utf-8")
