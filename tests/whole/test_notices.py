"""Contacts, decisions, messages, ratings and corrections as people type them, between real processes."""

import json
from typing import Any

from adapters.answering.example import Example, example
from tests.whole import forms
from tests.whole.programs import until
from tests.whole.stage import CARE, HEALTH, SCHOOL, Stage

_SETTLED = ("--until", "settled", "--wait", "60")


def _told(stage: Stage) -> str:
    """A school's contact, opened at social care."""
    school = stage.agencies[SCHOOL]
    form = school.paper("contact.yaml", forms.tell(CARE))
    contact: str = school.say("tell", form, *_SETTLED)["jti"]
    stage.agencies[CARE].receives(contact, "notice")
    return contact


def _asked(stage: Stage, *, due: str = "1h") -> str:
    """Social care's ask of the school, opened there."""
    care = stage.agencies[CARE]
    form = care.paper("ask.yaml", forms.ask(SCHOOL, "attendance", "school_concerns", due=due))
    exchange: str = care.say("ask", form, *_SETTLED)["jti"]
    stage.agencies[SCHOOL].receives(exchange, "ask")
    return exchange


def _answered(stage: Stage, exchange: str, *, what: str, category: str = "school_concerns") -> str:
    """The school's answer by hand, opened at social care; the item's id."""
    school, care = stage.agencies[SCHOOL], stage.agencies[CARE]
    form = school.paper("answer.yaml", forms.answer(category, what=what))
    school.do("answer", exchange, "--from", form, "--wait", "60")
    found: list[dict[str, Any]] = care.receives(exchange, "item")
    return str(found[0]["jti"])


def test_a_contact_is_seen_by_a_person_decided_and_its_teller_hears_of_both(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    contact = _told(stage)
    shown = care.do("inbox").out
    assert "To be seen by a person:" in shown
    assert f"gatehouse-adapter acknowledge {contact}" in shown
    care.do("acknowledge", contact, "--by", "sw-0143", "--words", "Thank you for telling us.", *_SETTLED)
    (message,) = school.receives(contact, "message")
    assert "Thank you for telling us." in school.do("open", message["jti"]).out
    assert f"acknowledge {contact}" not in care.do("inbox").out
    care.do("acknowledge", contact, "--by", "sw-0144", expect=1)

    decided = ("decide", contact, "child_in_need", "--office", "Team manager (invented)", "--by", "mgr-7")
    care.do(*decided, "--why", "An assessment has begun.", *_SETTLED)
    outcome = next(each for each in school.receives(contact, "notice") if each["notice"] == "outcome")
    words = school.do("open", outcome["jti"]).out
    assert "Decided: child in need, by Team manager (invented)" in words
    kept = next(each for each in care.say("inbox")["contacts"] if each["jti"] == contact)
    assert (kept["seen_by"], kept["decision"]["decided"]) == ("sw-0143", "child_in_need")
    assert kept["decision"]["at"] is not None


def test_an_outcome_may_be_told_from_a_form(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    contact = _told(stage)
    form = example(Example.OUTCOME)
    assert care.do("tell", "--example", "outcome").out == form
    form = form.replace("eastmere-school", SCHOOL).replace("7d1f0f3e-8f0a-4f57-9d2c-0c1f6a7f4b10", contact)
    care.do("tell", care.paper("outcome.yaml", form), *_SETTLED)
    assert [each["notice"] for each in school.receives(contact, "notice")] == ["outcome"]
    kept = next(each for each in care.say("inbox")["contacts"] if each["jti"] == contact)
    assert kept["decision"]["by"] == "Team manager, assessment team"


def test_questions_replies_and_a_rating_pass_within_an_exchange(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    exchange = _asked(stage, due="6h")
    care.do("message", exchange, "--chase", "When may we hear?", "--by", "sw-0143", *_SETTLED)
    (chase,) = school.receives(exchange, "message")
    assert "Chase: When may we hear?" in school.do("open", chase["jti"]).out
    words = school.paper("reply.txt", "By four today.\n")
    school.do("message", exchange, "--reply", f"@{words}", "--item", chase["jti"], *_SETTLED)
    (reply,) = care.receives(exchange, "message")
    assert "Reply: By four today." in care.do("open", reply["jti"]).out

    def due() -> set[tuple[str, int]]:
        tasks = school.say("inbox", "--exchange", exchange)["tasks"]
        return {(task["rating"], task["due_at"]) for task in tasks}

    ((_, before),) = due()
    care.do("rate", exchange, "red", "--due-within", "7200", "--by", "sw-0143")
    until(lambda: {rating for rating, _ in due()} == {"red"}, "the school sees the rating")
    ((_, after),) = due()
    assert abs(before - after - 4 * 3_600) <= 2
    assert care.reach(exchange, "settled")["due_at"] is not None


def test_a_correction_reaches_who_was_told_and_both_list_who_read_the_wrong_one(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    item = _answered(stage, _asked(stage), what="A bruise on the wrong made-up twin.")
    again = _answered(stage, _asked(stage), what="A bruise on the wrong made-up twin.")
    until(lambda: school.reach(again, "settled")["state"] == "opened", "the school has the receipts")
    care.do("open", item, "--by", "sw-0143")
    instead = school.paper("correction.yaml", example(Example.CORRECTION))
    corrected = school.say(
        "correct", item, "--entry", "1", "--why", "It is the other twin.", "--instead", instead
    )
    assert {each["item"] for each in corrected["corrections"]} == {item, again}
    assert {each["outcome"] for each in corrected["sent"]} == {"allow"}
    for each in corrected["corrections"]:
        school.reach(each["notice"], "settled")
    twice = school.say("correct", item, "--entry", "1", "--why", "It is the other twin.")
    assert {each["already"] for each in twice["corrections"]} == {True}
    (notice,) = (each["notice"] for each in corrected["corrections"] if each["item"] == item)
    assert (
        f"CORRECTED: part or all of this was wrong. Read gatehouse-adapter open {notice}"
        in care.do("open", item, "--by", "sw-0150").out
    )
    words = care.do("open", notice, "--by", "sw-0143").out
    assert f"Corrects {item}: entries 1" in words
    assert "The absence was entered for another pupil." in words
    told = {each["item"]: each for each in school.say("corrected")["sent"]}
    assert told[item]["item_opened_at"] <= told[item]["opened_at"]
    came = {each["item"]: each for each in care.say("corrected")["received"]}
    assert [each["person"] for each in came[item]["before"]] == ["sw-0143"]
    assert [each["person"] for each in came[item]["read"]] == ["sw-0143"]
    assert came[again]["before"] == []
    listed = care.do("corrected").out
    assert "read before it was corrected by: sw-0143" in listed
    assert json.dumps(came).count("twin") == 0
    assert stage.agencies[HEALTH].do("corrected").out == "Nothing was corrected.\n"
