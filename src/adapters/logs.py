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

log: Final[Any] = structlog.get_logger("gatehouse.adapter")


def configure(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Write JSON lines to `stream` (standard error)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_listed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def only_listed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list, and all but short plain values."""
    return {
        name: value
        for name, value in event.items()
        if name in FIELDS
        and (value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= 128))
    }
