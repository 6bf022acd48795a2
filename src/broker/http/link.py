"""One agency's live connection: frames both ways until one side ends it.

Four tasks: the reader takes frames in and works on each in a task of its own, within `Room`; the pump hands
over what waits, within `Credit`; the ear turns hints into frames; the watch ends the connection with its
access token. The first to end ends all. A frame that cannot be read is answered, not punished; only what
breaks the WebSocket itself, or the agency's standing, closes the connection, and never another's.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import WSCloseCode, WSMsgType, web

from broker.exchange.caller import Caller
from broker.exchange.hand_over import hand_over
from broker.exchange.verbs import answer
from broker.exchange.wake import Subscription
from broker.http.credit import Credit
from broker.http.frames import (
    Answered,
    Asked,
    BadFrame,
    NotText,
    answer_frame,
    asking_frame,
    parse_frame,
    problem_frame,
    verify_answer,
)
from broker.http.hints import hint
from broker.http.problems import problem_of
from broker.http.room import Room
from broker.http.surface import Surface
from broker.logging import log
from broker.protocol.frame import Act, Verb
from broker.protocol.problem import Problem

REPLACED: Final = 4001
"""A newer connection of the agency has taken over."""
TOKEN_RAN_OUT: Final = 4002
"""The access token the connection was opened with has run out."""
STOPPED: Final = 4003
"""The agency was stopped, or the key its access token was asked for with was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Why a connection ends; code None where the other side ended it. `finish`: answer first what is being
    worked on."""

    code: int | None
    reason: str
    finish: bool = False


GONE: Final = End(code=None, reason="gone")
TOO_SLOW: Final = End(code=WSCloseCode.POLICY_VIOLATION, reason="too-slow")


class _Unsent(Exception):
    """A frame could not leave: the other side is gone, or reads too slowly. Never confused with a lost
    database."""

    def __init__(self, end: End) -> None:
        super().__init__(end.reason)
        self.end = end


class Link:
    """A connection that has been opened: `run` it; `stop` it from outside."""

    def __init__(
        self,
        surface: Surface,
        socket: "web.WebSocketResponse[Any]",
        caller: Caller,
        *,
        ear: Subscription,
        drop: Callable[[], None],
        expires: int,
        credit: int,
        seen: int | None,
    ) -> None:
        limits = surface.limits
        self._surface = surface
        self._socket = socket
        self._caller = caller
        self._ear = ear
        self._drop = drop
        self._expires = expires
        self._seen = seen
        self._credit = Credit(credit)
        self._room = Room(count=limits.in_flight, size=limits.in_flight_bytes)
        self._working: set[asyncio.Task[None]] = set()
        self._awaited: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._pumping = asyncio.Event()
        self._short = False
        self._stopped: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    async def run(self) -> End:
        """Serve until the connection ends; says why. On return nothing of it runs any more."""
        parts: list[Coroutine[Any, Any, End]] = [self._read(), self._pump(), self._hear(), self._watch()]
        tasks: set[asyncio.Future[End]] = {asyncio.ensure_future(part) for part in parts}
        try:
            done, _ = await asyncio.wait(tasks | {self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            end = self._why(done)
            await _cancel(tasks)
            if end.finish and self._working:
                await asyncio.wait(self._working, timeout=self._surface.limits.finish)
            if end.code is not None:
                await self._close(end)
            return end
        finally:
            await _cancel({*tasks, *self._working})

    def stop(self) -> None:
        """Answer what is being worked on and close: the hub is stopping."""
        if not self._stopped.done():
            self._stopped.set_result(End(code=WSCloseCode.GOING_AWAY, reason="stopping", finish=True))

    def _why(self, done: "set[asyncio.Future[End]]") -> End:
        for task in done:
            failure = task.exception()
            if isinstance(failure, _Unsent):
                return failure.end
            if failure is not None:
                log.error("connection-failed", agency=self._caller.agency, exc_info=failure)
                return End(code=WSCloseCode.INTERNAL_ERROR, reason="internal")
        return next(iter(done)).result()

    async def _close(self, end: End) -> None:
        assert end.code is not None
        try:
            async with asyncio.timeout(self._surface.limits.finish):
                await self._socket.close(code=end.code, message=end.reason.encode("ascii"))
        except (ConnectionError, TimeoutError):
            # Gone, or reading nothing: what it was still to be sent is not waited for.
            self._drop()

    async def _send(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._surface.limits.send_wait):
                await self._socket.send_frame(frame, WSMsgType.TEXT)
        except ConnectionError:
            raise _Unsent(GONE) from None
        except TimeoutError:
            raise _Unsent(TOO_SLOW) from None

    # ------------------------------------------------------------------ reader

    async def _read(self) -> End:
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT:
                try:
                    await self._take(message.data)
                except NotText:
                    return End(code=WSCloseCode.INVALID_TEXT, reason="not-utf-8")
            elif message.type is WSMsgType.BINARY:
                return End(code=WSCloseCode.UNSUPPORTED_DATA, reason="text-frames-only")
            else:
                return GONE

    async def _take(self, data: bytes) -> None:
        try:
            frame = parse_frame(data)
        except BadFrame as bad:
            await self._send(problem_frame(bad.id, bad.problem))
            return
        if isinstance(frame, Answered):
            self._taken(frame)
            return
        await self._room.enter(frame.size)
        task = asyncio.ensure_future(self._work(frame))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, asked: Asked) -> None:
        surface = self._surface
        began, outcome = surface.edge.ticks(), "ok"
        if asked.seen is not None:
            self._seen = asked.seen
        try:
            answered = await answer(
                surface.hub, asked.verb, self._caller, asked.body, at=surface.edge.now(), seen=self._seen
            )
            frame = answer_frame(asked.id, answered)
            if isinstance(asked.body, Act) and self._credit.settle(asked.body) and self._short:
                self._pumping.set()
        except Exception as error:  # whatever went wrong with this frame is this frame's problem
            problem = problem_of(error)
            log.info(
                "frame-refused",
                agency=self._caller.agency,
                verb=asked.verb.value,
                code=problem.code,
                reason=problem.reason,
                status=problem.status,
            )
            frame, outcome = problem_frame(asked.id, problem), problem.code
        finally:
            self._room.leave(asked.size)
        surface.timings.frame(verb=asked.verb.value, outcome=outcome, seconds=surface.edge.ticks() - began)
        try:
            await self._send(frame)
        except _Unsent as unsent:
            # The effect stands, and a repeat on the next connection gets the same answer.
            self._end(unsent.end)

    def _end(self, end: End) -> None:
        if not self._stopped.done():
            self._stopped.set_result(end)

    # ------------------------------------------------------------------ pump

    async def _pump(self) -> End:
        while True:
            free = self._credit.free(self._surface.edge.now())
            try:
                more = free > 0 and await self._hand_over(free)
            except Problem as problem:
                if problem.reason == "replaced":
                    return End(code=REPLACED, reason="replaced")
                if problem.reason == "key-revoked":
                    return End(code=STOPPED, reason="stopped")
                more = await self._patience(problem)
            except _Unsent as unsent:
                return unsent.end
            except Exception as error:  # the store may be away: what waits is still there after it
                more = await self._patience(problem_of(error))
            if not more:
                # Freed credit is no reason to look where all there was has been handed over.
                self._short = free <= 0
                await self._wait_for_work()

    async def _patience(self, problem: Problem) -> bool:
        log.warning("handover-failed", agency=self._caller.agency, code=problem.code, reason=problem.reason)
        await asyncio.sleep(1)
        return True

    async def _hand_over(self, free: int) -> bool:
        """Send what is handed over now; says whether more may wait."""
        surface = self._surface
        limit = min(free, surface.limits.handovers)
        handovers = await hand_over(
            surface.hub, self._caller, limit=limit, at=surface.edge.now(), seen=self._seen
        )
        for handover in handovers:
            name = f"h{next(self._numbers)}"
            self._credit.handed(handover)
            if len(self._awaited) >= surface.limits.unanswered:
                self._awaited.pop(next(iter(self._awaited)))
            self._awaited[name] = handover.envelope
            await self._send(asking_frame(name, Verb.HANDOVER, handover))
        return len(handovers) == limit

    async def _wait_for_work(self) -> None:
        """Until a hint, freed credit, the end of a lease, or the next look all the same."""
        wait = self._surface.limits.poll
        end = self._credit.next_end()
        if end is not None:
            wait = min(wait, max(0.05, end - self._surface.edge.now()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._pumping.wait()
        self._pumping.clear()

    def _taken(self, frame: Answered) -> None:
        """Note that a handover lies in the recipient's journal, or that it could not be taken: its lease then
        ends."""
        envelope = self._awaited.pop(frame.re, None)
        if envelope is None:
            return
        try:
            taken = None if frame.content is None else verify_answer(Verb.HANDOVER, frame.content)
        except Problem:
            taken = None
        if taken is None or getattr(taken, "envelope", None) != envelope:
            log.warning("handover-not-taken", agency=self._caller.agency, envelope=envelope)

    # ------------------------------------------------------------------ ear and watch

    async def _hear(self) -> End:
        while True:
            event = await self._ear.next()
            match event.kind:
                case "handover":
                    self._pumping.set()
                case "replaced":
                    if event.generation is None or event.generation > (self._caller.generation or 0):
                        return End(code=REPLACED, reason="replaced")
                case "stopped":
                    return End(code=STOPPED, reason="stopped")
                case "changed" | "directory" | "subject-key":
                    await self._send(asking_frame(f"c{next(self._numbers)}", Verb.CHANGED, hint(event)))
                case _:
                    pass  # for the hub's own sweep

    async def _watch(self) -> End:
        await asyncio.sleep(max(0, self._expires - self._surface.edge.now()))
        return End(code=TOKEN_RAN_OUT, reason="token-ran-out", finish=True)


async def _cancel(tasks: "set[Any]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)
