"""SQL with a name and a sentence: every statement stands in a `.sql` file as

    -- name: read_guards
    -- Share-locks the guard rows a decision rests on, in one order.
    SELECT …;

and is read once. A statement without a sentence is refused, so that none goes undescribed.
"""

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_HEADER: Final = re.compile(
    r"^-- name: (?P<name>[a-z_]+)\n(?P<words>(?:-- .+\n)+)(?P<sql>[^;]+;)", re.MULTILINE
)


@cache
def queries(file: str) -> MappingProxyType[str, str]:
    """Give the statements of `queries/<file>.sql` by name.

    Raises:
        ValueError: a statement in the file has no name or no sentence.
    """
    text = files("broker.store").joinpath("queries", f"{file}.sql").read_text(encoding="utf-8")
    found = {match["name"]: match["sql"].rstrip(";").strip() for match in _HEADER.finditer(text)}
    statements = sum(line.count(";") for line in text.splitlines() if not line.startswith("--"))
    if not len(found) == text.count("-- name:") == statements:
        raise ValueError(
            f"queries/{file}.sql: each statement needs a unique name and a sentence, and ends with ';'."
        )
    return MappingProxyType(found)
