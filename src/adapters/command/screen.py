"""What is printed: for people as plain lines, for programs as one JSON value.

Promises: nothing another agency wrote reaches a terminal as a control sequence, and nothing is written to
disk.
"""

import dataclasses
import json
import sys
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from adapters.plain_text import clean

__all__ = ["clean", "complain", "give", "moment", "plain", "say", "words"]


def say(*lines: str) -> None:
    """Print lines to people."""
    for line in lines:
        print(clean(line), flush=True)


def give(value: object) -> None:
    """Print one JSON value to a program."""
    print(json.dumps(plain(value), ensure_ascii=False), flush=True)


def complain(line: str) -> None:
    """Print one line to stderr."""
    print(clean(line), file=sys.stderr)


def plain(value: object) -> Any:
    """A view's value as JSON has it."""
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case dict():
            return {str(plain(key)): plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value


def moment(at: int | None) -> str:
    """Unix seconds as people write them, in this machine's time zone."""
    return "-" if at is None else datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def words(code: str) -> str:
    """A code as words: `health_attendances` as "health attendances"."""
    return code.replace("_", " ")
