"""The one strict JSON parser (RFC 8259, and the interoperable subset of RFC 7493).

Promises: what it returns has no repeated key, no NaN or infinity, no lone surrogate, no integer that does
not fit in 64 bits signed, and nesting no deeper than asked; whatever the bytes, it raises nothing but
`MalformedInput`. It does not check shapes: models do that, on the same bytes.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias

from keys.errors import MalformedInput

JsonValue: TypeAlias = str | int | float | bool | list["JsonValue"] | dict[str, "JsonValue"] | None
"""What `parse` returns. Invariant containers: built by the parser, owned by the caller."""

Dumpable: TypeAlias = str | int | float | bool | Sequence["Dumpable"] | Mapping[str, "Dumpable"] | None
"""What `dump` takes: JSON values with read-only containers."""

_INT64_DIGITS: Final = 20
_VALUES: Final = 1 << 17
"""Members and elements in one text: twenty for each of a full body's 5,000 entries. Without it a few
megabytes of brackets would hold the interpreter for seconds."""
# The closing quote is optional so that an unclosed string is eaten whole: a search that restarted at each
# quote inside it would be quadratic. Possessive for the same reason.
_STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_MAY_BE_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(data: bytes, *, limit: int = 1 << 20, depth: int = 32) -> JsonValue:
    """The JSON value that `data` is, at most `limit` bytes and `depth` nested containers.

    Raises MalformedInput with `json-too-large`, `json-too-deep`, `json-repeated-key`, `json-not-finite`,
    `json-not-utf8`, `json-surrogate` or `json-malformed`.
    """
    if len(data) > limit:
        raise MalformedInput("json-too-large", f"JSON text is longer than {limit} bytes")
    _check_count(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedInput("json-not-utf8", "JSON text is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise MalformedInput("json-not-utf8", "JSON text starts with a byte order mark")
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedInput("json-malformed", f"not JSON at character {error.pos}") from None
    except RecursionError:
        raise _too_deep(depth) from None
    # Few brackets cannot be deep.
    if data.count(b"[") + data.count(b"{") > depth:
        _check_depth(value, depth)
    if _MAY_BE_SURROGATE.search(data):
        _check_surrogates(value)
    return value


def parse_object(data: bytes, *, limit: int = 1 << 20, depth: int = 32) -> dict[str, JsonValue]:
    """As `parse`, but the value must be an object. Raises MalformedInput, `json-malformed` if it is not."""
    value = parse(data, limit=limit, depth=depth)
    if not isinstance(value, dict):
        raise MalformedInput("json-malformed", "the JSON value is not an object")
    return value


def dump(value: Dumpable) -> bytes:
    """`value` as compact UTF-8 JSON with sorted keys: equal values give equal bytes.

    Raises MalformedInput: `json-not-finite` for NaN and infinities, `json-surrogate` for a lone surrogate.
    """
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedInput("json-surrogate", "a string holds a lone surrogate") from None
    except ValueError:
        raise MalformedInput("json-not-finite", "a number is not finite, or a value holds itself") from None


def _check_count(data: bytes) -> None:
    # A text no longer than that cannot hold more. Counting bytes is quick; only a text that might hold too
    # many has its strings taken out first.
    if len(data) <= _VALUES:
        return
    if data.count(b'"') > 4 * _VALUES or (
        _separators(data) > _VALUES and _separators(_STRINGS.sub(b"", data)) > _VALUES
    ):
        raise MalformedInput("json-too-large", f"JSON text holds more than {_VALUES} values")


def _separators(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _check_depth(value: JsonValue, depth: int) -> None:
    # Level by level: the containers in the containers of the level above.
    level: list[Any] = [value] if isinstance(value, list | dict) else []
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise _too_deep(depth)


def _too_deep(depth: int) -> MalformedInput:
    return MalformedInput("json-too-deep", f"JSON is nested deeper than {depth}")


def _check_surrogates(value: JsonValue) -> None:
    try:
        _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedInput("json-surrogate", "a string holds a lone surrogate") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedInput("json-repeated-key", "an object names a key twice")
    return members


def _constant(name: str) -> NoReturn:
    raise MalformedInput("json-not-finite", f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedInput("json-not-finite", "a number is too large to be finite")
    return number


def _int(text: str) -> int:
    # Length first: converting a long integer costs the square of its length.
    if len(text) <= _INT64_DIGITS:
        number = int(text)
        if -(1 << 63) <= number < 1 << 63:
            return number
    raise MalformedInput("json-too-large", "an integer does not fit in 64 bits")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
