"""The census's codes in plain words.

Source: Children in Need census guide, code sets; a code that is not in them is given as it stands.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NEED: Final = MappingProxyType({
    "N0": "not stated", "N1": "abuse or neglect", "N2": "child's disability or illness",
    "N3": "parental disability or illness", "N4": "family in acute stress", "N5": "family dysfunction",
    "N6": "socially unacceptable behaviour", "N7": "low income", "N8": "absent parenting",
    "N9": "other than children in need",
})  # fmt: skip
REFERRER: Final = MappingProxyType({
    "2A": "school", "2B": "education services", "3A": "GP", "3B": "health visitor", "3C": "school nurse",
    "3D": "other primary health services", "3E": "emergency department", "3F": "other health services",
    "4": "housing", "5A": "local authority social care", "5B": "other service of the local authority",
    "5C": "social care of another authority", "5D": "other external service", "6": "police",
    "7": "other legal agency", "8": "other", "10": "unknown",
})  # fmt: skip
"""Who referred, where it is a service. A person who did (1A to 1D) or nobody named (9) is not told apart: who
reads "a relative" of a family of three knows who told.
"""
PERSON_REFERRED: Final = "not given"
CLOSED: Final = MappingProxyType({
    "RC2": "died", "RC3": "child arrangements order", "RC4": "special guardianship order",
    "RC5": "transferred to another authority", "RC6": "transferred to adult social care",
    "RC7": "services ended for another reason", "RC8": "assessed, no further action",
    "RC9": "assessed, early help",
})  # fmt: skip
ADOPTED: Final = "RC1"
"""Closed because the child was adopted: protected, so an entry of it leaves only by a person's hand."""
ABUSE: Final = MappingProxyType({
    "NEG": "neglect", "PHY": "physical abuse", "SAB": "sexual abuse", "EMO": "emotional abuse",
    "MUL": "multiple",
})  # fmt: skip
SEX: Final = MappingProxyType({
    "0": "not known", "1": "male", "2": "female", "9": "not specified", "M": "male", "F": "female",
    "U": "unknown",
})  # fmt: skip
DISABILITY: Final = MappingProxyType({
    "MOB": "mobility", "HAND": "hand function", "PC": "personal care", "INC": "incontinence",
    "COMM": "communication", "LD": "learning", "HEAR": "hearing", "VIS": "vision", "BEH": "behaviour",
    "CON": "consciousness", "AUT": "autism or Asperger syndrome", "DDA": "other",
})  # fmt: skip


def words(code: str | None, meaning: Mapping[str, str]) -> str | None:
    """Give a code's meaning, or the code where there is none."""
    return None if code is None else meaning.get(code.upper(), f"code {code}")
