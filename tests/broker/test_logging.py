"""Log lines: what is listed gets through, nothing else does, whoever says it."""

import logging as stdlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from broker.logging import log, take_over
from keys import strict_json

CANARY = "Canary Person 999 000 0018"
AGENCY = "northcare"
UUID = "0e0c2f7a-5d2b-4c37-9d0c-3f1d8f0a2b11"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A function that gives the lines logged since it was last asked."""

    def read() -> list[dict[str, Any]]:
        text = capsys.readouterr().err
        assert CANARY not in text
        return [strict_json.parse_object(line.encode()) for line in text.splitlines()]

    yield read
    stdlib.getLogger().handlers[:] = []
    stdlib.captureWarnings(False)


def test_listed_fields_of_their_shape_get_through(lines: Any) -> None:
    log.info(
        "handed-over",
        agency=AGENCY,
        envelope=UUID,
        index=7,
        milliseconds=1.5,
        route="/log/tile/{path}",
        method="GET",
    )
    (line,) = lines()
    line.pop("at")
    assert line == {
        "event": "handed-over",
        "level": "info",
        "agency": AGENCY,
        "envelope": UUID,
        "index": 7,
        "milliseconds": 1.5,
        "route": "/log/tile/{path}",
        "method": "GET",
    }


@pytest.mark.parametrize(
    "field",
    [
        "agency",
        "envelope",
        "exchange",
        "code",
        "reason",
        "kind",
        "state",
        "verb",
        "route",
        "method",
        "error",
        "logger",
        "index",
        "size",
        "status",
        "name",
        "detail",
        "body",
        "query",
        "nhs",
        "practitioner",
        "words",
    ],
)
def test_a_canary_in_any_field_is_dropped_and_counted(lines: Any, field: str) -> None:
    log.warning("something", **{field: CANARY})
    (line,) = lines()
    assert line["dropped"] == 1
    assert field not in line


def test_a_canary_for_an_event_is_unnamed(lines: Any) -> None:
    log.info(CANARY)
    assert lines()[0]["event"] == "unnamed"


def test_an_error_shows_as_type_and_our_own_lines(lines: Any) -> None:
    try:
        try:
            strict_json.parse(f'["{CANARY}"'.encode())
        except Exception as error:
            raise ValueError(CANARY) from error
    except ValueError as error:
        log.error("internal", exc_info=error)
    (line,) = lines()
    assert (line["error"], line["cause"]) == ("ValueError", "MalformedInput")
    assert all(frame.split(":")[0].endswith(".py") for frame in line["frames"])


def test_loggers_got_elsewhere_are_no_way_round(lines: Any) -> None:
    structlog.get_logger(CANARY).bind(words=CANARY).error("failed", words=CANARY, code="a-code")
    (line,) = lines()
    assert (line["event"], line["code"], line["dropped"]) == ("failed", "a-code", 1)


def test_what_libraries_and_warnings_say_shows_as_who_spoke(lines: Any) -> None:
    take_over()
    try:
        raise KeyError(CANARY)
    except KeyError:
        stdlib.getLogger("aiohttp.server").exception("Error handling %s", CANARY)
    stdlib.getLogger("asyncpg").info(CANARY)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    found = lines()
    assert [(line["event"], line["logger"], line.get("error")) for line in found] == [
        ("library", "aiohttp.server", "KeyError"),
        ("library", "py.warnings", None),
    ]
