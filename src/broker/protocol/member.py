"""How a model's members are put into words, for the tables of docs/protocol.md."""

from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
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
    return {f"{name}{'?' if free else ''}": _worded(hints[name]) for name, free in _optional(model).items()}


def described(model: type[Any]) -> str:
    """All members of a model on one line."""
    return joined(members(model).items()) or "none"


def joined(found: Iterable[tuple[str, str]]) -> str:
    """Members on one line."""
    return ", ".join(f"`{name}` {kind}" for name, kind in found)


def kinds_in(model: type[Any]) -> list[type[Any]]:
    """Every class a member's type names, through lists and unions, in order."""
    hints = get_type_hints(model)
    return [each for name in _optional(model) for each in _classes(hints[name])]


def _optional(model: type[Any]) -> dict[str, bool]:
    if is_dataclass(model):
        return {
            each.name: each.default is not MISSING or each.default_factory is not MISSING
            for each in fields(model)
        }
    assert issubclass(model, BaseModel)
    return {name: not each.is_required() for name, each in model.model_fields.items()}


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
        return _worded(inner[0]) + _bounds(annotation.__metadata__)
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


def _bounds(metadata: tuple[Any, ...]) -> str:
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
