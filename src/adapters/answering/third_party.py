"""What in a draft belongs to nobody asked about, or would identify a source: shown to a person before it
leaves.

Promises: every name, address, postcode, telephone number, e-mail address, NHS, PNC or CRO number that is
written as such and is nobody's asked about is found, and so are the words by which sources, refuges,
placements and adoptions are usually told of; the same text gives the same findings, each with an id that
stands for it. Pure. Does not understand language: a place that is described without being named, or a name in
small letters or in what a detail is called, is seen only by the person who reads.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adapters.answering.name_words import names_in, practices_in
from adapters.connectors import spelling
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Person
from policies.vocabulary import Category


class Kind(StrEnum):
    """What was found."""

    NAME = "name"
    ADDRESS = "address"
    CONTACT = "contact"
    """A telephone number, e-mail address or postcode."""
    NUMBER = "number"
    """An NHS, PNC or CRO number."""
    PRACTICE = "practice"
    """A GP's practice: it tells where somebody lives now."""
    SOURCE = "source"
    """Words that would identify a source, or tell of a refuge, a placement or an adoption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at. `entry` counts from 0; None: beside the entries. For the source's screen only."""

    id: str
    kind: Kind
    entry: int | None
    place: str
    text: str = field(repr=False)


_EXPECTED: Final = {
    # What a category is made of is no surprise in it: it was asked for.
    Category.DEMOGRAPHICS: frozenset({Kind.NAME, Kind.CONTACT}),
    Category.HOUSEHOLD: frozenset({Kind.NAME}),
    Category.GP_REGISTRATION: frozenset({Kind.NAME, Kind.PRACTICE}),
}

_ALL: Final = frozenset(Kind)
_STAFF: Final = _ALL - {Kind.NAME}
"""Who of the agency wrote it down, and where: staff and places of work have names."""
_REFERENCE: Final = frozenset({Kind.SOURCE})
"""An id of the record system, whose digits mean nothing elsewhere."""

_NHS: Final = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_PNC: Final = re.compile(r"(?<![\w/])(?:19|20)?\d{2}/\d{1,7}[A-Z](?!\w)")
_CRO: Final = re.compile(r"(?<![\w/])(?:SF)?\d{1,6}/\d{2}[A-Z](?!\w)")
_ADDRESS: Final = re.compile(
    r"(?<!\w)(?:(?:flat|apartment|apt|unit|room)\s+\w{1,5},?\s+)?\d{1,4}[a-z]?,?\s+(?:[A-Z][\w'’-]*\s+){1,4}"
    r"(?i:road|rd|street|st|lane|ln|avenue|ave|close|crescent|cres|drive|court|gardens|grove|place|row|square|"
    r"terrace|way|walk|hill|mews|rise|view|park|green|parade|yard)(?!\w)"
    r"|(?<!\w)(?:[A-Z][\w'’-]+\s+){1,3}(?:House|Cottage|Farm|Lodge|Hostel|Villa)(?!\w)"
)
_SOURCE: Final = re.compile(
    r"(?<!\w)(?:"
    r"informants?|chis|covert(?:ly)?|undercover|surveillance|crimestoppers|whistle-?blowers?"
    r"|tip(?:ped)?[- ]?off"
    r"|anonymous(?:ly)?|(?:an?|the|our|this|confidential|reliable|untested)\s+source"
    r"|sources?\s+(?:told|said|says?|states?|stated|reports?|reported|close)"
    r"|(?:neighbours?|relatives?|grandmother|grandfather|aunt|uncle|friend|colleague|caller|referrer|sibling)"
    r"\s+(?:who\s+)?(?:told|said|says|states|stated|reports?|reported|rang|called|disclosed|alleged)"
    r"|(?:reported|told|said|disclosed)\s+by\s+(?:an?|the|her|his|their)?\s*"
    r"(?:neighbour|relative|grandmother|grandfather|aunt|uncle|friend|colleague|caller)"
    r"|refuges?|safe\s+house|women'?s\s+aid|whereabouts|in\s+hiding|fled|moved\s+(?:to|away)|relocated"
    r"|new\s+(?:address|gp|school|name|surgery|practice|identity)"
    r"|placements?|placed\s+(?:with|at|in)|foster(?:ed|ing|\s+carers?)?|special\s+guardian\w*"
    r"|birth\s+(?:name|mother|father|parents?|family|surname|certificate)|born\s+as|n[ée]e"
    r"|(?:formerly|previously|originally|once)\s+(?:known|named|called)(?:\s+as)?|former\s+(?:name|surname)"
    r"|adopt(?:ed|ion|ive|ing|ers?|s)?|gender\s+recognition|deadname|donor|ivf"
    r")(?!\w)",
    re.IGNORECASE,
)


