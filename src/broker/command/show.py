"""Printing: text for people, one JSON value for programs, asides on standard error."""

import sys

from keys import strict_json
from keys.strict_json import Dumpable


def say(text: str, *, aside: bool = False) -> None:
    """A line for people; an aside does not get into what a program reads."""
    print(text, file=sys.stderr if aside else sys.stdout, flush=True)


def show(value: Dumpable) -> None:
    """One JSON value on a line."""
    print(strict_json.dump(value).decode(), flush=True)
