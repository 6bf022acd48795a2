"""What goes between the adapter and a connector in a process of its own: one line of JSON each way.

Promises: what `parse_…` gives has the types of the interface, stands within a body's limits and is about the
system and the categories asked; anything else is `Garbage`. What comes from the other process is never
executed or unpickled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from adapters.connectors.connector import (
    ENTRY_LIMIT,
    Found,
    LeftForPerson,
    LeftReason,
    Match,
    NotFound,
    PersonRef,
    Reading,
    SourceEntry,
    SubjectSought,
    Unread,
    WaitsForPerson,
)
from policies.vocabulary import Category

NAME_LIMIT: Final = 200
_CANDIDATES: Final = 100
_UNREAD: Final = 100_000
_LEFT: Final = 1_000


class Garbage(Exception):
    """What a connector gave is not what the interface says; the text says which part, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call."""

    call: Literal["find", "read", "freshness", "unread"]
    sought: SubjectSought | None = None
    person: PersonRef | None = None
    categories: frozenset[Category] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a process says once its connector is open."""

    name: str
    serves: frozenset[Category]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A call that failed, or a connector that could not be opened. `order`: the place was wrong."""

    code: str
    message: str
    order: bool = False


Answer: TypeAlias = (
    Hello | Failed | Found | NotFound | WaitsForPerson | Reading | tuple[Unread, ...] | datetime | None
)
_KINDS: Final[dict[str, TypeAdapter[Any]]] = {
    "hello": TypeAdapter(Hello),
    "failed": TypeAdapter(Failed),
    "found": TypeAdapter(Found),
    "not-found": TypeAdapter(NotFound),
    "waits": TypeAdapter(WaitsForPerson),
    "reading": TypeAdapter(Reading),
    "unread": TypeAdapter(tuple[Unread, ...]),
    "freshness": TypeAdapter(datetime | None),
}
_ASK: Final[TypeAdapter[Ask]] = TypeAdapter(Ask)


def ask_line(ask: Ask) -> bytes:
    """A call as a line."""
    return _ASK.dump_json(ask) + b"\n"


def parse_ask(line: bytes) -> Ask:
    """A call from its line."""
    return _ASK.validate_json(line)


def answer_line(kind: str, answer: object) -> bytes:
    """An answer as a line: its kind, a space, JSON.

    Raises:
        Garbage: it cannot be written as that kind.
    """
    try:
        return kind.encode() + b" " + _KINDS[kind].dump_json(answer, warnings=False) + b"\n"
    except Exception:
        # Serialising runs whatever objects a connector gave; all that matters is that they are not the kind.
        raise Garbage(f"what should be `{kind}` cannot be written as one") from None


def parse_answer(line: bytes) -> Answer:
    """An answer from its line. Raises Garbage."""
    kind, _, data = line.partition(b" ")
    adapter = _KINDS.get(kind.decode("ascii", "replace"))
    if adapter is None:
        raise Garbage("the process of the connector said something that is no answer")
    try:
        answer: Answer = adapter.validate_json(data)
    except ValidationError as error:
        # Where it is wrong, in names of the interface only: a path's other steps can be values.
        where = ".".join(
            step for step in map(str, error.errors(include_url=False)[0]["loc"]) if step.isidentifier()
        )
        raise Garbage(f"`{kind.decode()}` is not as the interface says, at {where or 'its top'}") from None
    return answer


def kind_of_match(match: object) -> str:
    """The kind of what `find` gave. Raises Garbage."""
    match match:
        case Found():
            return "found"
        case NotFound():
            return "not-found"
        case WaitsForPerson():
            return "waits"
        case _:
            raise Garbage("`find` gives Found, NotFound or WaitsForPerson")


def cut(reading: object) -> Reading:
    """A reading with no more entries than a body takes; what is beyond is counted as left for a person.

    Raises:
        Garbage: it is no reading.
    """
    # What a type says of a field is no proof of what a connector put there.
    by_category: Any = reading.entries if isinstance(reading, Reading) else None
    if not isinstance(reading, Reading) or not isinstance(by_category, Mapping):
        raise Garbage("`read` gives a Reading with entries by category")
    entries: dict[Category, tuple[SourceEntry, ...]] = {}
    left: list[LeftForPerson] = list(islice(reading.left, _LEFT))
    for category, given in islice(by_category.items(), len(Category)):
        if not isinstance(given, Iterable):
            raise Garbage("entries are a tuple of SourceEntry")
        kept = tuple(islice(given, ENTRY_LIMIT + 1))
        entries[category] = kept[:ENTRY_LIMIT]
        if len(kept) > ENTRY_LIMIT:
            beyond = len(given) - ENTRY_LIMIT if isinstance(given, tuple | list) else 1
            left.append(LeftForPerson(category=category, reason=LeftReason.TOO_MANY, count=beyond))
    return replace(reading, entries=entries, left=tuple(left))


def verify_hello(hello: Hello) -> None:
    """Raises Garbage where the name or the categories cannot stand."""
    if not hello.name.strip() or len(hello.name) > NAME_LIMIT or not hello.name.isprintable():
        raise Garbage(f"`name` is one line of at most {NAME_LIMIT} characters")
    if not hello.serves:
        raise Garbage("`serves` names no category")


def verify_match(match: Match, *, name: str) -> None:
    """Raises Garbage where a match is about another system, or a nil does not say what was searched."""
    match match:
        case Found(person=person):
            _verify_person(person, name)
        case NotFound(searched=searched):
            _verify_searched(searched.systems, searched.by)
        case WaitsForPerson(candidates=candidates):
            if len(candidates) > _CANDIDATES:
                raise Garbage(f"more than {_CANDIDATES} candidates help nobody to choose")
            for candidate in candidates:
                _verify_person(candidate.person, name)


def verify_reading(reading: Reading, *, asked: frozenset[Category]) -> None:
    """Raises Garbage where a reading goes beyond what was asked or beyond a body's limits."""
    named = {*reading.entries, *reading.redactions, *(left.category for left in reading.left)}
    if not named <= asked:
        raise Garbage("a reading holds a category that was not asked for")
    _verify_searched(reading.searched.systems, reading.searched.by)
    try:
        for given in reading.entries.values():
            if len(given) > ENTRY_LIMIT:
                raise Garbage("a reading holds more entries than a body takes")
            for entry in given:
                entry.about(0)
                if isinstance(entry.on, datetime) and entry.on.tzinfo is None:
                    raise Garbage("an entry's instant has no time zone")
    except ValidationError as error:
        where = str(error.errors(include_url=False)[0]["loc"][0])
        raise Garbage(f"an entry is not within a body's limits, at `{where}`") from None


def verify_unread(unread: tuple[Unread, ...]) -> None:
    """Raises Garbage where there are more than anybody could see to."""
    if len(unread) > _UNREAD:
        raise Garbage("`unread` counts what is alike instead of listing it")


def _verify_person(person: PersonRef, name: str) -> None:
    if person.connector != name:
        raise Garbage("a person's `connector` is the name of the system itself")
    if not 0 < len(person.key) <= 4_096:
        raise Garbage("a person's `key` is neither empty nor a record")


def _verify_searched(systems: list[str], by: list[str]) -> None:
    if not systems or not by:
        raise Garbage("`searched` names the systems searched and by what: a nil without falsely reassures")
