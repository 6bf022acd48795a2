"""Check characters of the identifiers agencies write down, and one spelling for each.

Promises: a value that fails its check keeps its spelling and is flagged, never corrected and never by itself
a reason to refuse: registers are full of them. Whether a check passes says nothing of whether anybody bears
the number.

Sources: UPN, the GovTalk data standards catalogue (letters of the modulus-23 alphabet, weights 2 to 13); PNC
and CRO, the check letter of the Police National Computer (modulus 23 over year and serial); the NHS number's
is `connectors.nhs_number`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from adapters.connectors import nhs_number
from broker.protocol.body import Identifier

UPN: Final = "upn"
"""Unique pupil number: a letter and twelve digits, or eleven digits and a letter while temporary."""
PNC: Final = "pnc"
"""Police National Computer id: YYYY/NNNNNNNL, or with two digits of the year."""
CRO: Final = "cro"
"""Criminal Records Office number: NNNNNN/YYL."""
LA_CHILD: Final = "lachild"
"""LAchildID: a local authority's own number of a child, as in its statutory returns. It has no check."""

_TITLES: Final = {
    nhs_number.SYSTEM: "NHS number",
    UPN: "UPN",
    PNC: "PNC id",
    CRO: "CRO number",
    LA_CHILD: "LAchildID",
}

_UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_POLICE_LETTERS: Final = "ZABCDEFGHJKLMNPQRTUVWXY"
_UPN: Final = re.compile(r"([A-Z])(\d{12}|\d{11}[A-Z])")
_PNC: Final = re.compile(r"(\d{2}|\d{4})/?(\d{1,7})([A-Z])")
_CRO: Final = re.compile(r"(\d{1,6})/?(\d{2})([A-Z])")


class Check(StrEnum):
    """What an identifier's own check says."""

    PASSED = "passed"
    FAILED = "failed"
    """A digit or letter is wrong, or it is no number of this kind at all."""
    NONE = "none"
    """This kind has no check, or none that is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An identifier in its one spelling, by which it is compared, and its check. Personal data."""

    system: str
    value: str
    check: Check


def title(system: str) -> str:
    """Name a kind of identifier in words an asker reads."""
    return _TITLES.get(system, f"{system} number")


def written(identifier: Identifier) -> Written:
    """Bring an identifier to its one spelling: capitals, no spaces, and as its kind writes it."""
    return _written(identifier.system, identifier.value)


@lru_cache(maxsize=1 << 16)  # whoever is sought is compared with every number a system holds
def _written(system: str, given: str) -> Written:
    bare = "".join(given.split()).upper()
    spell = _SPELLINGS.get(system)
    if spell is None:
        return Written(system=system, value=bare, check=Check.NONE)
    value, passed = spell(bare)
    return Written(system=system, value=value, check=Check.PASSED if passed else Check.FAILED)


def same(one: Written, other: Written) -> bool:
    """Whether both are one identifier. An NHS number counts only where its check digit holds: a mistyped one
    may be somebody else's.
    """
    if (one.system, one.value) != (other.system, other.value):
        return False
    return one.system != nhs_number.SYSTEM or one.check is Check.PASSED


def _nhs(bare: str) -> tuple[str, bool]:
    try:
        return nhs_number.check(bare), True
    except nhs_number.NumberRefused:
        return bare.replace("-", ""), False


def _upn(bare: str) -> tuple[str, bool]:
    found = _UPN.fullmatch(bare)
    if found is None:
        return bare, False
    letter, rest = found.groups()
    # The letter of a temporary number's end counts as its place in the alphabet.
    digits = [int(c) if c.isdecimal() else _UPN_LETTERS.find(c) for c in rest]
    total = sum(weight * digit for weight, digit in enumerate(digits, start=2))
    return bare, min(digits) >= 0 and _UPN_LETTERS[total % 23] == letter


def _pnc(bare: str) -> tuple[str, bool]:
    found = _PNC.fullmatch(bare)
    if found is None:
        return bare, False
    year, serial, letter = found.groups()
    short = year[-2:]
    passed = _POLICE_LETTERS[int(short + serial.zfill(7)) % 23] == letter
    # The century is often left out, so it does not tell two ids apart.
    return f"{short}/{serial.zfill(7)}{letter}", passed


def _cro(bare: str) -> tuple[str, bool]:
    found = _CRO.fullmatch(bare)
    if found is None:
        return bare, False
    serial, year, letter = found.groups()
    passed = _POLICE_LETTERS[int(year + serial.zfill(6)) % 23] == letter
    return f"{serial.zfill(6)}/{year}{letter}", passed


_SPELLINGS: Final[dict[str, Callable[[str], tuple[str, bool]]]] = {
    nhs_number.SYSTEM: _nhs,
    UPN: _upn,
    PNC: _pnc,
    CRO: _cro,
}
