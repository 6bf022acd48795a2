"""One SELECT of a mapping: what it is, what parameters it names, and how a database takes it.

Promises: exactly one statement that starts with SELECT or WITH; parameters are written `:name` outside
quotes and comments and are handed to the database as parameters, never put into the text. Does not parse
SQL: that nothing is written is the read-only transaction's work, and the words refused here say it sooner.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<skip>
        --[^\n]*
      | /\*.*?\*/
      | (?<![A-Za-z0-9_])[eE]'(?:[^'\\]|''|\\.)*'
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$
      | ::
    )
  | :(?P<name>[a-z][a-z0-9_]*)
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<end>;)
  | (?P<own>\$\d+|\?|@[A-Za-z_]+)
  | (?P<open>['"]|/\*|\$[A-Za-z_]*\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED: Final = frozenset({
    "insert", "update", "delete", "merge", "into", "truncate", "drop", "alter", "create", "grant", "revoke",
    "copy", "call", "vacuum", "attach", "detach", "pragma", "lock", "listen", "notify", "prepare", "execute",
    "commit", "rollback", "begin",
})  # fmt: skip


class NotOneSelect(Exception):
    """The sentence that says why a text is no single SELECT; it repeats no more than a word of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement in pieces: text, and the names of parameters between them."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The different parameters, in order of their first place."""
        return tuple(dict.fromkeys(self.names))

    def named(self) -> str:
        """Give the text as SQLite takes it: with `:name`."""
        return self._join({name: f":{name}" for name in self.names})

    def numbered(self, types: Mapping[str, str]) -> str:
        """Give the text as PostgreSQL takes it: `$1::text`, numbered in the order of `parameters`."""
        return self._join(
            {
                name: f"${number}::{types.get(name, 'text')}"
                for number, name in enumerate(self.parameters, start=1)
            }
        )

    def _join(self, written: Mapping[str, str]) -> str:
        pieces = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            pieces += (written[name], text)
        return "".join(pieces)


def statement(text: str, allowed: frozenset[str]) -> Statement:
    """Take a text apart.

    Raises:
        NotOneSelect: it is not one SELECT, or names a parameter that is not allowed.
    """
    texts: list[str] = []
    names: list[str] = []
    start, first = 0, None
    bare = text.strip().removesuffix(";").rstrip()
    for token in _TOKEN.finditer(bare):
        word = token["word"]
        if token["end"]:
            raise NotOneSelect("there are two statements; give one.")
        if token["open"]:
            raise NotOneSelect("a quote or a comment is not closed.")
        if token["own"]:
            raise NotOneSelect("parameters are written :name and no other way.")
        if word is not None:
            first = first or word.lower()
            if word.lower() in _REFUSED:
                raise NotOneSelect(
                    f"{word.upper()} has no place in a SELECT; a column of that name is quoted."
                )
        if (name := token["name"]) is not None:
            if name not in allowed:
                known = ", ".join(f":{each}" for each in sorted(allowed)) or "none"
                raise NotOneSelect(f":{name} is no parameter here; there are {known}.")
            texts.append(bare[start : token.start()])
            names.append(name)
            start = token.end()
    if first not in {"select", "with"}:
        raise NotOneSelect("it must start with SELECT or WITH.")
    return Statement(texts=(*texts, bare[start:]), names=tuple(names))
