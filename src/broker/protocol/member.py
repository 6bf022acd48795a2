"""How a model's members are put into words, for the tables of docs/protocol.md."""

from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from broker.protocol import body, frame, wire

_NAMED: Final = (
    (wire.HubId, "hub id"),
    (wire.AgencyId, "agency id"),
    (wire.PersonId, "person id"),
    (wire.Jti, "uuid"),
    (wire.Digest, "digest"),
    (wire.Seconds, "seconds"),
    (wire.Token, "JWS"),
    (wire.ShortText, "text ≤ 200"),
    (body.Line, "text ≤ 500"),
    (body.Words, "text ≤ 20,000"),
    (frame.FrameId, "frame id"),
    (frame.SealedText, "sealed body"),
)
_PLAIN: Final[dict[Any, str]] = {
    str: "text",
    int: "integer",
    bool: "true or false",
    date: "date",
    datetime: "time",
    Any: "any value",
    NoneType: "null",
}


def members(model: type[Any]) -> dict[str, str]:
    """Each member's type in words by its name, which ends with `?` where the member may be left out."""
    hints = get_type_hints(model, include_extras=True)
    return {
        f"{name}{'' if default is MISSING else '?'}": _with_default(_worded(hints[name]), default)
        for name, default in _defaults(model).items()
    }


def _with_default(kind: str, default: Any) -> str:
    # What is plain (nothing, empty, the one value there is) goes without saying.
    word = default.value if isinstance(default, StrEnum) else default
    plain = not isinstance(default, StrEnum | int) or isinstance(default, bool)
    return kind if plain or kind in (f'`"{word}"`', f"integer {word}") else f"{kind}, else `{word}`"


def described(model: type[Any]) -> str:
    """All members of a model on one line."""
    return joined(members(model).items()) or "none"


def joined(found: Iterable[tuple[str, str]]) -> str:
    """Members on one line."""
    return ", ".join(f"`{name}` {kind}" for name, kind in found)


def kinds_in(model: type[Any]) -> list[type[Any]]:
    """Every class a member's type names, through lists and unions, in order."""
    hints = get_type_hints(model)
    return [each for name in _defaults(model) for each in _classes(hints[name])]


def _defaults(model: type[Any]) -> dict[str, Any]:
    """Each member's default; MISSING where there is none."""
    if is_dataclass(model):
        return {each.name: each.default for each in fields(model)}
    assert issubclass(model, BaseModel)
    return {
        name: MISSING if each.is_required() else each.default for name, each in model.model_fields.items()
    }


def _classes(annotation: Any) -> list[type[Any]]:
    inner = [each for part in get_args(annotation) for each in _classes(part)]
    if get_origin(annotation) is Literal:
        return []
    return inner or ([annotation] if isinstance(annotation, type) else [])


def _worded(annotation: Any) -> str:
    for alias, word in _NAMED:
        if annotation == alias:
            return word
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _worded(inner[0]) + bounds(annotation.__metadata__)
    if origin is Literal:
        return " or ".join(f'`"{each}"`' if isinstance(each, str) else f"`{each}`" for each in inner)
    if origin in (Union, UnionType):
        return " or ".join(_worded(each) for each in inner)
    if origin in (list, tuple):
        return f"[{_worded(inner[0])}]"
    if origin is dict:
        return f"object of {_worded(inner[1])}"
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    assert isinstance(annotation, type)
    return f"`{annotation.__name__}`"


def bounds(metadata: tuple[Any, ...]) -> str:
    """What the constraints of an annotation say, in words."""
    constraints = [each for outer in metadata for each in getattr(outer, "metadata", [outer])]
    constraints += [each for each in metadata if each not in constraints]
    pattern = _first(constraints, "pattern")
    if pattern is not None:
        return f" `{pattern}`"
    low, below = _first(constraints, "min_length", "ge") or 0, _first(constraints, "lt")
    high = below - 1 if below is not None else _first(constraints, "max_length", "le")
    if high is None:
        return f" ≥ {low}"
    return f" {low}" if low == high else f" {low}–{high:,}"


def _first(constraints: list[Any], *names: str) -> Any:
    found = (getattr(each, name, None) for each in constraints for name in names)
    return next((value for value in found if value is not None), None)
