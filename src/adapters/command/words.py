"""Words a person gives on the command line, or in a file beside it."""

from pathlib import Path
from typing import Final

from adapters.errors import WrongOrder

LIMIT: Final = 20_000
"""Characters: what a body takes."""


def words_or_file(given: str) -> str:
    """The words themselves; `@FILE` reads a UTF-8 file. Raises WrongOrder, `no-words`; OSError."""
    try:
        words = Path(given[1:]).read_bytes().decode("utf-8") if given.startswith("@") else given
    except UnicodeDecodeError:
        raise WrongOrder("no-words", "The file is not text in UTF-8: save it as such.") from None
    if not words.strip() or len(words) > LIMIT:
        raise WrongOrder("no-words", f"Give some words, at most {LIMIT:,} characters.")
    return words.strip()
