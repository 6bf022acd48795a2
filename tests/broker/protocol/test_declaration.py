"""Declarations: codes only, and what has to fit together."""

import json
from typing import Any

import pytest
from hypothesis import given

from broker.protocol.declaration import (
    TYP,
    Ask,
    Declaration,
    Item,
    Kind,
    Message,
    Notice,
    NoticeKind,
    categories_of,
    parse_declaration,
)
from broker.protocol.example import envelope
from broker.protocol.problem import Problem
from policies.vocabulary import Category
from tests.broker.protocol.strategies import values
from tests.broker.protocol.tokens import unsigned


def changed(place: str, value: object, *, of: Declaration | None = None) -> Declaration:
    """The example's ask (or another) read again with one member changed; a name with dots leads inside."""
    declaration = of or envelope.ask().claims
    whole: Any = json.loads(declaration.dump())
    holder = whole
    *path, last = place.split(".")
    for name in path:
        holder = holder[name]
    holder[last] = value
    return parse_declaration(unsigned(TYP[declaration.kind], json.dumps(whole).encode()))[1]


def test_the_example_is_one() -> None:
    assert changed("rating", "red") == envelope.ask().claims.model_copy(update={"rating": "red"})
    assert changed("consent.reference", "0dee0ada-0abe-4f00-8000-00000000fade").consent.reference
    assert changed("grounds.article6", "GDPR6-1F").grounds.article6 == "GDPR6-1F"


@pytest.mark.parametrize(
    "place, value",
    [
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e", "northtown-care"]),  # to itself
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e"]),
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e", "eastmere-health", "westmere-police"]),
        ("aud", ["the hub", "eastmere-health"]),
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e", "Wren Example, born 14 March"]),
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e\n", "eastmere-health"]),
        ("aud", ["294b2d077ce52014fe2377bb0b03f16e", "eastmere-health\n"]),
        ("exp", 1),
        ("needed_until", 1),
        ("exchange", "0dee0ada-0abe-4f00-8000-00000000fade"),
        ("categories", ["household", "household"]),
        ("categories", []),
        ("categories", [category.value for category in Category][:17]),
        ("subjects", []),
        ("due_within", 0),
        ("due_within", 366 * 86_400 + 1),
        ("jti", "0DEE0ADA-0ABE-4F00-8000-00000000FADE"),
        ("sub.id", "Wren Example"),
        ("sub.id", "x" * 65),
        ("kind", "item"),
        ("purpose", "curiosity"),
        ("body.digest", "A" * 44),
        ("grounds.article6", "because Wren was seen"),
        ("grounds.gateway", ""),
        ("grounds.gateway", "CA1989-S47\n"),
        ("grounds.confidentiality", "9990000018 " * 4),
        ("grounds.schedule1_paragraph", "é"),
        ("grounds.article9", "X" * 41),
        ("grounds.article10", "art10"),
        ("consent.reference", "the consent of Wren's mother"),
        ("consent.reference", ""),
    ],
)
def test_what_does_not_fit_or_is_no_code_is_refused_and_not_repeated(place: str, value: object) -> None:
    with pytest.raises(Problem) as refused:
        changed(place, value)
    assert refused.value.code == "malformed"
    assert "Wren" not in refused.value.detail
    assert "999" not in refused.value.detail


def test_33_people_are_an_extract() -> None:
    person = json.loads(envelope.ask().claims.dump())["subjects"][0]
    assert len(changed("subjects", [person] * 32).subjects) == 32
    with pytest.raises(Problem):
        changed("subjects", [person] * 33)


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0, None])
def test_a_subject_commitment_of_another_version_is_refused(version: object) -> None:
    person = json.loads(envelope.ask().claims.dump())["subjects"][0]
    with pytest.raises(Problem):
        changed("subjects", [person | {"ver": version}])


def test_a_notice_opens_its_own_exchange_or_names_another() -> None:
    claims = json.loads(envelope.item().claims.dump())
    del claims["kind"]
    own = claims | {"exchange": claims["jti"], "notice": NoticeKind.CONTACT.value}
    typ = TYP[Kind.NOTICE]
    assert isinstance(parse_declaration(unsigned(typ, json.dumps(own).encode()))[1], Notice)
    regarding = own | {"exchange": claims["exchange"], "regards": claims["exchange"]}
    assert isinstance(parse_declaration(unsigned(typ, json.dumps(regarding).encode()))[1], Notice)
    corrected = regarding | {"notice": NoticeKind.CORRECTION.value, "corrects": claims["jti"]}
    assert isinstance(parse_declaration(unsigned(typ, json.dumps(corrected).encode()))[1], Notice)
    for odd in (
        own | {"exchange": claims["exchange"]},
        regarding | {"exchange": claims["jti"]},
        regarding | {"corrects": claims["jti"]},
        corrected | {"corrects": None},
        own | {"notice": NoticeKind.OUTCOME.value},
    ):
        with pytest.raises(Problem):
            parse_declaration(unsigned(typ, json.dumps(odd).encode()))


@given(values(Ask), values(Item), values(Notice), values(Message))
def test_the_categories_of_each_kind(ask: Ask, item: Item, notice: Notice, message: Message) -> None:
    assert categories_of(ask) == tuple(ask.categories)
    assert categories_of(item) == (item.category,)
    assert categories_of(notice) == (notice.category,)
    assert categories_of(message) == ()
