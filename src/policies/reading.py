"""Strict reading of the rules' own JSON values: every member named, none unknown, every word from its
closed set.

Works on values already parsed; bytes from outside go through `keys.strict_json` first.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from policies.errors import PolicyError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Reader:
    """Reads one object, member by member, and refuses whatever was not asked for. `at` says where, for
    errors."""

    __slots__ = ("_at", "_error", "_taken", "_value")

    def __init__(self, value: object, *, at: str, error: type[PolicyError]) -> None:
        if not isinstance(value, Mapping):
            raise error(f"{at}: an object is needed.")
        self._value: Mapping[object, object] = value
        self._at = at
        self._error = error
        self._taken: set[object] = set()

    def member(self, name: str) -> object:
        """A member that must be there."""
        self._taken.add(name)
        if name not in self._value:
            raise self._error(f"{self._at}: member {name!r} is missing.")
        return self._value[name]

    def optional(self, name: str) -> object:
        """A member that may be absent; absent and null both read as None."""
        self._taken.add(name)
        return self._value.get(name)

    def text(self, name: str) -> str:
        """A string that is not empty."""
        return self._as_text(self.member(name), name)

    def text_or_none(self, name: str) -> str | None:
        """A string that is not empty, or nothing."""
        value = self.optional(name)
        return None if value is None else self._as_text(value, name)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.member(name)
        if not isinstance(value, bool):
            raise self._error(f"{self._at}.{name}: true or false is needed.")
        return value

    def count(self, name: str) -> int:
        """A whole number of at least one."""
        return self._as_count(self.member(name), name)

    def word(self, name: str, kind: type[E]) -> E:
        """One word of a closed set."""
        return self._as_word(self.member(name), name, kind)

    def word_or_none(self, name: str, kind: type[E]) -> E | None:
        """One word of a closed set, or nothing."""
        value = self.optional(name)
        return None if value is None else self._as_word(value, name, kind)

    def words(self, name: str, kind: type[E]) -> tuple[E, ...]:
        """Different words of a closed set, sorted, so that order in the file means nothing."""
        read = [self._as_word(item, name, kind) for item in self._as_list(self.member(name), name)]
        if len(set(read)) != len(read):
            raise self._error(f"{self._at}.{name}: a word is repeated.")
        return tuple(sorted(read))

    def word_sets(self, name: str, kind: type[E]) -> tuple[frozenset[E], ...]:
        """A list that is not empty, of lists of words."""
        sets = [
            frozenset(self._as_word(item, name, kind) for item in self._as_list(inner, name))
            for inner in self._as_list(self.member(name), name)
        ]
        if not sets:
            raise self._error(f"{self._at}.{name}: at least one list is needed.")
        return tuple(sets)

    def objects(self, name: str, read: Callable[["Reader"], T]) -> tuple[T, ...]:
        """A list of objects, each read by `read`."""
        items = self._as_list(self.member(name), name)
        return tuple(self._one(item, f"{self._at}.{name}[{n}]", read) for n, item in enumerate(items))

    def one(self, name: str, read: Callable[["Reader"], T]) -> T:
        """One object, read by `read`."""
        return self._one(self.member(name), f"{self._at}.{name}", read)

    def counts(self, name: str, kind: type[E]) -> tuple[tuple[E, int], ...]:
        """An object giving every word of a closed set a whole number of at least one, in the set's order."""
        inner = Reader(self.member(name), at=f"{self._at}.{name}", error=self._error)
        read = tuple((word, inner.count(word.value)) for word in kind)
        inner.end()
        return read

    def end(self) -> None:
        """Refuse members nobody asked for."""
        unknown = sorted(str(name) for name in self._value if name not in self._taken)
        if unknown:
            raise self._error(f"{self._at}: unknown member {', '.join(unknown)}.")

    def refuse(self, sentence: str) -> PolicyError:
        """The error to raise for something wrong with this object."""
        return self._error(f"{self._at}: {sentence}")

    def _one(self, value: object, at: str, read: Callable[["Reader"], T]) -> T:
        reader = Reader(value, at=at, error=self._error)
        result = read(reader)
        reader.end()
        return result

    def _as_list(self, value: object, name: str) -> list[object]:
        if not isinstance(value, list):
            raise self._error(f"{self._at}.{name}: a list is needed.")
        return value

    def _as_text(self, value: object, name: str) -> str:
        if not isinstance(value, str) or not value:
            raise self._error(f"{self._at}.{name}: text is needed.")
        return value

    def _as_count(self, value: object, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._error(f"{self._at}.{name}: a whole number of at least one is needed.")
        return value

    def _as_word(self, value: object, name: str, kind: type[E]) -> E:
        try:
            return kind(self._as_text(value, name))
        except ValueError:
            raise self._error(f"{self._at}.{name}: not one of {', '.join(kind)}.") from None
