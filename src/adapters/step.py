"""The named steps of the adapter's work: an observer is told each, so that a test can stop the process
exactly there.
"""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Where the adapter is, sending and receiving."""

    DECLARED = "declared"
    """The hub's outcome has come; nothing of it is journalled."""
    PROVED = "proved"
    """The proof is verified and journalled; the body has not left."""
    DEPOSITED = "deposited"
    """The hub has the body; that is not journalled."""
    HANDED = "handed"
    """A handover has come in; nothing is verified."""
    VERIFIED = "verified"
    """Declaration, permit, proof and checkpoint hold; the body is sealed still."""
    OPENED = "opened"
    """The body is open, in memory only."""
    JOURNALLED = "journalled"
    """The body sealed to our own key, and the signed receipt, are on disk."""
    TAKEN = "taken"
    """The hub is being told that we have it; the receipt has not left."""
    RECEIPTED = "receipted"
    """The hub has the receipt; that is not journalled."""


Observer = Callable[[Step], None]


def unobserved(_: Step) -> None:
    """The observer of an adapter nobody is testing."""
