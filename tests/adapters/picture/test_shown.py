"""What every way of showing promises, whatever the words: nothing lost, nothing acting, nothing too wide."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.command.screen import clean, plain
from adapters.picture.gathered import Gathered
from adapters.picture.make import picture_of
from adapters.picture.page import page
from adapters.picture.picture import Picture
from adapters.picture.terminal import cells, lines
from broker.protocol.body import Correction, Entry, Nature
from broker.protocol.declaration import NoticeKind
from policies.vocabulary import Category
from tests.adapters.picture.made import MORGAN, WREN, Case, entry, many, story

VOID = {"meta", "br"}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
DATES = st.none() | st.dates() | st.datetimes(timezones=st.none() | st.just(UTC))


@st.composite
def enquiries(draw: st.DrawFn) -> Gathered:
    """Arbitrary words about two people by two agencies, some of them corrected."""
    case = Case()
    for agency in ("health", "school"):
        entries = draw(
            st.lists(
                st.builds(
                    Entry,
                    subject=st.integers(0, 1),
                    on=DATES,
                    what=WORDS,
                    nature=st.sampled_from(Nature),
                    detail=st.dictionaries(WORDS, WORDS, max_size=3),
                ),
                max_size=6,
            )
        )
        exchange = case.ask(agency, Category.HEALTH_ATTENDANCES, subjects=(WREN, MORGAN), concern=draw(WORDS))
        item = case.item(exchange, agency, Category.HEALTH_ATTENDANCES, *entries, subjects=(WREN, MORGAN))
        if draw(st.booleans()):
            case.notice(
                agency,
                notice=NoticeKind.CORRECTION,
                regards=exchange,
                concern=draw(WORDS),
                correction=Correction(
                    item=item, entries=draw(st.lists(st.integers(0, 8), max_size=3)), why=draw(WORDS)
                ),
            )
    return case.gathered(enquiry=draw(WORDS))


class Reader(HTMLParser):
    """Reads a page as a browser does: its tags, and its words without the style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def flat(text: str) -> str:
    """Without white space, as pages and terminals break lines elsewhere."""
    return "".join(clean(text).split())


@settings(max_examples=25)
@given(enquiries())
def test_no_statement_is_lost_and_what_is_struck_is_what_was_corrected(gathered: Gathered) -> None:
    picture = picture_of(gathered)
    entries = [each for told in gathered.told for each in getattr(told.body, "entries", [])]
    statements = (*picture.dated, *picture.undated)
    assert sorted(each.what for each in statements) == sorted(each.what for each in entries)
    named = {ref for each in picture.corrections for ref in each.struck}
    assert {each.ref for each in statements if each.struck is not None} >= named
    assert len({each.ref for each in statements}) == len(statements)


@settings(max_examples=25)
@given(enquiries())
def test_a_page_is_whole_and_everything_said_is_text_in_it(gathered: Gathered) -> None:
    picture = picture_of(gathered)
    read = Reader(page(picture))
    assert read.open == []
    assert not {"script", "img", "link", "iframe", "form", "object"} & set(read.tags)
    assert not [name for name in read.attributes if name.startswith("on") or name == "style"]
    for each in (*picture.dated, *picture.undated):
        assert flat(each.what) in flat(read.words)


@settings(max_examples=25)
@given(enquiries(), st.integers(20, 160))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(gathered: Gathered, width: int) -> None:
    picture = picture_of(gathered)
    shown = list(lines(picture, width=width))
    assert max(map(cells, shown)) <= width
    assert all("\n" not in line for line in shown)
    if width >= 60:
        whole = flat("".join(line[15:] for line in shown))
        for each in (*picture.dated, *picture.undated):
            assert flat(each.what)[:30] in whole


@settings(max_examples=20)
@given(enquiries())
def test_the_same_envelopes_in_another_order_give_the_same_picture(gathered: Gathered) -> None:
    from dataclasses import replace

    other = replace(gathered, told=gathered.told[::-1])
    assert picture_of(other) == picture_of(gathered)


def hostile() -> Picture:
    case = Case()
    case.notice(
        "school",
        entry(
            date(2026, 1, 1),
            "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;\x1b[2J\u202e",
            detail={"</style><script>": '"><a href="javascript:x">'},
        ),
        concern="]]><!-- </main>",
    )
    return picture_of(case.gathered(enquiry='"; </title><script>alert(3)</script>'))


def test_planted_markup_stays_text() -> None:
    text = page(hostile())
    read = Reader(text)
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;" in read.words
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_planted_lines_do_not_look_like_ours() -> None:
    case = Case()
    case.notice("school", entry(date(2026, 1, 1), "x\n\nWHO HAS ANSWERED\n- Eastmere police: nothing held"))
    shown = list(lines(picture_of(case.gathered()), width=100))
    assert "WHO HAS ANSWERED" not in shown
    assert not [line for line in shown if line.startswith("- Eastmere police")]


def test_the_page_lets_one_style_act_and_nothing_else() -> None:
    text = page(picture_of(story()))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert not re.findall(r"(?:src|href)=\"(?!#)", text)
    assert "url(" not in text
    assert text.count("<style>") == 1


def test_headings_captions_and_table_roles_are_there_for_a_screen_reader() -> None:
    text = page(picture_of(story()))
    assert re.findall(r"<h1>.*?</h1>", text) == ["<h1>The picture of enquiry enquiry-2026-114</h1>"]
    assert text.count('class="data"') == text.count("<caption") == 4
    assert text.count('role="columnheader"') == text.count('scope="col"') > 8
    assert 'lang="en-GB"' in text


def test_json_holds_all_of_it_with_the_words_as_they_were_sent() -> None:
    picture = picture_of(story())
    value = json.loads(json.dumps(plain(picture)))
    assert len(value["dated"]) == len(picture.dated) == 31
    assert value["handling"]["marking"] == "official_sensitive_personal"
    assert value["dated"][0]["on"] == "2026-01-05"


def test_four_hundred_statements_are_all_shown() -> None:
    picture = picture_of(many(400))
    assert len(picture.dated) == 400
    assert page(picture).count('role="rowheader"') == 400 + len(picture.people) + len(picture.answers)


def test_a_time_is_shown_with_the_zone_its_source_gave() -> None:
    case = Case()
    case.notice("school", entry(datetime(2026, 1, 1, 9, 5, tzinfo=UTC), "x"))
    assert any("1 Jan 2026" in line for line in lines(picture_of(case.gathered()), width=100))
    assert "1 Jan 2026 09:05 UTC" in page(picture_of(case.gathered()))
