"""One WebSocket to the hub: frames both ways, each side asks with an id and the other answers.

Promises: an answer is matched to its ask by id and read strictly as the verb's model; when the socket is
gone, every ask still open raises `LinkLost`, so that the same bytes go out again on the next. Keeping one
alive is `connection`'s.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError, create_model

from adapters.errors import AdapterError
from adapters.logs import log
from adapters.problem import HubProblem, problem_from
from broker.protocol.frame import ASKED_OF_ADAPTER, FRAME_LIMIT, Changed, Handover, Request, Response, Verb
from broker.protocol.problem import Problem
from broker.protocol.wire import Wire, describe
from keys import strict_json
from keys.errors import Rejected

M = TypeVar("M", bound=Wire)
HEARTBEAT: Final = 20.0
"""Seconds between pings; a link that does not answer one is gone."""

_WORKING: Final = 1_024
"""Frames of the hub's being answered at once: many times the credit it was given. What is dropped beyond is
handed over again when its lease ends.
"""

_ASKED: Final[dict[str, type[BaseModel]]] = {
    verb.value: create_model(f"{model.__name__}Asked", __base__=Request, body=(model, ...))
    for verb, model in ASKED_OF_ADAPTER.items()
}


class LinkLost(Exception):
    """The socket is gone; `code` is the close code, None where there was none."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the connection to the hub ended ({code})")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What answers the hub. A raised Problem, AdapterError or Rejected becomes the answer's problem."""

    handover: Callable[[Handover], Awaitable[Wire]]
    changed: Callable[[Changed], Awaitable[Wire]]


@dataclass(slots=True)
class _Open(Generic[M]):
    """An ask under way: how its answer is read, and who waits."""

    model: type[BaseModel]
    answer: "asyncio.Future[Any]"


class Link:
    """An open socket; `run` reads it to its end."""

    def __init__(self, socket: "aiohttp.ClientWebSocketResponse[Any]", handlers: Handlers) -> None:
        self._socket = socket
        self._handlers = handlers
        self._numbers = itertools.count(1)
        self._open: dict[str, _Open[Any]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self) -> int | None:
        """Read frames until the socket closes; its close code. Then nothing of the link runs any more."""
        try:
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                self._take(message.data)
        finally:
            self._ended = True
            code = self._socket.close_code
            for asked in self._open.values():
                if not asked.answer.done():
                    asked.answer.set_exception(LinkLost(code))
            self._open.clear()
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await self._socket.close()
        return code

    async def finish(self) -> None:
        """Wait for what is being answered: a handover already taken in is journalled before we go."""
        if self._working:
            await asyncio.wait(self._working)

    async def close(self) -> None:
        """Close from our side."""
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await self._socket.close()

    async def ask(self, verb: Verb, body: Wire, answer: type[M], *, seen: int | None, within: float) -> M:
        """Ask the hub and wait for its answer.

        Raises:
            HubProblem: the hub refused.
            LinkLost: the socket went; the same bytes may be asked again.
            TimeoutError: no answer `within` seconds.
        """
        if self._ended:
            raise LinkLost(self._socket.close_code)
        number = str(next(self._numbers))
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._open[number] = _Open(model=_answer_model(answer), answer=waiting)
        try:
            await self._send(_asking(number, verb, body, seen))
            async with asyncio.timeout(within):
                found = await waiting
        finally:
            self._open.pop(number, None)
        assert isinstance(found, answer)
        return found

    async def _send(self, frame: bytes) -> None:
        try:
            await self._socket.send_frame(frame, aiohttp.WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError):
            raise LinkLost(self._socket.close_code) from None

    def _take(self, data: bytes) -> None:
        try:
            value = strict_json.parse_object(data, limit=FRAME_LIMIT)
        except Rejected:
            return  # no id to answer under; the hub's own heartbeat and leases sort it out
        if "re" in value:
            self._answered(value, data)
        elif len(self._working) >= _WORKING:
            log.warning("frame-dropped", code="too-many", count=len(self._working))
        elif isinstance(value.get("id"), str):
            task = asyncio.ensure_future(self._serve(value, data))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    def _answered(self, value: dict[str, Any], data: bytes) -> None:
        asked = self._open.get(str(value["re"]))
        if asked is None or asked.answer.done():
            return
        problem = value.get("problem")
        if isinstance(problem, dict):
            asked.answer.set_exception(problem_from(problem))
            return
        try:
            asked.answer.set_result(asked.model.model_validate_json(data).ok)  # type: ignore[attr-defined]
        except ValidationError as error:
            asked.answer.set_exception(
                HubProblem(
                    status=400,
                    code="strange-answer",
                    detail=f"The hub's answer is malformed: {describe(error)}",
                    reason=None,
                    retry_after=None,
                )
            )

    async def _serve(self, value: dict[str, Any], data: bytes) -> None:
        number = str(value["id"])
        try:
            answer = await self._answer(value, data)
            frame = b'{"re":' + strict_json.dump(number) + b',"ok":' + answer.dump() + b"}"
        except Problem as problem:
            frame = _problem(number, problem.code, problem.detail, problem.status)
        except AdapterError as error:
            frame = _problem(number, error.code, error.message, 422)
        except Rejected as error:
            frame = _problem(number, error.code, error.message, 422)
        except Exception as error:  # one frame's fault: the hub hands it over again, the others go on
            log.error("frame-failed", error=type(error).__name__)
            frame = _problem(number, "internal", "The adapter failed; its log says where.", 500)
        with contextlib.suppress(LinkLost):
            await self._send(frame)

    async def _answer(self, value: dict[str, Any], data: bytes) -> Wire:
        model = _ASKED.get(str(value.get("verb")))
        if model is None:
            raise Problem.malformed("unknown-verb", f"An adapter is asked {', '.join(sorted(_ASKED))}.")
        try:
            body: Wire = model.model_validate_json(data).body  # type: ignore[attr-defined]
        except ValidationError as error:
            raise Problem.malformed("unexpected-shape", describe(error)) from None
        if isinstance(body, Handover):
            return await self._handlers.handover(body)
        assert isinstance(body, Changed)
        return await self._handlers.changed(body)


_ANSWERS: dict[type[Wire], type[BaseModel]] = {}


def _answer_model(model: type[Wire]) -> type[BaseModel]:
    if model not in _ANSWERS:
        _ANSWERS[model] = create_model(f"{model.__name__}Answer", __base__=Response, ok=(model, ...))
    return _ANSWERS[model]


def _asking(id: str, verb: Verb, body: Wire, seen: int | None) -> bytes:
    tail = b"" if seen is None else b',"seen":%d' % seen
    return b'{"id":"%s","verb":"%s","body":%s%s}' % (id.encode(), verb.value.encode(), body.dump(), tail)


def _problem(id: str, code: str, detail: str, status: int) -> bytes:
    return strict_json.dump(
        {
            "re": id,
            "problem": {
                "type": f"urn:gatehouse:problem:{code}",
                "code": code,
                "detail": detail,
                "status": status,
            },
        }
    )
