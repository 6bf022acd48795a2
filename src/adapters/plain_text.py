"""Text of others made safe to show: on a terminal, on a page. Pure."""

import unicodedata


def clean(text: str) -> str:
    """The text without anything that could move a cursor, change a colour or turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs")
        else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )
