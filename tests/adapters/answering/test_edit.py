"""Editing a draft: what is taken out is gone, its place and reason travel, and it never becomes a nil."""

from collections.abc import Callable
from datetime import date

import pytest

from adapters.answering import edit
from adapters.answering.answer_form import Answer, read_answer
from adapters.answering.edit import Field, RedactionReason
from adapters.answering.grading import parse_grading, written
from adapters.answering.section import BadForm, Section
from adapters.answering.typed import edited, typed_entry, typed_searched
from adapters.errors import WrongOrder
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Nature, Redaction
from policies.policy_set import seed_policy
from policies.vocabulary import Category, HandlingCode, Sector
from tests.adapters.command.asks import ask_for
from tests.adapters.core.made import item_order

VISITS = Category.HEALTH_ATTENDANCES
WHY = RedactionReason.THIRD_PARTY


def _draft() -> ItemOrder:
    return item_order(
        "x",
        entries=(
            Entry(subject=0, on=date(2026, 1, 2), what="One, with a passage.", recorded_by="Ward 3"),
            Entry(subject=0, on=None, what="Two.", detail={"note": "a passage"}),
            Entry(subject=0, on=date(2026, 1, 4), what="Three."),
        ),
        redactions=(Redaction(place="an entry: detail", reason="restricted-record", entry=2),),
    )


def test_a_removed_entry_leaves_its_place_and_the_others_keep_their_redactions() -> None:
    order = edit.remove(_draft(), 1, WHY)
    assert [entry.what for entry in order.entries] == ["Two.", "Three."]
    assert [(one.place, one.reason, one.entry) for one in order.redactions] == [
        ("an entry: detail", "restricted-record", 1),
        ("an entry of 2026-01-02", "third-party", None),
    ]


def test_taking_everything_out_does_not_make_a_nil() -> None:
    order = edit.remove(edit.remove(_draft(), 3, WHY), 2, WHY)
    with pytest.raises(WrongOrder) as caught:
        edit.remove(order, 1, WHY)
    assert caught.value.code == "nothing-left"


def test_fields_and_passages_go_wherever_they_stand() -> None:
    order = edit.redact_field(_draft(), 1, Field.RECORDED_BY, WHY)
    assert order.entries[0].recorded_by is None
    order = edit.redact_passage(order, 2, "a passage", WHY)
    assert order.entries[1].detail == {"note": edit.TAKEN}
    assert {(one.entry, one.place) for one in order.redactions[1:]} == {
        (0, "an entry of 2026-01-02: recorded by"),
        (1, "an entry: a passage"),
    }


@pytest.mark.parametrize(
    "act",
    [
        lambda order: edit.remove(order, 4, WHY),
        lambda order: edit.remove(order, 0, WHY),
        lambda order: edit.redact_field(order, 2, Field.RECORDED_BY, WHY),
        lambda order: edit.redact_passage(order, 1, "not there", WHY),
        lambda order: edit.redact_passage(order, 1, " ", WHY),
    ],
)
def test_what_is_not_there_cannot_be_taken_out(act: Callable[[ItemOrder], ItemOrder]) -> None:
    with pytest.raises(WrongOrder):
        act(_draft())


def test_handling_c_needs_conditions() -> None:
    grading = parse_grading("1/a/c")
    assert grading is not None
    assert written(grading) == "1AC"
    graded = edit.grade(_draft(), 2, grading)
    assert edit.under_conditions(graded)
    with pytest.raises(WrongOrder):
        edit.verify_conditions(graded)
    edit.verify_conditions(edit.handled(graded, HandlingCode.C, "Only in the meeting."))
    assert not edit.under_conditions(_draft())
    assert parse_grading("4AP") is None


