"""The third-party check on plain texts: what it finds, what it leaves alone, and what is expected where."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answering.third_party import Kind, findings, unseen
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Identifier, Person, Redaction
from policies.vocabulary import Category, SubjectRole
from tests.adapters.core.made import NUMBER, item_order

_PERSON = Person(
    role=SubjectRole.CHILD,
    t1="A" * 43,
    r="A" * 43,
    traced=True,
    name="Zebedee Quillfeather",
    born=date(2016, 5, 4),
    identifiers=[Identifier(system="nhs", value=NUMBER, checked=True)],
    address="1 Nowhere Lane, Inventon, ZZ99 1AA",
)


def _order(*words: str, category: Category = Category.HEALTH_ATTENDANCES, **more: object) -> ItemOrder:
    entries = tuple(Entry(subject=0, on=None, what=each) for each in words)
    return item_order("x", category=category, entries=entries, **more)


def _kinds(words: str, category: Category = Category.HEALTH_ATTENDANCES) -> set[str]:
    return {each.kind.value for each in findings(_order(words, category=category), [_PERSON])}


@pytest.mark.parametrize(
    "words",
    [
        "Emergency attendance: parent reports fits at home. Examined, none seen; discharged.",
        "Peak expiratory flow: 210 L/min",
        "Absent. Reason given by telephone: chest infection.",
        "Call to the home on Monday 3 March 2025; no offence recorded.",
        "Seen at Inventon General Hospital, Emergency Department.",
        "Zebedee Quillfeather, NHS 999 000 0018, of 1 Nowhere Lane, ZZ99 1AA, attended.",
        "Called to 1 Nowhere Lane, Inventon, ZZ99 1AA by telephone.",
        "Late on four Mondays of five, Year 3.",
        "Missing for one night; found at a bus station.",
        "Zebedee's wheeze; QUILLFEATHER on the wristband.",
        "Child protection plan since May; category Neglect.",
        "BCG given; DASH medium; ADHD queried.",
        "Attendance 87.5 % in 2025-26; 19 sessions.",
    ],
)
def test_what_belongs_to_those_asked_about_is_left_alone(words: str) -> None:
    assert _kinds(words) == set()


@pytest.mark.parametrize(
    "words, kinds",
    [
        ("Lives with Maud now.", {"name"}),
        ("Somebody in Inventon took him.", {"name"}),
        ("Maud Madeup collected him.", {"name"}),
        ("Maud told the desk.", {"name"}),
        ("Seen with Mr Madeup.", {"name"}),
        ("Now at 17 Figment Crescent.", {"address"}),
        ("Now at Flat 3, 17 Figment Crescent.", {"address"}),
        ("Ring 01632 960111.", {"contact"}),
        ("Write to maud.madeup@example.org.", {"contact"}),
        ("Somewhere in ZZ99 4XY.", {"contact"}),
        ("PNC 2001/0171310W.", {"number"}),
        ("NHS 999 000 0026.", {"number"}),
        ("Letter to Imaginary Lane Surgery.", {"practice"}),
        ("A source told the desk.", {"source"}),
        ("An in\u00adfor\u200bmant rang.", {"source"}),
        ("Ring &#48;1632 960111.", {"contact"}),
        ("At \uff11\uff17 Figment Crescent.", {"address"}),
    ],
)
def test_what_belongs_to_nobody_asked_about_is_found(words: str, kinds: set[str]) -> None:
    assert _kinds(words) >= kinds


def test_what_a_category_is_made_of_is_expected_in_it() -> None:
    assert _kinds("Mother: Maud Madeup", Category.HOUSEHOLD) == set()
    assert _kinds("Mother: Maud Madeup, telephone 01632 960111", Category.HOUSEHOLD) == {"contact"}
    assert _kinds("Registered with GP: Imaginary Lane Surgery", Category.GP_REGISTRATION) == set()
    assert _kinds("Telephone: 01632 960111", Category.DEMOGRAPHICS) == set()
    # Where somebody lives is what was asked, unless the asker knows another address.
    elsewhere = _order("Address: 17 Figment Crescent, Nowhere", category=Category.DEMOGRAPHICS)
    assert {each.kind for each in findings(elsewhere, [_PERSON])} == {Kind.ADDRESS}
    unknown = _PERSON.model_copy(update={"address": None})
    assert not findings(elsewhere, [unknown])
    # Adoptions and sources are expected nowhere.
    assert _kinds("Adoptive mother: Maud Madeup", Category.HOUSEHOLD) == {"source"}


def test_it_looks_beside_the_entries_too() -> None:
    order = _order(
        "Wheeze.",
        necessity="Maud Madeup must know.",
        conditions="Not to Maud Madeup.",
        redactions=(Redaction(place="what the informant said", reason="sanitised"),),
    )
    found = findings(order, [_PERSON])
    assert {each.place for each in found} == {"why it is given", "conditions", "what was left out"}
    assert {each.entry for each in found} == {None}


def test_each_finding_is_acknowledged_by_itself() -> None:
    order = _order("Lives with Maud Madeup.", "Lives with Maud Madeup.")
    first, second = findings(order, [_PERSON])
    assert first.id != second.id
    assert (first.entry, second.entry) == (0, 1)
    assert unseen((first, second), frozenset({first.id})) == (second,)
    # Another text has another id: what was acknowledged does not cover it.
    (other,) = findings(_order("Lives with Maud Elsewhere."), [_PERSON])
    assert other.id not in (first.id, second.id)
    assert "Madeup" not in repr(first)


@given(st.text(max_size=300))
def test_any_text_is_read_twice_alike(words: str) -> None:
    order = _order(words or "-")
    assert findings(order, [_PERSON]) == findings(order, [_PERSON])


@pytest.mark.parametrize(
    "name, kind",
    [("Now at 17 Figment Crescent", "address"), ("refuge", "source"), ("01632 960111", "contact")],
)
def test_the_name_of_a_detail_is_read_as_its_value_is(name: str, kind: str) -> None:
    entry = Entry(subject=0, on=None, what="Seen.", detail={name: "yes"})
    found = findings(item_order("x", category=Category.HEALTH_ATTENDANCES, entries=(entry,)), [_PERSON])
    assert kind in {each.kind.value for each in found}
