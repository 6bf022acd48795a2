"""SQL with a name and a sentence: the statements of `queries.sql`, read once.

A statement without a sentence is refused, so that none goes undescribed.
"""

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_STATEMENT: Final = re.compile(r"^-- name: (?P<name>[a-z_]+)\n(?:-- .+\n)+(?P<sql>[^;]+);$", re.MULTILINE)


_SCHEMAS: Final = ("schema.sql", *(f"schema_{version}.sql" for version in range(2, 7)))


@cache
def schemas() -> tuple[str, ...]:
    """The journal's schema as it was first made, and each change to it since, in order."""
    folder = files("adapters.journal")
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for name in _SCHEMAS)


@cache
def queries() -> MappingProxyType[str, str]:
    """The named statements.

    Raises:
        ValueError: a statement has no name, no sentence, or another's name.
    """
    text = files("adapters.journal").joinpath("queries.sql").read_text(encoding="utf-8")
    found = {match["name"]: match["sql"].strip() for match in _STATEMENT.finditer(text)}
    if len(found) != text.count("-- name:"):
        raise ValueError(
            "queries.sql: each statement needs a name of its own and a sentence, and ends with ';'."
        )
    return MappingProxyType(found)
