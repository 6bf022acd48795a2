"""The commands of whoever answers, as typed: inbox, answer --show and --choose, approve, declined."""

import asyncio
import json
from typing import Any

import pytest

from adapters.command.main import main
from adapters.connectors.connector import Candidate, SourceEntry
from adapters.view import TaskState
from policies.vocabulary import Category
from tests.adapters.answering.records import CLEAN, VISITS, Records, reference, rules
from tests.adapters.answering.scene import answers_from, asked, looked_at, task
from tests.adapters.core.conftest import Town

CONDITIONS = Category.HEALTH_CONDITIONS
_PLANTED = SourceEntry(on=CLEAN.on, what="Attended; an informant rang.")


class Typed:
    """Types commands of health's."""

    def __init__(self, town: Town, capsys: pytest.CaptureFixture[str]) -> None:
        self._state = str(town.root / "health")
        self._capsys = capsys

    async def __call__(self, *words: str, expect: int = 0) -> Any:
        """What the command printed as JSON."""
        self._capsys.readouterr()
        # A command has its own loop, as its own process would.
        code = await asyncio.to_thread(main, [*words, "--state", self._state, "--json"])
        out = self._capsys.readouterr().out
        assert code == expect, out
        return json.loads(out)


async def test_two_persons_from_the_inbox_to_the_asker(
    pair: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    two = rules(f"{VISITS.value}: release = 'two_persons'\napprover = 'manager'")
    health = await answers_from(pair, Records(rows={"child": {VISITS: (CLEAN, _PLANTED)}}), two)
    typed = Typed(pair, capsys)
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    (waits,) = (await typed("inbox"))["waiting"]
    assert (waits["next"], waits["two_persons"], waits["approver"]) == ("approve", True, "manager")
    (draft,) = (await typed("answer", exchange, "--show"))["drafts"]
    assert [each["text"] for each in draft["findings"]] == ["informant"]
    (finding,) = draft["findings"]

    refused = await typed("answer", exchange, "--approve", "--by", "worker-1", expect=1)
    assert refused["error"]["code"] == "not-acknowledged"
    assert finding["id"] in refused["error"]["message"]
    seen = ("--acknowledge", finding["id"])
    (held,) = (await typed("answer", exchange, "--approve", "--by", "worker-1", *seen))["answers"]
    assert held["way"] == "prepared"
    assert (await typed("inbox"))["waiting"][0]["next"] == "second_person"

    name = ("approve", exchange, VISITS.value)
    (shown,) = (await typed(*name, "--show"))["drafts"]
    assert shown["digest"] == held["digest"]
    given = (*name, "--digest", held["digest"], *seen)
    assert (await typed(*given, "--as", "worker-1", expect=1))["error"]["code"] == "own-draft"
    sent_back = await typed(*name, "--as", "worker-2", "--back", "source")
    assert sent_back["sent_back"] == "source"
    refused = await typed(*given, "--as", "worker-2", expect=1)
    assert refused["error"]["code"] == "not-prepared-by-person"

    # Without a terminal there is nobody to ask.
    assert (await typed(*name, "--as", "worker-2", expect=1))["error"]["code"] == "no-terminal"
    assert (await typed("approve", exchange, "gossip", expect=1))["error"]["code"] == "nothing-prepared"

    await typed("answer", exchange, "--approve", "--by", "worker-1", *seen)
    (answered,) = (await typed(*given, "--as", "worker-2"))["answers"]
    assert answered["way"] == "item"
    assert task(health, exchange).state is TaskState.ANSWERED
    assert (await pair.ended("care", exchange)).answered == (VISITS,)


async def test_choosing_a_record_by_its_number(pair: Town, capsys: pytest.CaptureFixture[str]) -> None:
    twins = tuple(
        Candidate(person=reference(key), name=None, born="2016", restricted=False, score=score)
        for key, score in (("one", 20), ("other", 18))
    )
    records = Records(rows={"one": {}, "other": {VISITS: (CLEAN,)}}, candidates=twins)
    await answers_from(pair, records, rules(VISITS.value))
    typed = Typed(pair, capsys)
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    (unsure,) = (await typed("answer", exchange, "--show"))["unsure"]
    assert [each["score"] for each in unsure["candidates"]] == [20, 18]
    for wrong in ("1=3", "2=1", "one=2"):
        assert (await typed("answer", exchange, "--choose", wrong, expect=1))["error"]["code"] in (
            "no-such-candidate",
            "no-candidates",
        )
    chosen = await typed("answer", exchange, "--choose", "1=2", "--by", "worker-1", "--wait", "30")
    assert chosen["prepared"]
    shown = await typed("answer", exchange, "--show")
    assert [each["what"] for each in shown["drafts"][0]["entries"]] == [CLEAN.what]
    assert (shown["unsure"][0]["chosen"], shown["unsure"][0]["by"]) == (True, "worker-1")


async def test_declines_are_listed_with_reasons_that_are_checked(
    pair: Town, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    health = await answers_from(pair, None, rules())
    typed = Typed(pair, capsys)
    exchange = await asked(pair, VISITS, CONDITIONS)
    form = tmp_path / "answer.yaml"
    form.write_text(
        "practitioner: {id: worker-1, role: screener}\nanswers:\n"
        f"  - {{category: {VISITS.value}, decline: {{reason: live_operation}}}}\n"
        f"  - {{category: {CONDITIONS.value}, decline: {{reason: excessive}}}}\n"
    )
    await typed("answer", exchange, "--from", str(form))
    found = (await typed("declined"))["declined"]
    assert {each["category"]: each["reason"] for each in found} == {
        VISITS.value: "live_operation",
        CONDITIONS.value: "excessive",
    }
    assert all(each["committed"] and each["by"] == "worker-1" for each in found)
    assert (await typed("declined", "--exchange", "elsewhere"))["declined"] == []
    # A reason put in the place of the one signed for is seen.
    first, second = (each["act"] for each in found)
    note = health.journal.open(health.journal.row("get_act", jti=first)["sealed_note"], "note", first)  # type: ignore[index]
    other = (
        note.replace(b"live_operation", b"excessive")
        if b"live" in note
        else note.replace(b"excessive", b"live_operation")
    )
    sealed = health.journal.seal(other, "note", first)
    await health.journal.write(
        lambda db: db.execute("UPDATE act SET sealed_note = ? WHERE jti = ?", (sealed, first))
    )
    found = (await typed("declined", expect=1))["declined"]
    assert {each["act"]: each["committed"] for each in found} == {first: False, second: True}


async def test_a_broken_rules_file_hides_nothing_that_waits(
    pair: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    health = await answers_from(pair, None, rules())
    exchange = await asked(pair)
    (health.path / "answering.toml").write_text("[practitioner")
    typed = Typed(pair, capsys)
    assert [each["exchange"] for each in (await typed("inbox"))["waiting"]] == [exchange]


async def test_new_statements_do_not_leave_as_a_correction_where_two_persons_are_demanded(
    pair: Town, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    two = rules(f"{VISITS.value}: release = 'two_persons'")
    await answers_from(pair, Records(rows={"child": {VISITS: (CLEAN,)}}), two)
    typed = Typed(pair, capsys)
    exchange = await asked(pair)
    await looked_at(pair, exchange)
    (held,) = (await typed("answer", exchange, "--approve", "--by", "worker-1"))["answers"]
    name = ("approve", exchange, VISITS.value, "--digest", held["digest"], "--as", "worker-2")
    (sent,) = (await typed(*name))["answers"]
    await pair.ended("health", sent["sent"]["jti"])
    instead = tmp_path / "instead.yaml"
    instead.write_text("entries: [{subject: 1, on: 2026-01-02, nature: fact, what: An informant rang.}]\n")
    correct = ("correct", sent["sent"]["jti"], "--why", "It was another day.", "--by", "worker-1")
    refused = await typed(*correct, "--instead", str(instead), expect=1)
    assert refused["error"]["code"] == "two-persons", refused
    assert (await typed(*correct))["corrections"][0]["notice"]
