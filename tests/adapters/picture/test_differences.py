"""Where sources do not agree, and where they merely say different things."""

from datetime import date

from adapters.picture.make import picture_of
from adapters.picture.picture import Difference
from broker.protocol.body import Correction, Entry
from broker.protocol.declaration import NoticeKind
from policies.vocabulary import Category
from tests.adapters.picture.made import MORGAN, WREN, Case, entry, person

DAY = date(2026, 11, 16)
SCHOOL, HEALTH = Category.ATTENDANCE, Category.HEALTH_ATTENDANCES


def between(
    one: Entry, other: Entry, *, first: Category = HEALTH, second: Category = HEALTH
) -> tuple[Difference, ...]:
    """Health says one thing, the school another."""
    case = Case()
    health = case.ask("health", first, subjects=(WREN, MORGAN))
    school = case.ask("school", second, subjects=(WREN, MORGAN))
    case.item(health, "health", first, one, subjects=(WREN, MORGAN))
    case.item(school, "school", second, other, subjects=(WREN, MORGAN))
    return picture_of(case.gathered()).differences


def test_birth_dates_names_and_addresses_of_one_person_are_shown_side_by_side() -> None:
    case = Case()
    case.ask("health", HEALTH, subjects=(WREN,))
    other = person("Wren Pretend", date(2018, 9, 3), nhs="9991001018", address="17 Figment Crescent")
    case.notice("school", subjects=(other,))
    picture = picture_of(case.gathered())
    assert [each.what for each in picture.differences] == [
        "Birth date differs",
        "Name differs",
        "Address differs",
    ]
    assert [side.words for side in picture.differences[0].sides] == ["9 Mar 2018", "3 Sep 2018"]


def test_spelling_is_no_difference() -> None:
    case = Case()
    case.ask("health", HEALTH, subjects=(WREN,))
    other = person("WREN  imaginary", WREN.born, nhs="9991001018", address="4, nowhere lane Inventon.")
    case.notice("school", subjects=(other,))
    assert picture_of(case.gathered()).differences == ()


def test_one_detail_of_one_day_with_another_value_differs() -> None:
    one, other = (entry(DAY, "x", detail={"Injury": word}) for word in ("left arm", "right arm"))
    (found,) = between(one, other)
    assert found.what == "Injury differs, 16 Nov 2026"
    assert [side.says for side in found.sides] == ["Eastmere health (invented)", "Oakfield School (invented)"]
    assert all(side.statement for side in found.sides)


def test_another_day_another_person_or_a_systems_own_detail_is_no_difference() -> None:
    here = entry(DAY, "x", detail={"injury": "left arm", "code": "1"})
    assert not between(here, entry(date(2026, 11, 17), "x", detail={"injury": "right arm"}))
    assert not between(here, entry(DAY, "x", subject=1, detail={"injury": "right arm"}))
    assert not between(here, entry(DAY, "x", detail={"code": "2", "injury": "Left  arm"}))
    assert not between(here, entry(None, "x", detail={"injury": "right arm"}))


def test_two_reasons_for_one_day_by_one_source_differ() -> None:
    case = Case()
    case.notice("school", *(entry(DAY, "Absent.", detail={"reason": word}) for word in ("cough", "fever")))
    (found,) = picture_of(case.gathered()).differences
    assert found.what.startswith("Reason differs")


def test_present_and_absent_differ_and_a_visit_on_a_day_of_absence_does_not() -> None:
    absent = entry(DAY, "Absent all day.")
    assert between(entry(DAY, "Attended the clinic."), absent)
    assert not between(entry(DAY, "Attended the clinic."), absent, second=SCHOOL)
    assert not between(entry(DAY, "Was not brought."), absent)


def test_an_absence_put_down_to_a_visit_that_was_not_attended_differs() -> None:
    missed = entry(DAY, "Clinic: did not attend.")
    (found,) = between(missed, entry(DAY, "Absent: hospital appointment."), second=SCHOOL)
    assert "health says was not attended" in found.what
    assert not between(missed, entry(DAY, "Absent: a cold."), second=SCHOOL)


def test_absences_put_down_to_visits_stand_beside_a_nil_of_health() -> None:
    case = Case()
    health = case.ask("health", HEALTH)
    case.item(health, "health", HEALTH)
    case.notice("school", entry(DAY, "Absent: seeing the doctor."))
    (found,) = picture_of(case.gathered()).differences
    assert found.sides[-1].words.startswith("Found no attendance in what was searched: Main record system")


def test_what_was_corrected_takes_no_part() -> None:
    case = Case()
    health = case.ask("health", HEALTH)
    wrong = case.item(health, "health", HEALTH, entry(DAY, "x", detail={"injury": "left arm"}))
    case.notice("school", entry(DAY, "x", detail={"injury": "right arm"}))
    assert len(picture_of(case.gathered()).differences) == 1
    case.notice(
        "health", notice=NoticeKind.CORRECTION, regards=health, correction=Correction(item=wrong, why="Twin.")
    )
    assert picture_of(case.gathered()).differences == ()
