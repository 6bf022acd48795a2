"""Asking a person at a terminal, one line at a time.

Promises: what cannot be read is asked again, and the end of input leaves everything as it was.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeVar

from adapters.command.screen import clean, say
from adapters.errors import WrongOrder

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Prompt:
    """Whoever answers: at the terminal, or `read` in its place."""

    def __init__(self, read: Callable[[str], str] | None = None) -> None:
        self._read = read or input

    def line(self, question: str, *, needed: bool = False) -> str:
        """One line; an empty one only where it is not `needed`. Raises WrongOrder, `nothing-answered`."""
        while True:
            try:
                text = self._read(clean(question)).strip()
            except EOFError:
                raise WrongOrder(
                    "nothing-answered", "Nothing was sent; what was asked still waits."
                ) from None
            if text or not needed:
                return text

    def choose(self, question: str, choices: Iterable[E]) -> E:
        """One of the codes, by its name or enough of its beginning."""
        by_name = {choice.value: choice for choice in choices}
        while True:
            typed = self.line(f"{question} [{', '.join(by_name)}]: ", needed=True).replace(" ", "_")
            found = [choice for name, choice in by_name.items() if name == typed] or [
                choice for name, choice in by_name.items() if name.startswith(typed)
            ]
            if len(found) == 1:
                return found[0]
            say("Type one of them, or enough of its beginning.")

    def read_until_good(self, question: str, parse: Callable[[str], T]) -> T | None:
        """What `parse` makes of a line, asked again while it raises WrongOrder; None for an empty line."""
        while text := self.line(question):
            try:
                return parse(text)
            except WrongOrder as error:
                say(error.message)
        return None
