"""SQL with a name and a sentence: the statements of `queries.sql`, read once.

A statement without a sentence is refused, so that none goes undescribed.
"""

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_STATEMENT: Final = re.compile(r"^-- name: (?P<name>[a-z_]+)\n(?:-- .+\n)+(?P<sql>[^;]+);$", re.MULTILINE)


@cache
def schema() -> str:
    """The journal's first schema, whole."""
    return files("adapters.journal").joinpath("schema.sql").read_text(encoding="utf-8")


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
