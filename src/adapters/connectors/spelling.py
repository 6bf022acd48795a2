"""Ways of writing one value: what must count as the same when we prove that a value is not in a text.

Promises: case, accents, punctuation, spacing, invisible characters, HTML character references, usual
abbreviations of street words, a telephone number's country code and grouping, a postcode's spacing and its
0/O and 1/I confusions, and "at" and "dot" in an e-mail address make no difference. Does not promise to see a
value that was translated, described or misspelt.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_STREET: Final = {
    "apartment": "apt", "avenue": "ave", "av": "ave", "close": "cl", "clo": "cl", "court": "ct",
    "crescent": "cres", "cr": "cres", "drive": "dr", "garden": "gdns", "gardens": "gdns", "gdn": "gdns",
    "grove": "gr", "house": "hse", "lane": "ln", "mount": "mt", "place": "pl", "road": "rd", "saint": "st",
    "square": "sq", "street": "st", "ter": "terr", "terrace": "terr",
}  # fmt: skip
_LOOK_ALIKE: Final = str.maketrans("oil", "011")
_UNALIGNED_LETTERS: Final = 8
_UNALIGNED_WITH_DIGIT: Final = 5
"""Shorter values count only as whole words, or "leeds" would be found in "nosebleeds"."""
PHONE_DIGITS: Final = 6
"""The shortest local number; fewer digits are an extension or an emergency number."""

# Bounded, or a long run without @ would cost its square.
_EMAIL: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>.]{1,63}(?:\.[^\s@<>.]{1,63}){1,8}")
_PHONE: Final = re.compile(r"(?<![\w.])\+?\(?\d(?:[\s().\-]{0,3}\d){8,14}(?!\w)")
# Dates, and measurements with many decimals, are no telephone numbers; a number there starts with 0 or +.
_NO_PHONE: Final = re.compile(
    r"(?<![\w.(+-])(?:(?:1[89]|20)\d\d-(?:0[1-9]|1[0-2])(?:-[0-3]\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)?"
    r"|(?:0|[1-9]\d{0,3})\.\d+)(?![\w-])"
)
# Outward and inward code as the Postal Address File writes them; the inward letters never are C I K M O V.
_POSTCODE: Final = re.compile(
    r"(?<![A-Z0-9])[A-Z]{1,2}[0-9O][A-Z0-9]?[\s.\-]{0,3}[0-9O][ABD-HJLNP-UW-Z]{2}(?![A-Z0-9])", re.IGNORECASE
)
_PRACTICE: Final = re.compile(r"\b[A-Z]\d{5}\b", re.IGNORECASE)
"""How the Organisation Data Service codes GP practices: a letter and five digits."""


def plain(text: str) -> str:
    """Give the text without character references and presentation forms, letters without accents, in small
    letters.
    """
    if text.isascii() and "&" not in text:
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", html.unescape(text))
    return "".join(c for c in decomposed if not unicodedata.combining(c) and c not in _INVISIBLE).casefold()


_INVISIBLE: Final = frozenset("\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff")


def readable(text: str) -> str:
    """Give the text as it looks: no character references, presentation forms or invisible characters."""
    if text.isascii() and "&" not in text:
        return text
    seen = unicodedata.normalize("NFKC", html.unescape(text))
    return "".join(c for c in seen if c not in _INVISIBLE)


def words(text: str) -> list[str]:
    """Give the runs of letters and digits in `plain(text)`."""
    return re.findall(r"[^\W_]+", plain(text))


def squeeze(text: str) -> str:
    """Give only the letters and digits of `plain(text)`."""
    if text.isascii() and text.isalnum():
        return text.lower()
    return "".join(words(text))


def digits(text: str) -> str:
    """Give the decimal digits of the text, of whatever script, as ASCII."""
    return "".join(str(unicodedata.decimal(c)) for c in html.unescape(text) if c.isdecimal())


def national(phone: str) -> str:
    """Give a telephone number's digits without 0, +44 or 0044; another country's keep their country code."""
    found = digits(phone)
    for prefix in ("0044", "44"):
        if found.startswith(prefix) and len(found) > len(prefix) + PHONE_DIGITS:
            found = found[len(prefix) :]
            break
    return found.lstrip("0")


def is_postcode(text: str) -> bool:
    """Whether the whole text is written as a United Kingdom postcode."""
    return _POSTCODE.fullmatch(text.strip()) is not None


def postcodes_in(text: str) -> list[str]:
    """Give whatever in a text is written like a United Kingdom postcode."""
    return _POSTCODE.findall(unicodedata.normalize("NFKC", text))


def contacts_in(text: str) -> Iterator[str]:
    """Give whatever in a text is written like an e-mail address, a telephone number or a postcode."""
    readable = unicodedata.normalize("NFKC", html.unescape(text))
    yield from _EMAIL.findall(readable)
    yield from _POSTCODE.findall(readable)
    yield from _PHONE.findall(_NO_PHONE.sub(" ", readable))


def looks_like_contact(text: str) -> bool:
    """Whether anything in the text is written like an e-mail address, telephone number, postcode or practice
    code.
    """
    return next(contacts_in(text), None) is not None or _PRACTICE.search(text) is not None


@dataclass(frozen=True, slots=True)
class Haystack:
    """A text prepared once for many searches."""

    forms: tuple[tuple[str, frozenset[int]], ...]
    """Squeezed forms, each with the places where a word starts or ends in it."""
    digits: str
    postal: str

    @classmethod
    def of(cls, text: str) -> "Haystack":
        """Prepare a text."""
        found = words(text)
        squeezed = "".join(found)
        return cls(
            forms=(_bounded(found), _bounded([_STREET.get(word, word) for word in found])),
            digits=digits(text),
            postal=squeezed.translate(_LOOK_ALIKE),
        )

    def holds(self, forms: tuple[str, ...]) -> bool:
        """Whether any of a value's `spellings` is in the text: as whole words, or anywhere if it is long
        enough.
        """
        return any(_in(value, text, bounds) for value in forms for text, bounds in self.forms)

    def holds_phone(self, number: str) -> bool:
        """Whether a number given by `national` is among the digits."""
        return number in self.digits

    def holds_postcode(self, code: str) -> bool:
        """Whether a postcode given by `postal` is in the text."""
        return code in self.postal


def spellings(value: str) -> tuple[str, ...]:
    """Give the forms under which a value is searched; none where it is too short to mean anything."""
    found = words(value)
    forms = {"".join(found), "".join(_STREET.get(word, word) for word in found)}
    return tuple(
        sorted(form for form in forms if len(form) >= 3 and not (form.isdecimal() and len(form) < 5))
    )


def email_spellings(value: str) -> tuple[str, ...]:
    """As `spellings`, of an e-mail address, with its @ and dots written out or not."""
    local, _, domain = value.partition("@")
    forms = {
        squeeze(local.replace(".", dot)) + at + squeeze(domain.replace(".", dot))
        for dot in ("", " dot ")
        for at in ("", "at")
    }
    forms |= {squeeze(local) + at + squeeze(domain.replace(".", " dot ")) for at in ("", "at")}
    return tuple(sorted(form for form in forms if len(form) >= 5))


def postal(value: str) -> str:
    """Give a postcode as `holds_postcode` compares it."""
    return squeeze(value).translate(_LOOK_ALIKE)


def _bounded(found: list[str]) -> tuple[str, frozenset[int]]:
    bounds = {0}
    at = 0
    for word in found:
        at += len(word)
        bounds.add(at)
    return "".join(found), frozenset(bounds)


def _in(value: str, text: str, bounds: frozenset[int]) -> bool:
    anywhere = len(value) >= _UNALIGNED_LETTERS or (
        len(value) >= _UNALIGNED_WITH_DIGIT and any(c.isdecimal() for c in value)
    )
    at = text.find(value)
    while at >= 0:
        if anywhere or (at in bounds and at + len(value) in bounds):
            return True
        at = text.find(value, at + 1)
    return False
