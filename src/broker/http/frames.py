"""Frames of the live connection as bytes: read strictly, each verb with its own body; written without
copies."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from broker.http.problems import problem_bytes
from broker.protocol.frame import ANSWERED, ASKED_OF_HUB, FRAME_LIMIT, FrameId, Request, Response, Verb
from broker.protocol.problem import Problem
from broker.protocol.wire import Wire, describe
from keys import strict_json
from keys.errors import MalformedInput

NO_ID: Final = "-"
"""What a frame without a readable id is answered under."""

_ID: Final = TypeAdapter(FrameId)
_ASKED: Final[dict[str, type[BaseModel]]] = {
    verb.value: create_model(f"{model.__name__}Request", __base__=Request, body=(model, ...))
    for verb, model in ASKED_OF_HUB.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A frame that asks the hub something."""

    id: str
    verb: Verb
    body: Wire
    seen: int | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A frame that answers one of the hub's. Whether its content fits what was asked is for
    `verify_answer`."""

    re: str
    content: dict[str, Any] | None


class BadFrame(Exception):
    """A frame that cannot be read, to be answered with a problem under its id."""

    def __init__(self, id: str, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.id = id
        self.problem = problem


class NotText(Exception):
    """A text frame that is not UTF-8, which RFC 6455 section 8.1 fails the connection for."""


def parse_frame(data: bytes) -> Asked | Answered:
    """Read one untrusted frame.

    Raises:
        BadFrame: malformed, or a verb the hub is not asked.
        NotText: not UTF-8.
    """
    try:
        value = strict_json.parse_object(data, limit=FRAME_LIMIT)
    except MalformedInput as error:
        _verify_text(data)
        raise BadFrame(NO_ID, Problem.malformed(error.code, error.message)) from error
    if "re" in value:
        return _answered(data)
    name = _id_of(value.get("id"))
    verb = value.get("verb")
    model = _ASKED.get(verb) if isinstance(verb, str) else None
    if model is None:
        raise BadFrame(
            name, Problem.malformed("unknown-verb", f"A verb is one of {', '.join(sorted(_ASKED))}.")
        )
    try:
        asked: Any = model.model_validate_json(data)
    except ValidationError as error:
        raise BadFrame(name, Problem.malformed("unexpected-shape", describe(error))) from None
    return Asked(id=asked.id, verb=asked.verb, body=asked.body, seen=asked.seen, size=len(data))


def _answered(data: bytes) -> Answered:
    try:
        response = Response.model_validate_json(data)
    except ValidationError as error:
        raise BadFrame(NO_ID, Problem.malformed("unexpected-shape", describe(error))) from None
    return Answered(re=response.re, content=response.ok)


def verify_answer(verb: Verb, content: dict[str, Any]) -> Wire:
    """The content of an answer as the verb's own model.

    Raises:
        Problem: `malformed`.
    """
    try:
        return ANSWERED[verb].model_validate_json(strict_json.dump(content))
    except ValidationError as error:
        raise Problem.malformed("unexpected-shape", describe(error)) from None


def _verify_text(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotText from None


def _id_of(value: object) -> str:
    try:
        return _ID.validate_python(value)
    except ValidationError:
        return NO_ID


def answer_frame(id: str, answer: Wire) -> bytes:
    """A frame that answers `id`."""
    return b'{"re":"' + id.encode("ascii") + b'","ok":' + answer.dump() + b"}"


def problem_frame(id: str, problem: Problem) -> bytes:
    """A frame that answers `id` with a problem."""
    return b'{"re":"' + id.encode("ascii") + b'","problem":' + problem_bytes(problem) + b"}"


def asking_frame(id: str, verb: Verb, body: Wire) -> bytes:
    """A frame by which the hub asks."""
    return (
        b'{"id":"'
        + id.encode("ascii")
        + b'","verb":"'
        + verb.value.encode("ascii")
        + b'","body":'
        + body.dump()
        + b"}"
    )