def findings(order: ItemOrder, people: Sequence[Person]) -> tuple[Finding, ...]:
    """Everything in a draft that its approver must have seen. `people` are those the ask names."""
    own = _Own.of(people)
    expected = _EXPECTED.get(order.category, frozenset())
    found: dict[str, Finding] = {}
    for index, place, text, looked_for in _texts(order):
        for kind, what in _in(spelling.readable(text), own):
            if kind in expected or kind not in looked_for:
                continue
            if kind is Kind.ADDRESS and order.category is Category.DEMOGRAPHICS and not own.addresses:
                continue  # The asker named no address; where the person lives is what was asked.
            name = _id(order.category, kind, place, what)
            found.setdefault(name, Finding(id=name, kind=kind, entry=index, place=place, text=what))
    return tuple(found.values())


def unseen(found: Sequence[Finding], acknowledged: frozenset[str]) -> tuple[Finding, ...]:
    """Those that nobody has acknowledged."""
    return tuple(each for each in found if each.id not in acknowledged)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What belongs to those asked about, ready to be compared."""

    names: frozenset[str]
    numbers: frozenset[str]
    addresses: tuple[str, ...]
    postcodes: frozenset[str]

    def known_in(self, text: str) -> frozenset[str]:
        """Words that name nobody else in a text: names, and those of an address that is written out in it."""
        squeezed = spelling.squeeze(text)
        return self.names.union(
            *(spelling.words(each) for each in self.addresses if spelling.squeeze(each) in squeezed)
        )

    @classmethod
    def of(cls, people: Sequence[Person]) -> "_Own":
        addresses = [each.address for each in people if each.address is not None]
        return cls(
            names=frozenset(word for each in people if each.name for word in spelling.words(each.name)),
            numbers=frozenset(
                spelling.squeeze(one.value) for each in people for one in each.identifiers if one.value
            ),
            addresses=tuple(addresses),
            postcodes=frozenset(
                spelling.postal(code) for each in addresses for code in spelling.postcodes_in(each)
            ),
        )


def _in(text: str, own: _Own) -> Iterator[tuple[Kind, str]]:
    rest = text
    for pattern in (_PNC, _CRO, _NHS):
        for what in pattern.findall(rest):
            if spelling.squeeze(what) not in own.numbers:
                yield Kind.NUMBER, what
        rest = pattern.sub(" ", rest)
    for what in spelling.contacts_in(rest):
        # "for one" would pass as a postcode whose noughts were mistyped.
        written = "@" in what or any(letter.isdecimal() for letter in what)
        if written and spelling.postal(what) not in own.postcodes:
            yield Kind.CONTACT, what
    for match in _ADDRESS.finditer(rest):
        if not any(spelling.squeeze(match[0]) in spelling.squeeze(known) for known in own.addresses):
            yield Kind.ADDRESS, match[0]
    for what in practices_in(rest):
        yield Kind.PRACTICE, what
    for what in names_in(_ADDRESS.sub(" ; ", rest), own.known_in(text)):
        yield Kind.NAME, what
    for match in _SOURCE.finditer(rest):
        yield Kind.SOURCE, match[0]


def _texts(order: ItemOrder) -> Iterator[tuple[int | None, str, str, frozenset[Kind]]]:
    """Entry, place, text, and what is looked for in it."""
    for index, entry in enumerate(order.entries):
        for place, text, kinds in _of_entry(entry):
            yield index, f"entry {index + 1}, {place}", text, kinds
    yield None, "why it is given", order.necessity, _ALL
    if order.conditions is not None:
        yield None, "conditions", order.conditions, _ALL
    for system in (*order.searched.systems, *order.searched.by):
        yield None, "what was searched", system, _STAFF
    for redaction in order.redactions:
        yield None, "what was left out", redaction.place, _STAFF


def _of_entry(entry: Entry) -> Iterator[tuple[str, str, frozenset[Kind]]]:
    yield "words", entry.what, _ALL
    if entry.recorded_by is not None:
        yield "recorded by", entry.recorded_by, _STAFF
    if entry.reference is not None:
        yield "reference", entry.reference, _REFERENCE
    for name, value in entry.detail.items():
        # What a detail is called is often written in capitals, as headings are.
        yield "name of a detail", name, _STAFF
        yield f"detail {name}", value, _STAFF if name in ("at", "place") else _ALL


def _id(category: Category, kind: Kind, place: str, text: str) -> str:
    whole = f"{category.value}\0{kind.value}\0{place}\0{text}"
    return hashlib.sha256(whole.encode()).hexdigest()[:8]
