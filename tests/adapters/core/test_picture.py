"""The picture out of real journals: an enquiry's asks, a contact put into it, answers, the commands."""

import asyncio
import json
import stat
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.command.main import main
from adapters.desk import enquiry
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.follow import Milestone
from adapters.desk.gather import gather
from adapters.desk.inbox import inbox
from adapters.desk.tell import tell
from adapters.errors import WrongOrder
from adapters.picture.make import picture_of
from adapters.picture.picture import Standing
from broker.protocol.body import Entry, Nature
from policies.vocabulary import Category
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import CONCERN, WORDS, ask_order, item_order, tell_order

NAME = "Enquiry 2026-114"


async def typed(town: Town, *words: str, expect: int = 0) -> None:
    """Type one command at social care's desk."""
    line = [*words, "--state", str(town.root / "care")]
    assert await asyncio.to_thread(main, line) == expect


async def played(town: Town) -> tuple[str, str]:
    """Health answers one of two categories, a school tells of a concern; the exchange and the notice."""
    await town.enrol("school")
    await town.start("school")
    await town.settle_agreement("care", "school")
    await town.introduce("care", "school")
    care, health, school = (town.folders[name] for name in ("care", "health", "school"))
    categories = (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS)
    exchange = await ask(care, ask_order(town.clock(), categories=categories, enquiry=NAME))
    await town.ended("care", exchange, Milestone.SETTLED)
    entries = (
        Entry(subject=0, on=date(2026, 1, 2), what=WORDS),
        Entry(subject=0, on=None, what="<script>alert(1)</script>\x1b[2J", nature=Nature.OPINION),
    )
    item = await answer(health, item_order(exchange, entries=entries))
    notice = await tell(school, tell_order(entries=(Entry(subject=0, on=date(2026, 1, 1), what="Absent."),)))
    await town.ended("health", item)
    await town.ended("school", notice)
    await town.until(lambda: len(inbox(care)) == 2)
    return exchange, notice


async def test_the_picture_of_an_enquiry_is_read_from_the_journal(
    pair: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange, notice = await played(pair)
    care = pair.folders["care"]

    alone = picture_of(gather(care, NAME))
    assert [each.what for each in alone.dated] == [WORDS]
    standings = {row.category: row.standing for row in alone.answers}
    assert standings == {
        Category.HEALTH_ATTENDANCES: Standing.ANSWERED,
        Category.HEALTH_CONDITIONS: Standing.WAITING,
    }
    pair.clock.ahead += 7_200
    assert Standing.OVERDUE in {row.standing for row in picture_of(gather(care, NAME)).answers}
    pair.clock.ahead -= 7_200

    await typed(pair, "enquiry", "add", "  enquiry  2026-114", notice)
    await typed(pair, "enquiry", "add", NAME, notice)
    (one,) = enquiry.enquiries(care)
    assert (one.name, one.exchanges) == (NAME, (exchange, notice))
    whole = picture_of(gather(care, NAME))
    assert [(each.says, each.what) for each in whole.dated] == [
        ("school (invented)", "Absent."),
        ("health (invented)", WORDS),
        ("school (invented)", CONCERN),
    ]
    assert len(whole.people) == 1

    capsys.readouterr()
    await typed(pair, "picture", NAME)
    shown = capsys.readouterr().out
    assert shown.startswith("OFFICIAL-SENSITIVE PERSONAL\n")
    assert "Zebedee Quillfeather" in shown
    assert "\x1b" not in shown
    await typed(pair, "picture", NAME, "--json")
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert len(read["dated"]) == 3
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and WORDS.encode() in path.read_bytes()
    ]

    page = tmp_path / "picture.html"
    await typed(pair, "picture", NAME, "--html", str(page))
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text()
    assert WORDS in text
    assert "<script>" not in text
    page.write_text("kept")
    await typed(pair, "picture", NAME, "--html", str(page), expect=1)
    assert page.read_text() == "kept"
    page.chmod(0o644)
    await typed(pair, "picture", NAME, "--html", str(page), "--force")
    assert WORDS in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600

    await typed(pair, "enquiry", "remove", NAME, notice)
    assert enquiry.enquiry_named(care, NAME).exchanges == (exchange,)
    await typed(pair, "enquiry", "remove", NAME, exchange)
    assert enquiry.enquiries(care) == ()
    capsys.readouterr()
    await typed(pair, "picture", NAME, expect=1)
    assert "enquiry list" in capsys.readouterr().err


async def test_an_enquirys_name_is_sealed_and_never_sent(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    secret = "the Quillfeather matter"
    exchange = await ask(care, ask_order(pair.clock(), enquiry=secret))
    await pair.ended("care", exchange, Milestone.SETTLED)
    await enquiry.add(care, secret.upper(), exchange)
    await enquiry.add(care, f"{secret} again", exchange)
    assert [each.name for each in enquiry.enquiries(care)] == [f"{secret} again", secret]
    for folder in (care, health):
        files: Sequence[Path] = [path for path in folder.path.rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert secret.encode() not in path.read_bytes()


async def test_what_is_not_there_is_refused_in_words(pair: Town) -> None:
    care = pair.folders["care"]
    with pytest.raises(WrongOrder) as refused:
        gather(care, "no such")
    assert refused.value.code == "unknown-enquiry"
    with pytest.raises(WrongOrder) as refused:
        await enquiry.add(care, "x", "7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10")
    assert refused.value.code == "unknown-envelope"
    exchange = await ask(care, ask_order(pair.clock()))
    for name in ("  ", "x" * 201):
        with pytest.raises(WrongOrder) as refused:
            await enquiry.add(care, name, exchange)
        assert refused.value.code == "enquiry-name"
    with pytest.raises(WrongOrder) as refused:
        await enquiry.remove(care, "x", exchange)
    assert refused.value.code == "not-in-enquiry"
