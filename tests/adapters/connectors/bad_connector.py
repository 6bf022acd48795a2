"""A connector that behaves badly in whatever way its place says, about invented people only."""

import os
import time
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from adapters.connectors.connector import Found, MatchedBy, NotFound, PersonRef, Reading, SourceEntry
from broker.protocol.body import Searched
from policies.vocabulary import Category

NAME = "Invented register"
SEARCHED = Searched(systems=[NAME], by=["number"], as_of=None)
KEPT = Category.HEALTH_ATTENDANCES


def entries(count: int) -> Iterator[SourceEntry]:
    """So many attendances, made one by one."""
    return (SourceEntry(on=date(2026, 1, 2), what=f"Attendance {n}") for n in range(count))


class Bad:
    """Finds everybody, and then does what it was named for."""

    name: Any = NAME
    serves: Any = frozenset({KEPT})

    def __init__(self, how: str) -> None:
        self.how = how
        if how == "open-hangs":
            time.sleep(3_600)
        if how == "nameless":
            self.name = ""
        if how == "open-breaks":
            raise ValueError("9990000018 in the words of an error")

    def find(self, sought: Any) -> Any:
        """Find somebody, or misbehave."""
        match self.how:
            case "find-hangs":
                time.sleep(3_600)
            case "find-garbage":
                return {"found": "everybody"}
            case "elsewhere":
                return Found(person=PersonRef(connector="another", key="1", matched=MatchedBy.NHS_NUMBER))
            case "nil-of-nothing":
                return NotFound(searched=Searched(systems=[], by=[], as_of=None))
            case "hangs-for-some":
                time.sleep(0 if sought.name == "Quick" else 3_600)
            case _:
                pass
        return Found(person=PersonRef(connector=NAME, key="1", matched=MatchedBy.NHS_NUMBER))

    def read(self, person: Any, categories: Any) -> Any:
        """Read, or misbehave."""
        given: Any = tuple(entries(3))
        match self.how:
            case "read-hangs":
                time.sleep(3_600)
            case "dies":
                os._exit(3)
            case "breaks":
                raise KeyError("9990000018")
            case "million":
                given = entries(1_000_000)
            case "million-kept":
                given = tuple(entries(1_000_000))
            case "hoards":
                given = [bytearray(1 << 20) for _ in range(1 << 20)]
            case "endless-text":
                given = (SourceEntry(on=None, what="x" * 10_000_000),)
            case "too-much":
                given = tuple(SourceEntry(on=None, what="x" * 19_000 + str(n)) for n in range(400))
            case "garbage":
                given = ({"what": "9990000018"}, 7, None)
            case "no-zone":
                given = (SourceEntry(on=datetime(2026, 1, 2, 3), what="Attendance"),)  # noqa: DTZ001
            case "unasked":
                return self.reading({KEPT: given, Category.POLICE_INTELLIGENCE: given})
            case "prints":
                print('found {"person": 1}', flush=True)
                os.write(1, b"reading {}\n")
            case "none":
                return None
            case _:
                pass
        return self.reading({KEPT: given})

    def reading(self, given: dict[Category, Any]) -> Reading:
        """A reading of whatever was given."""
        return Reading(entries=given, restricted=False, searched=SEARCHED, redactions={})

    def freshness(self) -> Any:
        """Say nonsense, or nothing."""
        return "yesterday" if self.how == "garbage" else None

    def unread(self) -> Any:
        """Say nonsense, or nothing."""
        return [1, 2] if self.how == "garbage" else ()


def open_connector(place: str) -> Bad:
    """Open it; the place says how it is to behave."""
    return Bad(place)
