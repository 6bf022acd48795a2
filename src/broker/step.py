"""The named steps of the hub's work: an observer is told each, so that a test can stop the process exactly
there.
"""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Where the hub is; `*_WRITTEN` is before the commit, `*_COMMITTED` after it, before anyone is told."""

    DECLARE_BEGUN = "declare-begun"
    DECLARE_WRITTEN = "declare-written"
    DECLARE_COMMITTED = "declare-committed"
    INTEGRATE_READ = "integrate-read"
    INTEGRATE_WRITTEN = "integrate-written"
    INTEGRATE_COMMITTED = "integrate-committed"
    DEPOSIT_WRITTEN = "deposit-written"
    DEPOSIT_COMMITTED = "deposit-committed"
    HANDOVER_WRITTEN = "handover-written"
    HANDOVER_COMMITTED = "handover-committed"
    ACT_WRITTEN = "act-written"
    ACT_COMMITTED = "act-committed"
    SWEEP_WRITTEN = "sweep-written"
    SWEEP_COMMITTED = "sweep-committed"


Observer = Callable[[Step], None]


def unobserved(_: Step) -> None:
    """The observer of a hub nobody is testing."""
