"""The page beside an extract that says what its columns mean: `NAME.toml` beside `NAME.csv`.

Promises: an unknown field or word refuses the whole page, saying where. Whether the columns are there is
seen when the extract is read.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.errors import Unusable
from broker.protocol.body import Nature
from policies.errors import PolicyError
from policies.reading import Reader
from policies.vocabulary import Category

_LIMIT: Final = 1 << 16
_SYSTEM: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_OF_FILE: Final = "file"
_SEPARATORS: Final = frozenset({",", ";", "\t", "|"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonColumns:
    """Which columns say who a line is about. `key` is the system's own number of the person."""

    key: str | None
    given: str | None
    family: str | None
    name: str | None
    born: str | None
    address: tuple[str, ...]
    contact: tuple[str, ...]
    relatives: tuple[str, ...]
    identifiers: Mapping[str, str]
    sensitive: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryColumns:
    """One statement a line makes. `what` is words with {columns} in them; where all of those are empty the
    line does not make it.
    """

    category: Category
    what: str
    on: str | None
    nature: Nature
    recorded_by: str | None
    reference: str | None
    sensitive: str | None
    detail: Mapping[str, str]

    @property
    def places(self) -> tuple[str, ...]:
        """The columns that `what` names."""
        return tuple(_PLACE.findall(self.what))

    def said(self, line: Mapping[str, str]) -> str:
        """Give `what` of one line; empty where it does not make the statement."""
        if self.places and not any(line.get(column) for column in self.places):
            return ""
        return " ".join(_PLACE.sub(lambda found: line.get(found[1], ""), self.what).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractMapping:
    """A whole page. `as_of` None: the day the file was last changed. `complete` are the identifiers which
    every line bears.
    """

    name: str
    as_of: date | None
    separator: str
    person: PersonColumns
    complete: frozenset[str]
    entries: tuple[EntryColumns, ...]

    @property
    def columns(self) -> frozenset[str]:
        """Every column the page names."""
        person = self.person
        named: set[str | None] = {person.key, person.given, person.family, person.name, person.born}
        named |= {*person.address, *person.contact, *person.relatives, *person.identifiers.values()}
        named.add(person.sensitive)
        for entry in self.entries:
            named |= {*entry.places, *entry.detail, entry.on, entry.recorded_by, entry.reference}
            named.add(entry.sensitive)
        return frozenset(column for column in named if column is not None)


class _Malformed(PolicyError):
    """Carries the reader's sentence out."""


def load_extract_mapping(extract: Path) -> ExtractMapping:
    """Read the page beside an extract.

    Raises:
        Unusable: `extract-mapping`, saying where and what is wrong.
    """
    path = extract.with_suffix(".toml")
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise Unusable(
            "extract-mapping",
            f"Beside the extract there must be a page of the same name ending in .toml ({error.strerror}).",
        ) from None
    return parse_extract_mapping(data)


def parse_extract_mapping(data: bytes) -> ExtractMapping:
    """Read the page's bytes. Raises Unusable, `extract-mapping`."""
    try:
        if len(data) > _LIMIT:
            raise _Malformed(f"the page is larger than {_LIMIT} bytes.")
        whole = Reader(tomllib.loads(data.decode()), at="extract", error=_Malformed)
        mapping = _mapping(whole)
        whole.end()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable("extract-mapping", f"The page is not TOML ({error}); look at its quotes.") from None
    except (_Malformed, RecursionError) as error:
        raise Unusable("extract-mapping", f"{error} Put it right; until then nothing is read.") from None
    return mapping


def _mapping(whole: Reader) -> ExtractMapping:
    separator = whole.text_or_none("separator") or ","
    if separator not in _SEPARATORS:
        raise whole.refuse("separator is a comma, a semicolon, a tab or a bar.")
    person = whole.one("person", _person)
    complete = frozenset(_texts(whole, "complete"))
    if not complete <= person.identifiers.keys():
        raise whole.refuse("complete names an identifier that person.identifiers does not.")
    entries = whole.objects("entry", _entry)
    if not entries:
        raise whole.refuse("at least one entry is needed.")
    return ExtractMapping(
        name=whole.text("name"),
        as_of=_as_of(whole),
        separator=separator,
        person=person,
        complete=complete,
        entries=entries,
    )


def _as_of(whole: Reader) -> date | None:
    value = whole.member("as_of")
    if value == _OF_FILE:
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise whole.refuse(
            'as_of is the day the extract was made, such as 2026-11-20 without quotes, or "file" for the day'
            " the file was last changed."
        )
    return value


def _person(reader: Reader) -> PersonColumns:
    person = PersonColumns(
        key=reader.text_or_none("key"),
        given=reader.text_or_none("given"),
        family=reader.text_or_none("family"),
        name=reader.text_or_none("name"),
        born=reader.text_or_none("born"),
        address=_texts(reader, "address"),
        contact=_texts(reader, "contact"),
        relatives=_texts(reader, "relatives"),
        identifiers=_words(reader, "identifiers"),
        sensitive=reader.text_or_none("sensitive"),
    )
    if not person.identifiers and person.family is None and person.name is None:
        raise reader.refuse("nobody can be found: name a column of an identifier or of the name.")
    if not all(_SYSTEM.fullmatch(system) for system in person.identifiers):
        raise reader.refuse('identifiers are named by words such as nhs, upn or crn: { crn = "CRN" }.')
    return person


def _entry(reader: Reader) -> EntryColumns:
    return EntryColumns(
        category=reader.word("category", Category),
        what=reader.text("what"),
        on=reader.text_or_none("on"),
        nature=reader.word_or_none("nature", Nature) or Nature.FACT,
        recorded_by=reader.text_or_none("recorded_by"),
        reference=reader.text_or_none("reference"),
        sensitive=reader.text_or_none("sensitive"),
        detail=_words(reader, "detail"),
    )


def _texts(reader: Reader, name: str) -> tuple[str, ...]:
    value = reader.optional(name)
    given = [] if value is None else value
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise reader.refuse(f"{name} is a list of names in quotes.")
    return tuple(given)


def _words(reader: Reader, name: str) -> Mapping[str, str]:
    value = reader.optional(name)
    given = {} if value is None else value
    if not isinstance(given, dict) or not all(isinstance(each, str) and each for each in given.values()):
        raise reader.refuse(f"{name} gives names in quotes their own words in quotes.")
    return MappingProxyType(given)
