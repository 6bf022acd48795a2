"""Ways of writing one value count as the same, and chance likenesses do not."""

import pytest

from adapters.connectors import spelling


@pytest.mark.parametrize(
    "value, text, same",
    [
        ("1 Trevelyan Square", "at 1, trevelyan sq.", True),
        ("1 Trevelyan Square", "1TREVELYANSQUARE", True),
        ("1 Trevelyan Sq", "1 Trevelyan Square", True),
        ("1 Trevelyan Square", "1 Trevelyan&nbsp;Square", True),
        ("Zoë’s Café", "zoes cafe", True),
        ("Leeds", "nosebleeds", False),
        ("Leeds", "L e e d s", True),
        ("Leeds", "in LEEDS.", True),
        ("12", "12", False),
        ("1 Trevelyan Square", "2 Trevelyan Square", False),
        ("ﬁgment row 3", "FIGMENT ROW 3", True),
        ("Figment\u00adRow 3", "Figment Row 3", True),
    ],
)
def test_text(value: str, text: str, same: bool) -> None:
    assert spelling.Haystack.of(text).holds(spelling.spellings(value)) is same


@pytest.mark.parametrize(
    "written",
    [
        "01632 960587",
        "+44 1632 960587",
        "0044 (0)1632-960587",
        "(01632)960.587",
        "٠١٦٣٢ ٩٦٠٥٨٧",
        "ring 01632960587 x2",
    ],
)
def test_phone(written: str) -> None:
    number = spelling.national("01632960587")
    assert spelling.Haystack.of(written).holds_phone(number)
    assert not spelling.Haystack.of("01632 960588").holds_phone(number)


@pytest.mark.parametrize("written", ["DN20 0PQ", "dn200pq", "DN20 OPQ", "at dn20-0pq,", "DN2O 0PQ"])
def test_postcode(written: str) -> None:
    assert spelling.Haystack.of(written).holds_postcode(spelling.postal("DN20 0PQ"))
    assert not spelling.Haystack.of("DN20 1PQ").holds_postcode(spelling.postal("DN20 0PQ"))


@pytest.mark.parametrize(
    "written",
    [
        "Jane.Smith@Example.com",
        "jane smith at example dot com",
        "jane.smith(at)example.com",
        "JANESMITH@EXAMPLECOM",
    ],
)
def test_email(written: str) -> None:
    assert spelling.Haystack.of(written).holds(spelling.email_spellings("jane.smith@example.com"))


@pytest.mark.parametrize(
    "text, likely",
    [
        ("write to a@example.org", True),
        ("BS19 5PZ", True),
        ("07700 900123", True),
        ("+33 1 23 45 67 89", True),
        ("GP Y12345", True),
        ("blood pressure 120/80", False),
        ("2026-05-04T22:10:00+01:00", False),
        ("46.617568000721235 cm", False),
        ("took 5 mg twice in 2024", False),
    ],
)
def test_what_looks_like_a_contact(text: str, likely: bool) -> None:
    assert spelling.looks_like_contact(text) is likely


def test_a_long_text_costs_no_more_than_its_length() -> None:
    # Without a bound on the parts of an address this would not end.
    assert not spelling.looks_like_contact("a" * 200_000 + "." * 1_000)