@pytest.mark.parametrize(
    "line, code",
    [
        ("remove", "not-an-edit"),
        ("remove 1 because", "not-an-edit"),
        ("remove 9 safety", "no-such-entry"),
        ("grade 1 9ZZ", "not-an-edit"),
        ("as-of soon", "not-an-edit"),
        ("handling x", "not-an-edit"),
        ("burn 1", "not-an-edit"),
    ],
)
def test_a_line_that_is_no_edit_says_what_is_missing(line: str, code: str) -> None:
    with pytest.raises(WrongOrder) as caught:
        edited(_draft(), line)
    assert caught.value.code == code


@pytest.mark.parametrize("line", ["Absent.", "2026-01-02 Absent.", "fact", "#3 fact Absent.", "fact Absent."])
def test_an_entry_says_about_whom_and_of_what_nature(line: str) -> None:
    with pytest.raises(WrongOrder):
        typed_entry(line, people=2)


def test_an_entry_in_one_line_with_its_marks_in_any_order() -> None:
    entry = typed_entry("opinion #2 3EP 2026-01-02: fact is not what it seems", people=2)
    assert (entry.subject, entry.on, entry.nature) == (1, date(2026, 1, 2), Nature.OPINION)
    assert entry.what == "fact is not what it seems"
    searched = typed_searched("one, two; name", today=date(2026, 1, 6), by="as asked")
    assert (searched.systems, searched.by, searched.as_of) == (["one", "two"], ["name"], date(2026, 1, 6))
    assert typed_searched("one", today=date(2026, 1, 6), by="as asked").by == ["as asked"]


_FORM = """\
practitioner: {id: worker-1, role: screener}
acknowledged: [0123abcd]
answers:
  - category: health_attendances
    item:
      prepared: true
      remove: [{entry: 3, reason: not-necessary}, {entry: 1, reason: third-party}]
      redact: [{entry: 2, passage: a passage, reason: sanitised}]
      grade: [{entry: 2, grading: 2BP}]
      mark: [{entry: 2, nature: opinion}]
      as_of: 2026-01-06
"""


def _read(form: str) -> Answer:
    return read_answer(
        Section.of_text(form.encode(), what="an answer", source="answer.yaml"),
        ask=ask_for(VISITS),
        open_categories=frozenset({VISITS}),
        policy=seed_policy(),
        sector=Sector.HEALTH,
        drafts={VISITS: _draft()},
    )


def test_a_form_edits_what_is_prepared_by_the_numbers_shown() -> None:
    answer = _read(_FORM)
    assert answer.acknowledged == {"0123abcd"}
    (order,) = answer.items
    assert order.practitioner.id == "worker-1"
    (entry,) = order.entries
    assert (entry.what, entry.nature, entry.detail) == ("Two.", Nature.OPINION, {"note": edit.TAKEN})
    assert entry.grading is not None
    assert {one.reason for one in order.redactions if one.entry is None} == {"third-party", "not-necessary"}
    assert [one.entry for one in order.redactions if one.reason == "sanitised"] == [0]
    assert order.searched.as_of == date(2026, 1, 6)


@pytest.mark.parametrize(
    "before, after, says",
    [
        ("2BP", "2BC", "only under conditions"),
        ("2BP", "2B", "such as `2BP`"),
        ("entry: 1, reason", "entry: 8, reason", "no entry 8"),
        ("third-party", "because", "is one of"),
        ("prepared: true", "prepared: false", "necessity"),
    ],
)
def test_a_form_that_edits_wrongly_is_refused_in_words(before: str, after: str, says: str) -> None:
    assert before in _FORM
    with pytest.raises(BadForm, match=says):
        _read(_FORM.replace(before, after))


def test_a_date_taken_out_is_in_no_place_of_what_was_taken_out_before() -> None:
    order = edit.redact_passage(_draft(), 1, "a passage", WHY)
    order = edit.redact_field(order, 1, Field.RECORDED_BY, WHY)
    order = edit.redact_field(order, 1, Field.ON, WHY)
    assert "2026-01-02" not in str(order)
    assert [one.place for one in order.redactions if one.entry == 0] == [
        "an entry: a passage",
        "an entry: recorded by",
        "an entry: on",
    ]
