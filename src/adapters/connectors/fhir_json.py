"""Reading JSON that claims to be FHIR R4, without trusting it to be.

Promises: an absent or misshapen member reads as absent; nothing raises. Does not validate: `fhir_valid` does.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TypeAlias

from keys.strict_json import JsonValue

JsonObject: TypeAlias = Mapping[str, "JsonValue"]


def text(value: object, *path: str) -> str | None:
    """Give the string at a path of member names, without surrounding space; None where it is none or empty.

    Where a step meets a list, its first element is taken.
    """
    for step in path:
        value = _first(value)
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    value = _first(value)
    return (value.strip() or None) if isinstance(value, str) else None


def objects(value: object, *path: str) -> tuple[JsonObject, ...]:
    """Give the objects at a path: one, all of a list, or none; lists on the way are all followed."""
    found = [value]
    for step in path:
        found = [member.get(step) for outer in found for member in _each(outer) if isinstance(member, dict)]
    return tuple(member for outer in found for member in _each(outer) if isinstance(member, dict))


def texts(value: object, *path: str) -> tuple[str, ...]:
    """Give the non-empty strings at a path; lists on the way are all followed."""
    *before, last = path
    return tuple(
        member.strip()
        for outer in objects(value, *before)
        for member in _each(outer.get(last))
        if isinstance(member, str) and member.strip()
    )


def walk(value: object) -> Iterator[tuple[str, object]]:
    """Give every (member name, value) of a JSON value, outermost first; a list's elements bear its name."""
    pending: list[tuple[str, object]] = [("", value)]
    while pending:
        name, current = pending.pop()
        if name:
            yield name, current
        if isinstance(current, dict):
            pending.extend(current.items())
        elif isinstance(current, list):
            pending.extend((name, member) for member in current)


def when(written: str | None) -> tuple[date | datetime | None, str | None]:
    """Read a FHIR date or dateTime: a whole date or an instant with zone, or else what was written, as it
    stands.
    """
    if written is None:
        return None, None
    try:
        if "T" not in written:
            return date.fromisoformat(written), None
        instant = datetime.fromisoformat(written)
    except ValueError:
        return None, written
    return (instant, None) if instant.tzinfo is not None else (None, written)


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
