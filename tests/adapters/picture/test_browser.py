"""The page in a real browser: nothing is cut on screen or paper, its handling code is on every page."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.picture.gathered import Gathered
from adapters.picture.make import picture_of
from adapters.picture.page import page
from broker.protocol.body import Entry
from policies.vocabulary import Category
from tests.adapters.picture.made import Case, entry, many, story
from tests.browser import PROGRAM, Tab, browser

READER = shutil.which("pdftotext")
pytestmark = pytest.mark.skipif(
    PROGRAM is None or READER is None, reason="no chromium and pdftotext on this machine"
)
_CUT = """
[...document.querySelectorAll('main *, .code')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.right > document.documentElement.clientWidth + 1 || each.scrollWidth > each.clientWidth + 1
    && getComputedStyle(each).display !== 'inline' && box.width > 2;
}).map(each => each.outerHTML.slice(0, 80))
"""
"""What lies beyond the edge of the screen or of its own box."""


def unbroken() -> Gathered:
    """Words with nowhere to break, as systems write them."""
    case = Case()
    words: list[Entry] = [
        entry(None, "x" * 300, detail={"k" * 200: "v" * 200}, reference="r" * 200, recorded_by="b" * 200)
    ]
    exchange = case.ask("health", Category.HEALTH_ATTENDANCES, concern="c" * 300)
    case.item(exchange, "health", Category.HEALTH_ATTENDANCES, *words, systems=("s" * 300,))
    return case.gathered(enquiry="e" * 200)


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    """A browser with one tab."""
    async with browser() as found:
        yield found


@pytest.mark.parametrize("gathered", [story(), many(400), unbroken()], ids=["story", "many", "unbroken"])
async def test_nothing_is_cut_on_a_telephone_or_on_paper(
    tab: Tab, gathered: Gathered, tmp_path: Path
) -> None:
    picture = picture_of(gathered)
    file = tmp_path / "picture.html"
    file.write_text(page(picture))
    for width in (375, 794, 1200):
        await tab.show(file, width=width)
        wide, room = await tab.find(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= room
        assert await tab.find(_CUT) == []
    printed = tmp_path / "picture.pdf"
    printed.write_bytes(await tab.printed())
    assert READER is not None
    text = subprocess.run(
        [READER, "-layout", printed, "-"], check=True, capture_output=True, text=True
    ).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) > 1
    for each in pages:
        # In the box at the head of each page, and at its foot.
        assert " ".join(each.split()).count("OFFICIAL-SENSITIVE PERSONAL") >= 2
    whole = "".join(text.split())
    for statement in (*picture.dated, *picture.undated):
        assert statement.ref in whole


async def test_the_page_asks_for_nothing_and_its_style_is_let_act(tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "picture.html"
    file.write_text(page(picture_of(story())))
    await tab.show(file, width=375)
    assert await tab.find("performance.getEntriesByType('resource').length") == 0
    assert await tab.find("getComputedStyle(document.querySelector('.data tr')).display") == "block"
