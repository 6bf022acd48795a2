"""The last look before a declaration leaves: does its clear part hold a value of a person in its own body?

Promises: outside members whose value is by its place and form a digest, a machine's id, an instant, a number
the protocol defines, an agency of this envelope or a word of a closed set, no text of the payload holds a
subject's name or a part of it, identifier, birth date, address or contact, whatever the case, spacing and
punctuation. Practitioner's id and consent reference are searched, because people choose them. Does not see a
nickname or a misspelling.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from typing import Final

from adapters.connectors import spelling
from adapters.errors import AdapterError
from broker.protocol.body import AskBody, Body, Entry, ItemBody, MessageBody, NoticeBody, Person
from broker.protocol.declaration import Kind, NoticeKind
from keys import strict_json
from policies.catalogue import load_catalogue
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    HandlingCode,
    PractitionerRole,
    Purpose,
    Rating,
    Regime,
    SchedulePara18Reason,
    SubjectRole,
    WhyNotSought,
)

Excluded = Callable[[object, Body], bool]
"""Whether a value at its place can hold nothing about a person."""

_NAME_PART: Final = 3
_SHORT: Final = 4
"""Shorter identifiers and address lines count only as whole words."""
_TITLES: Final = frozenset({"mrs", "miss", "mstr", "master", "prof", "rev", "the"})
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip


class ClearPartRefused(AdapterError):
    """`subject-in-clear-part`; says which member and what kind of value, never the value."""


class _What(StrEnum):
    NAME = "a name"
    IDENTIFIER = "an identifier"
    BORN = "the birth date"
    ADDRESS = "a line of the address"
    CONTACT = "a telephone number, e-mail address or postcode"


def verify_clear_part(declaration_payload: bytes, body: Body) -> None:
    """Return only if the declaration's payload holds no value of a subject of the body it declares.

    Raises:
        ClearPartRefused: it holds one.
        keys.errors.MalformedInput: the payload is not strict JSON.
    """
    payload = strict_json.parse_object(declaration_payload, limit=1 << 18)
    values = tuple(_values(body))
    for place, text in _searched(payload, body, ()):
        squeezed = spelling.squeeze(text)
        for what, value in values:
            # A short value inside a longer word is chance; by itself it is the value.
            if (
                value in squeezed
                if len(value) >= _SHORT or what is _What.NAME
                else value in spelling.words(text)
            ):
                raise ClearPartRefused(
                    "subject-in-clear-part",
                    f"The declaration's {place}, which is not sealed, holds {what.value} of a person in the "
                    "body; use a staff number, or a reference that says nothing.",
                )


def _searched(value: object, body: Body, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give each text of the payload that could hold something about a person, with its place."""
    if isinstance(value, dict):
        for name, member in value.items():
            inner = (*path, name)
            if inner not in _ON_THE_WAY:
                yield "members", name
            yield from _searched(member, body, inner)
    elif isinstance(value, list):
        for member in value:
            yield from _searched(member, body, path)
    elif value is not None and not isinstance(value, bool):
        excluded = _EXCLUDED.get(path)
        if excluded is None or not excluded(value, body):
            yield ".".join(path) if path in _KNOWN else "members", str(value)


def _values(body: Body) -> Iterator[tuple[_What, str]]:
    """Give every value of a subject, squeezed; the fewest words first would be no safer, so in the body's
    order.
    """
    for subject in body.subjects:
        for what, value in _of_subject(subject):
            squeezed = spelling.squeeze(value)
            if squeezed:
                yield what, squeezed
    own = {spelling.squeeze(written) for written in spelling.contacts_in(_own_contact(body))}
    for words in (*_words(body), *(subject.address or "" for subject in body.subjects)):
        for written in spelling.contacts_in(words):
            squeezed = spelling.squeeze(written)
            if squeezed in own:
                continue
            yield _What.CONTACT, squeezed
            number = spelling.national(written)
            if "@" not in written and len(number) >= spelling.PHONE_DIGITS:
                yield _What.CONTACT, number


def _of_subject(subject: Person) -> Iterator[tuple[_What, str]]:
    if subject.name is not None:
        parts = spelling.words(subject.name)
        if len("".join(parts)) >= _NAME_PART:
            yield _What.NAME, subject.name
        yield from ((_What.NAME, part) for part in parts if len(part) >= _NAME_PART and part not in _TITLES)
    for identifier in subject.identifiers:
        yield _What.IDENTIFIER, identifier.value
    if subject.born is not None:
        yield from ((_What.BORN, written) for written in _dates(subject.born))
    if subject.address is not None:
        for line in (subject.address, *re.split(r"[,;\n]", subject.address)):
            if any(c.isalpha() for c in line):
                yield _What.ADDRESS, line


