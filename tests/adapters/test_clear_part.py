"""A declaration leaves only if its clear part holds no value of a person in its body."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clear_part import ClearPartRefused, verify_clear_part
from broker.protocol.body import AskBody, Body, Entry, Identifier, NoticeBody, Person
from broker.protocol.declaration import parse_declaration
from keys import base64url
from keys.errors import MalformedInput
from policies.vocabulary import Category, SubjectRole
from tests.adapters.connectors.made import CHILD

ID = "0dee0ada-0abe-4f00-8000-00000000fade"
# A digest that spells the child's name: excluded by its place and form, not because it seldom happens.
DIGEST = "testinamadeup".ljust(43, "A")


def person(**more: Any) -> Person:
    values: dict[str, Any] = {
        "role": SubjectRole.CHILD,
        "t1": DIGEST,
        "r": DIGEST,
        "traced": True,
        "name": "Testina Madeup-Wren",
        "born": date(2016, 2, 9),
        "identifiers": [Identifier(system="nhs", value=CHILD, checked=True)],
        "address": "17 Figment Crescent, Nowhere-on-Sea, ZZ99 4XY",
    } | more
    return Person(**values)


def ask(concern: str = "Two accounts of one injury.", **more: Any) -> AskBody:
    return AskBody(
        sender="social-care",
        recipient="health",
        exchange=ID,
        jti=ID,
        salt=DIGEST,
        concern=concern,
        necessity="s.47",
        **{"subjects": [person()]} | more,
    )


def payload(**changes: Any) -> dict[str, Any]:
    """Give an ask's payload as the protocol has it; a name with dots leads inside."""
    whole: dict[str, Any] = {
        "iss": "social-care",
        "sub": {"id": "sw-0143", "role": "practitioner"},
        "aud": ["0" * 32, "health"],
        "jti": ID,
        "exchange": ID,
        "iat": 1_780_000_000,
        "exp": 1_780_000_600,
        "needed_until": 1_780_600_000,
        "kind": "ask",
        "purpose": "child_protection_enquiry",
        "rating": "red",
        "categories": ["health_conditions"],
        "due_within": 14_400,
        "threshold": {"role": "manager", "at": 1_779_990_000},
        "grounds": {
            "regime": "uk_gdpr",
            "article6": "GDPR6-1E",
            "article9": "SCH1-P18",
            "gateway": "CA1989-S47",
            "schedule1": [{"subject": 0, "reason": "c"}],
            "necessity_recorded": True,
            "collected_under": "uk_gdpr",
        },
        "consent": {"outcome": "not_sought", "why_not_sought": "prejudice"},
        "subjects": [{"role": "child", "ver": 1, "epoch": 1, "c": DIGEST}],
        "body": {"digest": DIGEST, "commitment": DIGEST},
    }
    for path, value in changes.items():
        *outer, last = path.split(".")
        holder = whole
        for step in outer:
            holder = holder[step]
        holder[last] = value
    return whole


def verify(changes: dict[str, Any], body: Body | None = None) -> None:
    verify_clear_part(json.dumps(payload(**changes)).encode(), body or ask())


def test_the_payload_tried_here_is_the_protocol_s() -> None:
    def part(value: Any) -> str:
        return base64url.encode(json.dumps(value).encode())

    header = {"alg": "EdDSA", "kid": "A" * 43, "typ": "gatehouse-ask+1"}
    token = f"{part(header)}.{part(payload())}.{base64url.encode(bytes(64))}"
    _, declaration = parse_declaration(token)
    assert declaration.purpose.value == "child_protection_enquiry"


def test_an_ordinary_declaration_leaves() -> None:
    verify({})
    verify({"consent.reference": "consent-2026-17"})
    # A reference made by a machine may spell a short name in hexadecimal digits.
    verify({"consent.reference": ID}, ask(subjects=[person(name="Ada Fade")]))


