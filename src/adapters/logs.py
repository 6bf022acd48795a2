"""What the adapter says of its work: JSON lines whose fields come from a closed list.

Promises: a field not on the list is dropped, and its values are ids, codes and counts: never a name, an
identifier or a word of a body.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

FIELDS: Final = frozenset(
    {
        "act",
        "agency",
        "attempt",
        "category",
        "close_code",
        "code",
        "count",
        "envelope",
        "error",
        "event",
        "exchange",
        "kind",
        "level",
        "outcome",
        "reason",
        "recipient",
        "replaced_by",
        "sender",
        "size",
        "state",
        "status",
        "timestamp",
    }
)


class _Lines:
    """Where lines go: nowhere until `configure` says where, so that a command prints only its own words."""

    def __init__(self) -> None:
        self.listened = False
        self.stream: TextIO | None = None
        self.level = logging.INFO

    def msg(self, line: str) -> None:
        if self.listened:
            # Standard error is looked up for each line: whoever replaced it meanwhile gets the line.
            print(line, file=self.stream or sys.stderr, flush=True)

    debug = info = warning = error = msg


_lines: Final = _Lines()


def configure(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Write JSON lines to `stream` (standard error), from `level` up."""
    _lines.listened = True
    _lines.stream = stream
    _lines.level = level


def only_from_level(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what is below the level, and everything while nobody listens."""
    if not _lines.listened or structlog.processors.NAME_TO_LEVEL[method] < _lines.level:
        raise structlog.DropEvent
    return event


def only_listed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list, and all but short plain values."""
    return {
        name: value
        for name, value in event.items()
        if name in FIELDS
        and (value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= 128))
    }


log: Final[Any] = structlog.wrap_logger(
    _lines,
    # A logger of our own: what another part of the process configures for itself is nothing to us.
    processors=[
        only_from_level,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        only_listed,
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.BoundLogger,
    context_class=dict,
    cache_logger_on_first_use=True,
)
