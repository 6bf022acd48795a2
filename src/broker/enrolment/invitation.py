"""Whether an enrolment code is good, without telling anyone who lacks it which agencies were invited."""

import hmac
from typing import Final

from broker.enrolment.model import code_digest
from broker.protocol.problem import Problem

_NO_CODE: Final = code_digest("0" * 16)


def refused() -> Problem:
    """The one answer to a code that is wrong, spent or expired, and to an agency nobody invited."""
    return Problem(
        "unauthenticated",
        "The code is not good for this agency: it is wrong, used or expired. Ask the hub's administrator "
        "for another.",
        reason="enrolment-code",
    )


def verify_code(code: str, *, kept: str | None) -> None:
    """Return if `code` is the one whose digest is `kept`; takes as long where nothing is kept.

    Raises:
        Problem: `unauthenticated`.
    """
    same = hmac.compare_digest(code_digest(code).encode(), (kept or _NO_CODE).encode())
    if not same or kept is None:
        raise refused()