@pytest.mark.parametrize(
    "chosen",
    [
        "testina",
        "TESTINA",
        "t.e.s.t.i.n.a",
        "wren1",
        "madeup",
        "x.testinamadeupwren",
        "TéstinaM",
        CHILD,
        f"{CHILD[:3]}-{CHILD[3:6]}-{CHILD[6:]}",
        f"case{CHILD}",
        "2016-02-09",
        "20160209",
        "09.02.2016",
        "09022016",
        "9-2-2016",
        "090216",
        "160209",
        "9feb2016",
        "9th-feb-2016",
        "Feb-9-16",
        "02092016",
        "february.9.2016",
        "17-figment-crescent",
        "nowhere.on.sea",
        "ZZ994XY",
        "zz99-4xy",
    ],
)
@pytest.mark.parametrize("place", ["sub.id", "consent.reference"])
def test_a_value_of_a_subject_is_refused_and_not_repeated(place: str, chosen: str) -> None:
    with pytest.raises(ClearPartRefused) as refused:
        verify({place: chosen})
    assert refused.value.code == "subject-in-clear-part"
    assert place in str(refused.value)
    assert chosen not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"jti": "testina"},
        {"body.digest": "testina"},
        {"body.digest": CHILD},
        {"aud": ["testina", "health"]},
        {"aud": ["0" * 32, "testina-madeup"]},
        {"iss": "madeup"},
        {"rating": "testina"},
        {"categories": ["health_conditions", "madeup"]},
        {"grounds.gateway": "CA1989-TESTINA"},
        {"iat": f"{CHILD}"},
        {"kind": ["testina"]},
        {"note": "about Testina"},
        {"note": {"deep": [["x", {"y": "madeup"}]]}},
        {"note": int(CHILD)},
        {"testina": True},
        {"sub.madeup": None},
    ],
)
def test_a_member_is_passed_over_only_in_its_own_form(changes: dict[str, Any]) -> None:
    with pytest.raises(ClearPartRefused):
        verify(changes)


@pytest.mark.parametrize(
    "name",
    [
        # Names that are words of the protocol, of the law, of the agencies and of hexadecimal digits.
        "Child Health",
        "Red Manager",
        "Care Social",
        "Ada Dee",
        "Abe Fade",
        "Gdpr Practitioner",
        "Prejudice May",
    ],
)
def test_no_family_is_shut_out_by_its_name(name: str) -> None:
    verify({}, ask(subjects=[person(name=name)]))


def test_every_subject_counts_and_short_words_do_not() -> None:
    aunt = person(
        role=SubjectRole.OTHER_ADULT, name="Bo Li", identifiers=[Identifier(system="crn", value="X123456")]
    )
    for chosen in ("x-123456", "boli"):
        with pytest.raises(ClearPartRefused):
            verify({"sub.id": chosen}, ask(subjects=[person(), aunt]))
    verify({"sub.id": "olibowden"}, ask(subjects=[aunt]))


@pytest.mark.parametrize("written", ["01632 960111", "+44 1632 960 111", "maud@example.org", "ZZ98 1AB"])
def test_contacts_in_the_words_count_but_for_the_practitioner_s_own(written: str) -> None:
    chosen = {"01632 960111": "x.01632.960111", "+44 1632 960 111": "01632960111"}.get(written, written)
    with pytest.raises(ClearPartRefused):
        verify({"sub.id": chosen}, ask(f"Mother rang from {written} today."))
    verify({"sub.id": written}, ask(f"Ring me on {written}.", contact=f"Desk, {written}"))


def test_a_notice_s_entries_count_too() -> None:
    notice = NoticeBody(
        sender="social-care",
        recipient="health",
        exchange=ID,
        jti=ID,
        salt=DIGEST,
        subjects=[person(address=None)],
        category=Category.CONTACT_REPORT,
        concern="Absent.",
        entries=[Entry(subject=0, on=None, what="Moved", detail={"to": "5 Row, ZZ98 1AB"})],
    )
    verify({"sub.id": "row"}, notice)
    with pytest.raises(ClearPartRefused):
        verify({"sub.id": "zz981ab"}, notice)


def test_bytes_that_are_no_payload_are_refused() -> None:
    for bad in (b"", b"[]", b'{"a": 1, "a": 2}', b"\xff"):
        with pytest.raises(MalformedInput):
            verify_clear_part(bad, ask())


@given(
    value=st.sampled_from(["Testina", "MadeupWren", CHILD, "Figment Crescent 17", "09 02 2016"]),
    place=st.sampled_from(["sub.id", "consent.reference", "sub.more", "extra"]),
    data=st.data(),
)
def test_case_spacing_and_punctuation_hide_nothing(value: str, place: str, data: st.DataObject) -> None:
    gap = st.sampled_from(["", ".", "-", "_", "@", " "])
    written = "".join(
        data.draw(st.sampled_from([c.lower(), c.upper()])) + data.draw(gap) for c in value if c != " "
    )
    body = ask(subjects=[person(address="Figment Crescent 17")])
    with pytest.raises(ClearPartRefused):
        verify({place: f"a{written}z"}, body)
