"""How a command ends, for whoever scripts it. Only a thing done as asked is 0."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    """Done as asked."""
    FAILED = 1
    """Not done; the one line on stderr says why and what to do."""
    USAGE = 2
    """The command line itself was wrong."""
    REFUSED = 3
    """The hub refused; the findings say why and what would put it right."""
    HELD = 4
    """The hub holds it; the needs say who can lift that."""
    WAITING = 5
    """Kept here and on its way, but what was waited for has not come yet."""
    STOPPED = 130
    """Stopped from the keyboard."""
