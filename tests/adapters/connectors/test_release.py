"""What `redact` lets through holds no protected value, and what it stops it names."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.connectors import spelling
from adapters.connectors.connector import ConnectorFailed, Reading, SourceEntry
from adapters.release import Protected, redact, verify_redacted
from broker.protocol.body import Redaction, Searched
from policies.vocabulary import Category

FLAGS = Category.HEALTH_FLAGS
SEARCHED = Searched(systems=["Invented records"], by=["exact match"], as_of=None)


def reading(*entries: SourceEntry, restricted: bool = True) -> Reading:
    return Reading(entries={FLAGS: entries}, restricted=restricted, searched=SEARCHED, redactions={})


def entry(what: str = "Alert", **more: object) -> SourceEntry:
    return SourceEntry(on=date(2026, 1, 2), what=what, **more)  # type: ignore[arg-type]


STREET = Protected(texts=frozenset({spelling.spellings("17 Figment Crescent")}))


@pytest.mark.parametrize(
    "held, left, places",
    [
        (entry("Lives at 17 Figment Cres"), None, ["an entry of 2026-01-02"]),
        (entry(recorded_by="Desk, 17 figment crescent"), entry(), ["an entry of 2026-01-02: recorded by"]),
        (entry(reference="Flag/17-FIGMENT-CRESCENT"), entry(), ["an entry of 2026-01-02: reference"]),
        (
            entry(detail=(("note", "17FigmentCrescent"), ("status", "active"))),
            entry(detail=(("status", "active"),)),
            ["an entry of 2026-01-02: detail"],
        ),
        (entry(detail=(("17 Figment", "Crescent"),)), entry(), ["an entry of 2026-01-02: detail"]),
        (entry("No. 17", detail=(("Figment", "Crescent"),)), None, ["an entry of 2026-01-02"]),
        (entry("Moved to Figment"), entry("Moved to Figment"), []),
    ],
)
def test_what_holds_a_value_is_taken_out_and_its_place_named(
    held: SourceEntry, left: SourceEntry | None, places: list[str]
) -> None:
    clean = redact(reading(held), STREET)
    assert clean.entries[FLAGS] == (() if left is None else (left,))
    assert [redaction.place for redaction in clean.redactions[FLAGS]] == places
    assert "igment" not in str(places)


@pytest.mark.parametrize(
    "what",
    [
        "ring 01632 960111",
        "+44 (0)1632-960111",
        "a.b@example.org",
        "at LS1 6AE",
        "at ls16ae",
        "surgery Y12345",
    ],
)
def test_of_a_restricted_record_nothing_that_looks_like_a_contact_leaves(what: str) -> None:
    assert redact(reading(entry(what)), Protected()).entries[FLAGS] == ()
    assert redact(reading(entry(what), restricted=False), Protected()).entries[FLAGS] != ()


@pytest.mark.parametrize(
    "what",
    [
        "Body height: 121 cm",
        "Nosebleeds, 3 times",
        "Seen 2026-05-04 and 2026-05-05T10:00:00+01:00",
        "Systolic 110 mmHg, diastolic 70 mmHg",
        "HbA1c 42.123456789 mmol/mol",
    ],
)
def test_ordinary_facts_stay(what: str) -> None:
    towns = Protected(texts=frozenset({spelling.spellings("Leeds"), spelling.spellings("Bath")}))
    assert redact(reading(entry(what)), towns).entries[FLAGS] == (entry(what),)


def test_a_system_s_name_is_not_told_of_a_restricted_record() -> None:
    assert redact(reading(), Protected()).searched.systems == ["the agency's record system"]


def test_a_value_that_would_be_left_stops_everything() -> None:
    held = Reading(
        entries={FLAGS: ()},
        restricted=False,
        searched=Searched(systems=["17 Figment Crescent"], by=[], as_of=None),
        redactions={},
    )
    with pytest.raises(ConnectorFailed) as failed:
        redact(held, STREET)
    assert failed.value.code == "restricted-value-left"
    assert "igment" not in str(failed.value)
    told = Reading(
        entries={FLAGS: ()}, restricted=True, searched=SEARCHED,
        redactions={FLAGS: (Redaction(place="17 Figment Crescent", reason="restricted-record"),)},
    )  # fmt: skip
    with pytest.raises(ConnectorFailed):
        verify_redacted(told, STREET)


def test_no_more_redactions_than_a_body_takes() -> None:
    entries = tuple(
        SourceEntry(on=date(2020, 1, 1 + n % 28), what=f"17 figment crescent {n}") for n in range(28)
    )
    many = tuple(SourceEntry(on=date(1900 + n, 1, 1), what="17 Figment Crescent") for n in range(300))
    assert len(redact(reading(*entries), STREET).redactions[FLAGS]) == 28
    limited = redact(reading(*many), STREET).redactions[FLAGS]
    assert len(limited) == 200
    assert limited[-1].place == "101 more entries"


def test_protected_values_are_not_shown() -> None:
    assert "figment" not in repr(STREET)


WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=10)
KINDS = [("Street", "St"), ("Road", "Rd."), ("Lane", "ln"), ("Crescent", "CRES"), ("Gardens", "Gdns")]


@st.composite
def spelt(draw: st.DrawFn) -> tuple[Protected, str]:
    """Give one protected value, and a way of writing it inside other words."""

    def case(text: str) -> str:
        return "".join(draw(st.sampled_from([c.lower(), c.upper()])) for c in text)

    gap = st.sampled_from(["", " ", ", ", "-", "\u00a0", "\u200b", ". "])
    match draw(st.sampled_from(["street", "phone", "email", "postcode"])):
        case "street":
            number, name, (kind, short) = draw(st.integers(1, 999)), draw(WORD), draw(st.sampled_from(KINDS))
            value = Protected(texts=frozenset({spelling.spellings(f"{number} {name} {kind}")}))
            written = f"{number}{draw(gap)}{case(name)} {case(draw(st.sampled_from([kind, short])))}"
        case "phone":
            rest = draw(st.text(alphabet="0123456789", min_size=9, max_size=9))
            value = Protected(phones=frozenset({spelling.national(f"01{rest}")}))
            prefix = draw(st.sampled_from(["0", "+44 ", "0044", "+44 (0)", "(0"]))
            written = prefix + "1" + "".join(c + draw(st.sampled_from(["", " ", "-", "."])) for c in rest)
        case "email":
            local, host = draw(WORD), draw(WORD)
            value = Protected(texts=frozenset({spelling.email_spellings(f"{local}@{host}.example.org")}))
            at, dot = draw(st.sampled_from([("@", "."), (" at ", " dot "), (" [at] ", "."), ("@", " dot ")]))
            written = case(f"{local}{at}{host}{dot}example{dot}org")
        case _:
            code = draw(st.from_regex(r"[A-Z]{1,2}[1-9][0-9]? [0-9][ABD-HJLNP-UW-Z]{2}", fullmatch=True))
            value = Protected(postcodes=frozenset({spelling.postal(code)}))
            written = case(code.replace(" ", draw(gap)).replace("0", draw(st.sampled_from(["0", "O"]))))
    before, after = draw(WORD), draw(WORD)
    return value, f"{before} {written} {after}"


@given(spelt(), st.sampled_from(["what", "recorded_by", "reference", "detail"]), st.booleans())
def test_a_value_in_any_spelling_in_any_field_does_not_pass(
    protected: tuple[Protected, str], field: str, restricted: bool
) -> None:
    value, written = protected
    held = entry(**{field: (("note", written),) if field == "detail" else written})  # type: ignore[arg-type]
    clean = redact(reading(held, restricted=restricted), value)
    assert written not in str(clean.entries)
    assert not value.held_in(str(clean.entries[FLAGS]))
    assert clean.redactions[FLAGS]
    assert re.sub(r"\W", "", written) not in re.sub(r"\W", "", str(clean))


@given(st.text(max_size=200))
def test_redacting_never_fails_on_words(what: str) -> None:
    assert redact(reading(entry(what)), STREET).entries[FLAGS] in {(), (entry(what),)}