def _dates(born: date) -> set[str]:
    """Give a date as people type it: year first, day first, month first, one or two digits, two or four, in
    words.
    """
    month = _MONTHS[born.month - 1]
    days = {f"{born.day}", f"{born.day:02}"}
    months = {f"{born.month}", f"{born.month:02}"}
    written = {f"{born.year:04}{m}{d}" for m in months for d in days}
    for year in (f"{born.year:04}", f"{born.year % 100:02}"):
        written |= {f"{d}{m}{year}" for m in months for d in days}
        written |= {f"{m}{d}{year}" for m in months for d in days}
        for name in (month, month[:3], "sept" if month == "september" else month):
            written |= {f"{d}{suffix}{name}{year}" for d in days for suffix in ("", "st", "nd", "rd", "th")}
            written |= {f"{name}{d}{suffix}{year}" for d in days for suffix in ("", "st", "nd", "rd", "th")}
    written.add(f"{born.year % 100:02}{born.month:02}{born.day:02}")
    # Fewer digits than six are a number like any other: 1/2/03 cannot be told from a desk's.
    return {text for text in written if len(text) >= 6}


def _words(body: Body) -> Iterator[str]:
    """Give every text a person or a record wrote into the body."""
    match body:
        case AskBody():
            yield from (body.concern, body.necessity)
        case ItemBody():
            yield from (body.necessity, body.conditions or "")
            yield from _of_entries(body.entries)
        case NoticeBody():
            yield body.concern
            yield from _of_entries(body.entries)
        case MessageBody():
            yield body.words


def _own_contact(body: Body) -> str:
    """Give how to reach the practitioner, who may be named in the clear."""
    return (body.contact or "") if isinstance(body, AskBody | NoticeBody) else ""


def _of_entries(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        yield entry.what
        yield from entry.detail.values()


def _one_of(*words: type[StrEnum]) -> Excluded:
    known = frozenset(member.value for closed in words for member in closed)
    return lambda value, _: value in known if isinstance(value, str) else False


def _shaped(pattern: str) -> Excluded:
    shape = re.compile(pattern)
    return lambda value, _: isinstance(value, str) and shape.fullmatch(value) is not None


def _number(value: object, _: Body) -> bool:
    return isinstance(value, int)


def _entry_of_law(value: object, _: Body) -> bool:
    return isinstance(value, str) and load_catalogue().entry(value) is not None


_DIGEST: Final = _shaped(r"[A-Za-z0-9_-]{43}")
_ID: Final = _shaped(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HUB: Final = _shaped(r"[0-9a-f]{32}")

_EXCLUDED: Final[dict[tuple[str, ...], Excluded]] = {
    ("iss",): lambda value, body: value == body.sender,
    ("aud",): lambda value, body: value == body.recipient or _HUB(value, body),
    ("jti",): _ID, ("exchange",): _ID, ("regards",): _ID, ("corrects",): _ID,
    # People choose a consent's reference; one that is a UUID was made by a machine.
    ("consent", "reference"): _ID,
    ("iat",): _number, ("exp",): _number, ("needed_until",): _number, ("due_within",): _number,
    ("threshold", "at"): _number, ("subjects", "ver"): _number, ("subjects", "epoch"): _number,
    ("grounds", "schedule1", "subject"): _number,
    ("body", "digest"): _DIGEST, ("body", "commitment"): _DIGEST, ("subjects", "c"): _DIGEST,
    ("kind",): _one_of(Kind), ("notice",): _one_of(NoticeKind), ("purpose",): _one_of(Purpose),
    ("rating",): _one_of(Rating), ("category",): _one_of(Category), ("categories",): _one_of(Category),
    ("handling",): _one_of(HandlingCode), ("sub", "role"): _one_of(PractitionerRole),
    ("threshold", "role"): _one_of(PractitionerRole), ("subjects", "role"): _one_of(SubjectRole),
    ("consent", "outcome"): _one_of(ConsentOutcome), ("consent", "why_not_sought"): _one_of(WhyNotSought),
    ("grounds", "regime"): _one_of(Regime), ("grounds", "collected_under"): _one_of(Regime),
    ("grounds", "schedule1", "reason"): _one_of(SchedulePara18Reason),
    ("grounds", "article6"): _entry_of_law, ("grounds", "article9"): _entry_of_law,
    ("grounds", "schedule1_paragraph"): _entry_of_law, ("grounds", "article10"): _entry_of_law,
    ("grounds", "gateway"): _entry_of_law, ("grounds", "confidentiality"): _entry_of_law,
}  # fmt: skip
"""What is not searched, by place and only in its one form; whatever stands there in another form is searched.
"""
_KNOWN: Final = _EXCLUDED.keys() | {
    ("sub", "id"),
    ("consent", "reference"),
    ("grounds", "necessity_recorded"),
}
"""Members the protocol has; the name of any other is searched too."""
_ON_THE_WAY: Final = frozenset(known[:length] for known in _KNOWN for length in range(1, len(known) + 1))
"""Each of them and what leads to it."""
