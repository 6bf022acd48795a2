"""From what was opened to the picture: order, answers, corrections, handling, and the case as a whole."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from adapters.picture.gathered import Unreadable
from adapters.picture.make import picture_of
from adapters.picture.picture import Sort, Standing
from adapters.picture.wording import strictest
from broker.protocol.body import Correction, Decided, Grading, Nature, OutcomeTold, Redaction
from broker.protocol.declaration import NoticeKind
from policies.vocabulary import Category, HandlingCode
from tests.adapters.picture.made import HOUR, MORGAN, NOW, WREN, Case, entry, story

ATTENDED = Category.HEALTH_ATTENDANCES
DAY = date(2026, 9, 2)


def asked() -> tuple[Case, str]:
    """One ask of health."""
    case = Case()
    return case, case.ask("health", ATTENDED)


def test_statements_stand_by_date_then_person_and_undated_ones_apart() -> None:
    case, exchange = asked()
    case.item(
        exchange,
        "health",
        ATTENDED,
        entry(None, "undated"),
        entry(date(2026, 2, 1), "mother", subject=1),
        entry(date(2026, 2, 1), "child"),
        entry(datetime(2026, 1, 31, 23, 59, tzinfo=UTC), "before"),
        subjects=(WREN, MORGAN),
    )
    picture = picture_of(case.gathered())
    assert [each.what for each in picture.dated] == ["before", "child", "mother"]
    assert [each.what for each in picture.undated] == ["undated"]
    assert [each.ref for each in (*picture.dated, *picture.undated)] == ["S1", "S2", "S3", "S4"]


def test_a_statement_says_who_what_how_fresh_how_graded_and_what_was_left_out() -> None:
    case, exchange = asked()
    graded = Grading(source=3, information="E", handling="C")
    case.item(
        exchange,
        "health",
        ATTENDED,
        entry(DAY, "Heard say.", nature=Nature.ALLEGATION, grading=graded, recorded_by="duty nurse"),
        as_of=date(2026, 11, 1),
        conditions="Ring first.",
        redactions=[
            Redaction(place="the informant", reason="source-protection", entry=0),
            Redaction(place="one entry", reason="third-party"),
        ],
    )
    picture = picture_of(case.gathered())
    (one,) = picture.dated
    assert (one.says, one.nature, one.as_of, one.recorded_by) == (
        "Eastmere health (invented)",
        "allegation",
        date(2026, 11, 1),
        "duty nurse",
    )
    assert one.grading == (
        "3EC: source not reliable; suspected to be false; only under the conditions stated"
    )
    assert (one.handling, one.conditions) == (HandlingCode.C, "Ring first.")
    assert [(each.place, each.reason) for each in one.removed] == [("the informant", "source protection")]
    assert [each.place for each in picture.answers[0].removed] == ["one entry"]
    assert any("suspected false: S1" in doubt for doubt in picture.doubtful)


@pytest.mark.parametrize("indexes, struck", [([1], [False, True]), ([], [True, True])])
def test_a_correction_strikes_the_entries_it_names_or_all(indexes: list[int], struck: list[bool]) -> None:
    case, exchange = asked()
    wrong = case.item(exchange, "health", ATTENDED, entry(DAY, "one"), entry(date(2026, 9, 3), "two"))
    case.notice(
        "health",
        entry(date(2026, 9, 4), "instead"),
        notice=NoticeKind.CORRECTION,
        category=ATTENDED,
        regards=exchange,
        correction=Correction(item=wrong, entries=indexes, why="Another child's."),
    )
    picture = picture_of(case.gathered())
    one, two, instead = picture.dated
    assert [one.struck is not None, two.struck is not None] == struck
    assert two.struck is not None
    assert two.struck.why == "Another child's."
    assert instead.struck is None
    assert instead.in_place_of
    (seen,) = picture.corrections
    assert seen.instead == (instead.ref,)
    assert seen.struck == tuple(each.ref for each in (one, two) if each.struck is not None)


def test_nobody_corrects_another_agencys_item() -> None:
    case, exchange = asked()
    item = case.item(exchange, "health", ATTENDED, entry(DAY, "stands"))
    case.notice(
        "school",
        regards=exchange,
        notice=NoticeKind.CORRECTION,
        correction=Correction(item=item, why="They are mistaken."),
    )
    picture = picture_of(case.gathered())
    assert picture.dated[0].struck is None
    assert "another agency's item" in (picture.corrections[0].note or "")
    assert any("could not be applied" in doubt for doubt in picture.doubtful)


def test_what_was_asked_stands_as_it_is() -> None:
    due = NOW - HOUR
    plain: dict[str, object] = {"due_in": 240 * HOUR}
    cases: list[tuple[dict[str, object], Standing, str]] = [
        (plain, Standing.WAITING, "No answer yet; due by"),
        ({"due_in": HOUR}, Standing.OVERDUE, "Speak to safeguarding nurse, 01632 960002."),
        ({"closed": {ATTENDED: due}}, Standing.CLOSED, "this does not mean nothing is held. Speak to"),
        ({"undelivered": True}, Standing.UNDELIVERED, "that is not its silence"),
        ({"withdrawn": True}, Standing.WITHDRAWN, "withdrawn"),
        ({"trouble": "the hub holds it."}, Standing.NOT_SENT, "the hub holds it."),
    ]
    for standing, expected, words in cases:
        case = Case()
        case.ask("health", ATTENDED, **standing)  # type: ignore[arg-type]
        (row,) = picture_of(case.gathered()).answers
        assert row.standing is expected
        assert words in row.sentence


def test_a_refused_ask_that_was_put_right_leaves_the_row_of_the_one_that_went() -> None:
    case = Case()
    case.ask("health", ATTENDED, trouble="the hub refused it.")
    exchange = case.ask("health", ATTENDED)
    case.item(exchange, "health", ATTENDED, entry(DAY, "seen"))
    (row,) = picture_of(case.gathered()).answers
    assert row.standing is Standing.ANSWERED


def test_a_refused_ask_about_somebody_else_is_not_hidden_by_another() -> None:
    case = Case()
    case.ask("health", ATTENDED, trouble="the hub refused it.", subjects=(WREN, MORGAN))
    case.ask("health", ATTENDED, due_in=240 * HOUR)
    rows = picture_of(case.gathered()).answers
    assert {row.standing for row in rows} == {Standing.NOT_SENT, Standing.WAITING}


def test_a_nil_says_what_was_searched_and_a_late_answer_that_it_was_late() -> None:
    case = Case()
    exchange = case.ask("health", ATTENDED, due_in=60, closed={ATTENDED: NOW})
    case.at += HOUR
    case.item(exchange, "health", ATTENDED, systems=("Ward book",))
    (row,) = picture_of(case.gathered()).answers
    assert row.standing is Standing.NIL
    assert ", late" in row.sentence
    assert row.searched == "Ward book, by NHS number"


def test_an_answer_that_could_not_be_opened_is_not_silence() -> None:
    case, exchange = asked()
    unread = Unreadable(
        exchange=exchange, sender="health", categories=(ATTENDED,), at=NOW, outcome="cannot_open"
    )
    (row,) = picture_of(replace(case.gathered(), unreadable=(unread,))).answers
    assert row.standing is Standing.UNREADABLE


def test_an_item_answers_only_its_own_ask_and_source() -> None:
    case = Case()
    exchange = case.ask("health", ATTENDED, due_in=240 * HOUR)
    case.item(exchange, "school", ATTENDED, entry(DAY, "not asked of them"))
    assert picture_of(case.gathered()).answers[0].standing is Standing.WAITING


def test_a_decision_is_in_the_chronology_and_at_a_glance() -> None:
    case = Case()
    case.notice(
        "care",
        regards=case.notice("school"),
        notice=NoticeKind.OUTCOME,
        to="school",
        outcome=OutcomeTold(
            decided=Decided.STRATEGY_DISCUSSION,
            by="team manager",
            at=datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
        ),
    )
    picture = picture_of(case.gathered())
    assert Sort.DECISION in [each.sort for each in picture.dated]
    assert any("strategy discussion" in sentence for sentence in picture.glance)


def test_the_handling_is_the_strictest_of_all() -> None:
    code = HandlingCode
    assert strictest([]).words == "OFFICIAL-SENSITIVE PERSONAL"
    assert strictest([code.OFFICIAL, code.OFFICIAL_SENSITIVE]).words == "OFFICIAL-SENSITIVE"
    assert "code P" in strictest([code.P, code.OFFICIAL]).words
    strict = strictest([code.OFFICIAL, code.C, code.P])
    assert strict.marking is code.OFFICIAL_SENSITIVE_PERSONAL
    assert "code C" in strict.words


def test_the_case_as_a_whole() -> None:
    picture = picture_of(story())
    assert {row.standing for row in picture.answers} == {
        Standing.ANSWERED,
        Standing.NIL,
        Standing.CLOSED,
        Standing.OVERDUE,
        Standing.WAITING,
    }
    assert [each.label for each in picture.people] == ["Wren Imaginary", "Rowan Notreal", "Morgan Imaginary"]
    assert len(picture.differences) == 3
    assert len(picture.messages) == 2
    assert len(picture.corrections) == 1
    words = " ".join(picture.glance)
    for said in ("overdue: Eastmere police", "Nothing shared", "Not answered yet: Oakfield School"):
        assert said in words
