"""What a child's blocks of the census say, as entries of categories.

Promises: an adoption as a reason of closure is counted and never given; ethnicity is nowhere, as no enquiry
needs it of a census; a private person who referred is not described. Factors are what an assessment thought,
so they are opinion.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from adapters.connectors import cin_words
from adapters.connectors.cin_census import Block, Child
from adapters.connectors.cin_words import words
from adapters.connectors.row import Row, stated
from adapters.connectors.written_date import read_date
from adapters.matching.identifier import LA_CHILD, UPN, title
from broker.protocol.body import Nature
from policies.vocabulary import Category

_HISTORY: Final = Category.SOCIAL_CARE_HISTORY
_PLAN: Final = Category.CHILD_PROTECTION_PLAN


def rows(child: Child, reference: str | None) -> Iterator[Row]:
    """Give all that a child's return states."""
    for block in child.blocks:
        make = _BLOCKS.get(block.kind)
        if make is not None:
            yield from make(block, reference)


def _dated(
    block: Block,
    name: str,
    category: Category,
    what: str,
    reference: str | None,
    *detail: tuple[str, str | None],
    nature: Nature = Nature.FACT,
    sensitive: bool = False,
) -> Iterator[Row]:
    """One row for each value of a date field."""
    for written in block.fields.get(name, ()):
        on = read_date(written)
        yield stated(
            category,
            what,
            on=on,
            nature=nature,
            reference=reference,
            detail=(*detail, ("when", written if on is None else None)),
            sensitive=sensitive,
        )


def _identifiers(block: Block, reference: str | None) -> Iterator[Row]:
    yield stated(
        Category.DEMOGRAPHICS,
        "A child of the census; it holds no name",
        reference=reference,
        detail=(
            ("birth date", _day(block, "personbirthdate")),
            ("expected birth date", _day(block, "expectedpersonbirthdate")),
            ("sex on record", words(block.one("sex") or block.one("gendercurrent"), cin_words.SEX)),
            (title(LA_CHILD), block.one("lachildid")),
            (title(UPN), block.one("upn")),
        ),
    )
    yield from _dated(block, "persondeathdate", Category.DEMOGRAPHICS, "Recorded as dead", reference)


def _disabilities(block: Block, reference: str | None) -> Iterator[Row]:
    said = [
        meaning
        for code in block.fields.get("disability", ())
        if code.upper() != "NONE" and (meaning := words(code, cin_words.DISABILITY))
    ]
    if said:
        yield stated(_HISTORY, f"Disability recorded: {', '.join(said)}", reference=reference)


def _episode(block: Block, reference: str | None) -> Iterator[Row]:
    source = block.one("referralsource")
    service = source is not None and (source == "10" or source[:1] not in {"1", "9"})
    referrer = words(source, cin_words.REFERRER) if service else None
    nfa = (block.one("referralnfa") or "").lower()
    yield from _dated(
        block,
        "cinreferraldate",
        _HISTORY,
        "Referral to children's social care",
        reference,
        ("primary need", words(block.one("primaryneedcode"), cin_words.NEED)),
        ("referred by", referrer or (cin_words.PERSON_REFERRED if source else None)),
        ("no further action", {"1": "yes", "true": "yes", "0": "no", "false": "no"}.get(nfa)),
    )
    reason = block.one("reasonforclosure")
    yield from _dated(
        block,
        "cinclosuredate",
        _HISTORY,
        "Case closed",
        reference,
        ("reason", words(reason, cin_words.CLOSED)),
        sensitive=(reason or "").upper() == cin_words.ADOPTED,
    )
    yield from _dated(block, "dateofinitialcpc", _PLAN, "Initial child protection conference", reference)


def _assessment(block: Block, reference: str | None) -> Iterator[Row]:
    started = read_date(block.one("assessmentactualstartdate"))
    factors = [factor for factor in block.fields.get("assessmentfactors", ()) if factor]
    yield from _dated(
        block,
        "assessmentactualstartdate",
        _HISTORY,
        "Assessment started",
        reference,
        ("authorised", _day(block, "assessmentauthorisationdate")),
    )
    if factors:
        yield stated(
            _HISTORY,
            f"Factors identified at assessment (census codes): {', '.join(factors)}",
            on=started,
            nature=Nature.OPINION,
            reference=reference,
        )


def _section47(block: Block, reference: str | None) -> Iterator[Row]:
    yield from _dated(
        block,
        "s47actualstartdate",
        _HISTORY,
        "Section 47 enquiry started",
        reference,
        ("initial conference due", _day(block, "initialcpctarget")),
    )
    yield from _dated(block, "dateofinitialcpc", _PLAN, "Initial child protection conference", reference)


def _cin_plan(block: Block, reference: str | None) -> Iterator[Row]:
    ended = ("ended", _day(block, "cinplanenddate"))
    yield from _dated(block, "cinplanstartdate", _HISTORY, "Child in need plan", reference, ended)


def _protection_plan(block: Block, reference: str | None) -> Iterator[Row]:
    yield from _dated(
        block,
        "cppstartdate",
        _PLAN,
        "Child protection plan",
        reference,
        ("ended", _day(block, "cppenddate")),
        ("first category", words(block.one("initialcategoryofabuse"), cin_words.ABUSE)),
        ("latest category", words(block.one("latestcategoryofabuse"), cin_words.ABUSE)),
        ("plans before it", block.one("numberofpreviouscpp")),
    )


def _reviews(block: Block, reference: str | None) -> Iterator[Row]:
    yield from _dated(block, "cppreviewdate", _PLAN, "Review of the child protection plan", reference)


def _proceedings(block: Block, reference: str | None) -> Iterator[Row]:
    yield from _dated(block, "ppstartdate", _HISTORY, "Pre-proceedings started", reference)
    yield from _dated(block, "lbpsentdate", _HISTORY, "Letter before proceedings sent", reference)


def _day(block: Block, name: str) -> str | None:
    written = block.one(name)
    day: date | None = read_date(written)
    return written if day is None else day.isoformat()


_BLOCKS: Final[dict[str, Callable[[Block, str | None], Iterator[Row]]]] = {
    "childidentifiers": _identifiers,
    "disabilities": _disabilities,
    "cindetails": _episode,
    "assessments": _assessment,
    "section47": _section47,
    "cinplandates": _cin_plan,
    "childprotectionplans": _protection_plan,
    "reviews": _reviews,
    "preproceedingsandfgdm": _proceedings,
}
