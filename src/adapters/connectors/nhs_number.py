"""NHS numbers: ten digits whose last one checks the others (NHS Data Dictionary, NHS NUMBER, modulus 11).

Promises: a number that passes is ten ASCII digits with a valid check digit; one that fails is refused with a
stated reason and never corrected. Does not promise that anybody bears the number: a made-up number passes one
time in eleven.
"""

from typing import Final, NewType

from nhs_number.standardise import standardise_format
from nhs_number.validate import calculate_checksum, is_valid

from adapters.errors import AdapterError
from broker.protocol.body import NHS_NUMBER

CheckedNhsNumber = NewType("CheckedNhsNumber", str)
"""Ten digits, check digit verified."""

SYSTEM: Final = NHS_NUMBER
"""What `Identifier.system` says of an NHS number in a body."""
FHIR_SYSTEM: Final = "https://fhir.nhs.uk/Id/nhs-number"
"""What `identifier.system` says of one in a FHIR resource (UK Core)."""

CHECK_DIGIT: Final = "nhs-number-check-digit"
FORM: Final = "nhs-number-form"
PLACEHOLDER: Final = "nhs-number-placeholder"


class NumberRefused(AdapterError):
    """`nhs-number-form`, `nhs-number-check-digit` or `nhs-number-placeholder`; never repeats the number."""


def check(value: str) -> CheckedNhsNumber:
    """Give the ten digits of a number as somebody wrote it; spaces anywhere and hyphens as 3-3-4 are taken.

    Raises:
        NumberRefused: it is not ten digits, its check digit fails, or it is one digit ten times over.
    """
    # The library takes white space only as 3-3-4, and numbers are copied from anywhere, no-break spaces
    # included.
    bare = "".join(value.split())
    # Its pattern takes the digits of every script.
    standard = standardise_format(bare) if bare.isascii() else ""
    if not standard:
        raise NumberRefused(FORM, "An NHS number has ten digits; look at it again where it was written down.")
    if calculate_checksum(standard[:9]) != int(standard[9]):
        raise NumberRefused(
            CHECK_DIGIT,
            "The check digit of this NHS number fails, so a digit is wrong; take it again from the record.",
        )
    if len(set(standard)) == 1:
        # Ten equal digits pass the check; systems fill empty fields with them.
        raise NumberRefused(
            PLACEHOLDER, "One digit ten times over stands for an unknown NHS number; leave it out."
        )
    if not is_valid(standard):
        raise NumberRefused(
            FORM, "This number lies in Scotland's range without being a CHI number; take it again."
        )
    return CheckedNhsNumber(standard)
