"""One thing looked at."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "advice", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, and in one sentence what is wrong and what to do. `advice` is no failure: it works,
    but a person should see to it."""

    what: str
    verdict: Verdict
    says: str


def well(what: str, says: str) -> Finding:
    """All is well."""
    return Finding(what=what, verdict="ok", says=says)


def advice(what: str, says: str) -> Finding:
    """It works, and a person should see to it."""
    return Finding(what=what, verdict="advice", says=says)


def failed(what: str, says: str) -> Finding:
    """It does not work."""
    return Finding(what=what, verdict="failed", says=says)
