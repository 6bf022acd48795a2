"""The one way a value crosses a wire: strict JSON first, then a closed model over the same bytes.

Promises that an unknown field, a repeated key, a number in place of a string or a value out of range is
refused by name. Does not decide what the value means.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from broker.protocol.problem import Problem
from keys import strict_json
from keys.errors import MalformedInput

HUB_ID: Final = r"^[0-9a-f]{32}$"
AGENCY_ID: Final = r"^[a-z][a-z0-9-]{1,39}$"
UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

HubId = Annotated[str, StringConstraints(pattern=HUB_ID)]
"""Names a hub for good: 32 hexadecimal digits, made with the hub, unchanged when the log's origin changes."""

AgencyId = Annotated[str, StringConstraints(pattern=AGENCY_ID)]
"""A short lower-case name, chosen when the agency is added."""
PersonId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
"""A practitioner's or administrator's id: a staff number or account name, never a subject's identifier."""
Jti = Annotated[str, StringConstraints(pattern=UUID)]
"""A UUID in lower case (RFC 9562), unique per issuer."""
Digest = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes in unpadded base64url (RFC 4648 section 5)."""
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Unix time in whole seconds, up to the year 9999."""
Token = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$", max_length=1 << 18)
]
"""A compact JWS (RFC 7515 section 7.1)."""
VersionOne = Annotated[int, Field(ge=1, le=1)]
"""The version there is. No `Literal[1]`: that takes `true`, which equals 1."""
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Wire(BaseModel):
    """A closed, frozen, strictly typed value; the parent of every model that crosses a wire."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="constants")

    def dump(self) -> bytes:
        """Give the value as compact JSON, every member written out."""
        return self.model_dump_json().encode()


M = TypeVar("M", bound=BaseModel)


def parse_wire(model: type[M], data: bytes, *, limit: int = 1 << 20) -> M:
    """Read one closed value from untrusted bytes.

    Raises:
        Problem: `malformed` (400), naming the place and the fault, never the value.
    """
    try:
        strict_json.parse(data, limit=limit)
    except MalformedInput as error:
        raise Problem.malformed(error.code, str(error)) from error
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise Problem.malformed("unexpected-shape", describe(error)) from None


A = TypeVar("A")


def parse_union(adapter: TypeAdapter[A], data: bytes) -> A:
    """Read one value of a tagged union from bytes that `keys.strict_json` has already accepted."""
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        raise Problem.malformed("unexpected-shape", describe(error)) from None


def describe(error: ValidationError) -> str:
    """Say where a value is wrong and how, in at most three places, without repeating what was sent."""
    names = _names()
    parts = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:3]:
        place = ".".join(_place(step, names) for step in fault["loc"]) or "the whole value"
        # A value error is raised by a validator of ours, whose sentences are fixed.
        ours = fault["type"] == "value_error"
        what = fault["msg"].removeprefix("Value error, ") if ours else fault["type"].replace("_", " ")
        parts.append(f"{place}: {what}")
    return "; ".join(parts)


def _place(step: int | str, names: frozenset[str]) -> str:
    # A member's name may itself be what somebody mistyped personal data into: only names of ours are
    # repeated.
    return str(step) if isinstance(step, int) or step in names else "?"


def _names() -> frozenset[str]:
    """Every member's name, and every word by which a union is told apart, of the models there are."""
    found: set[str] = set()
    waiting: list[type[BaseModel]] = [Wire]
    while waiting:
        model = waiting.pop()
        found |= _names_of(model)
        waiting += model.__subclasses__()
    return frozenset(found)


@cache
def _names_of(model: type[BaseModel]) -> frozenset[str]:
    found = set(model.model_fields)
    for member in model.model_fields.values():
        if isinstance(member.default, str):
            found.add(member.default)
        found |= _names_in(member.annotation)
    return frozenset(found)


def _names_in(annotation: Any) -> set[str]:
    found: set[str] = set()
    if is_dataclass(annotation):
        for each in fields(annotation):
            found |= {each.name} | _names_in(each.type)
    for inner in get_args(annotation):
        found |= _names_in(inner)
    return found
