"""The hub's log lines: one JSON object each on standard error, made of allow-listed fields only.

Promises: a field that is not listed here, or whose value has not the listed shape, is left out and counted in
`dropped`; an exception shows as its type and our own files and lines, never its message; what libraries say
shows as who spoke, never what was said. So no name, number or word about a person reaches a log line. The log
of records, which nobody can rewrite, is another thing: `broker.log`.
"""

import logging as stdlib
import re
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

import structlog

from broker.clock import now
from keys import strict_json

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AGENCY: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_ROUTE: Final = re.compile(r"/[A-Za-z0-9/{}:._+*\[\]^()-]{0,79}")
_METHOD: Final = re.compile(r"[A-Z]{3,7}")

_WORDS: Final[dict[str, re.Pattern[str]]] = {
    **dict.fromkeys(("agency", "sender", "recipient", "asker", "source"), _AGENCY),
    **dict.fromkeys(("envelope", "exchange"), _UUID),
    **dict.fromkeys(
        ("code", "reason", "kind", "verb", "state", "outcome", "step", "category", "sqlstate"), _CODE
    ),
    **dict.fromkeys(("error", "cause"), _TYPE),
    "logger": _NAME,
    "route": _ROUTE,
    "method": _METHOD,
}
_NUMBERS: Final = frozenset(
    {
        *(
            "attempt",
            "checkpoint_size",
            "connections",
            "count",
            "generation",
            "index",
            "lease_until",
            "milliseconds",
        ),
        *("pid", "port", "schema", "sequence", "size", "status", "version", "waiting"),
    }
)
_FRAMES_SHOWN: Final = 6
_HOUSE: Final = Path(__file__).resolve().parents[1]

Event = MutableMapping[str, Any]


def allow(_: Any, level: str, event: Event) -> Event:
    """Rebuild a log event from what is listed; count the rest in `dropped`."""
    name = event.pop("event", None)
    line: dict[str, Any] = {"at": now(), "level": level}
    line["event"] = name if isinstance(name, str) and _CODE.fullmatch(name) else "unnamed"
    failure = event.pop("exc_info", None)
    dropped = 0
    for field, value in event.items():
        if _fits(field, value):
            line[field] = value
        elif value is not None:
            dropped += 1
    line.update(_failure(sys.exc_info()[1] if failure is True else failure))
    if dropped:
        line["dropped"] = dropped
    return line


def _fits(field: str, value: object) -> bool:
    if field in _NUMBERS:
        return isinstance(value, int | float)
    shape = _WORDS.get(field)
    return shape is not None and isinstance(value, str) and shape.fullmatch(value) is not None


def _failure(error: object) -> dict[str, Any]:
    if not isinstance(error, BaseException):
        return {}
    shown: dict[str, Any] = {"error": type(error).__name__, "frames": _frames(error)}
    cause = error.__cause__ or error.__context__
    if cause is not None:
        shown["cause"] = type(cause).__name__
    return shown


def _frames(error: BaseException) -> list[str]:
    """The innermost of our own lines that the error came through, `file:line`."""
    frames: list[str] = []
    traceback = error.__traceback__
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(_HOUSE):
            frames.append(f"{path.relative_to(_HOUSE)}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return frames[-_FRAMES_SHOWN:]


def _render(_: Any, __: str, event: Event) -> str:
    return strict_json.dump(event).decode()


class _ToStderr:
    """Writes a line to whatever standard error is at that moment. Takes and ignores the name a logger is got
    by."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


# On import and not by a call somebody may forget: an unconfigured structlog prints every field it is given.
structlog.configure(
    processors=[allow, _render],
    wrapper_class=structlog.make_filtering_bound_logger(stdlib.INFO),
    logger_factory=_ToStderr,
    cache_logger_on_first_use=True,
)
log: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger()
"""Log an event by its kebab-case name and listed fields: `log.info("listening", port=8443)`."""


class _Libraries(stdlib.Handler):
    """Shows that a library spoke, and the type of the error it spoke of."""

    def emit(self, record: stdlib.LogRecord) -> None:
        say: Callable[..., Any] = log.error if record.levelno >= stdlib.ERROR else log.warning
        error = record.exc_info[1] if record.exc_info else None
        say("library", logger=record.name.lower(), exc_info=error)


def take_over() -> None:
    """Put what libraries log through the allow-list too, warnings and above."""
    root = stdlib.getLogger()
    root.handlers[:] = [_Libraries()]
    root.setLevel(stdlib.WARNING)
    stdlib.captureWarnings(True)
