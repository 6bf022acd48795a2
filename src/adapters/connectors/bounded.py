"""Any connector behind limits: it runs in processes of its own; whatever it does, the adapter goes on.

Promises: every call ends within its time, with what the interface says or with `ConnectorFailed`; a connector
that hangs, dies, runs out of memory or gives something else is ended and started anew for the next call; the
adapter holds no more of an answer than `answer_bytes`. A system that hangs over and over is asked by one call
at a time, and the others fail at once instead of queueing. Does not keep a connector from reading what the
adapter's account may read.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.connectors import bounded_wire as wire
from adapters.connectors.bounded_child import GARBAGE
from adapters.connectors.connector import (
    ConnectorFailed,
    Found,
    Match,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
    Unread,
    WaitsForPerson,
)
from adapters.connectors.registry import kind_of
from adapters.errors import WrongOrder
from policies.vocabulary import Category

HANGS: Final = "connector-hangs"
DIED: Final = "connector-died"
BUSY: Final = "connector-busy"
TOO_MUCH: Final = "connector-too-much"
_TOO_OFTEN: Final = 3
"""Time-outs one after the other from which on only one call at a time tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedLimits:
    """How much a connector may take. Seconds are for one call, `open` for a process's start."""

    open: float = 60
    find: float = 30
    """A search over a network with a second try."""
    read: float = 60
    """A whole life's record over a slow line."""
    answer_bytes: int = 64 << 20
    """Seven categories of 5,000 entries of a few hundred bytes each, four times over."""
    memory: int = 4 << 30
    """Bytes of one process: a folder of 512 MiB takes several times its size when parsed."""
    at_once: int = 4
    """Processes, and so calls, at once."""


class _Process:
    """One process of a connector. Not for several threads at once."""

    def __init__(self, named: str, limits: BoundedLimits, *, show_errors: bool) -> None:
        self._limit = limits.answer_bytes
        self._timed_out = False
        self._running = subprocess.Popen(
            # -P: nothing is imported from wherever the adapter was started.
            [sys.executable, "-P", "-m", "adapters.connectors.bounded_child", named, str(limits.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if show_errors else subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C for the adapter is the adapter's to pass on
        )

    def answer(self, line: bytes, seconds: float) -> wire.Answer:
        """Send a call (or nothing) and take one answer. After anything raised, the process is of no use."""
        pipes = self._running
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        timer = threading.Timer(seconds, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            pipes.stdin.write(line)
            pipes.stdin.flush()
            said = pipes.stdout.readline(self._limit)
        except (OSError, ValueError):
            said = b""
        finally:
            timer.cancel()
            timer.join()
        if said.endswith(b"\n") and not self._timed_out:
            return wire.parse_answer(said[:-1])
        if self._timed_out:
            raise ConnectorFailed(
                HANGS, "The record system did not answer in time; see that it runs, ask again."
            )
        if len(said) >= self._limit:
            raise ConnectorFailed(TOO_MUCH, "The record system gave more than fits; answer this by hand.")
        raise ConnectorFailed(DIED, "The connector ended while it was asked; see to its program or system.")

    @property
    def ended(self) -> bool:
        """Whether the process has ended, for whatever reason."""
        return self._running.poll() is not None

    def end(self) -> None:
        """End the process and whatever it started."""
        self.kill()
        for pipe in (self._running.stdin, self._running.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what could not be sent to it any more
                pipe.close()
        self._running.wait()

    def kill(self) -> None:
        """Kill the process, perhaps from another thread; who waits for its answer learns that it died."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)

    def _too_late(self) -> None:
        self._timed_out = True
        self.kill()


class Bounded:
    """The connector `KIND:PLACE` behind limits. Safe to call from several threads; `close` it."""

    def __init__(self, named: str, *, limits: BoundedLimits | None = None, show_errors: bool = False) -> None:
        """Open the connector once, to learn its name and what it serves.

        Raises:
            WrongOrder: as `registry.open_connector`.
            ConnectorFailed: it cannot be opened.
        """
        kind_of(named)
        self._named = named
        self._limits = limits or BoundedLimits()
        self._show_errors = show_errors
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(self._limits.at_once)
        self._trying = threading.Lock()
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._hung = 0
        self._closed = False
        process, self._hello = self._start()
        self._idle.append(process)

    @property
    def name(self) -> str:
        """Name the system in words an asker understands."""
        return self._hello.name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer."""
        return self._hello.serves

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person. Raises ConnectorFailed."""
        answer = self._call(wire.Ask(call="find", sought=sought), self._limits.find)
        if not isinstance(answer, Found | NotFound | WaitsForPerson):
            raise _garbage("`find` was answered by something else")
        try:
            wire.verify_match(answer, name=self.name)
        except wire.Garbage as error:
            raise _garbage(str(error)) from None
        return answer

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person. Raises ConnectorFailed."""
        ask = wire.Ask(call="read", person=person, categories=categories)
        answer = self._call(ask, self._limits.read)
        if not isinstance(answer, Reading):
            raise _garbage("`read` was answered by something else")
        try:
            wire.verify_reading(answer, asked=categories & self.serves)
        except wire.Garbage as error:
            raise _garbage(str(error)) from None
        return answer

    def freshness(self) -> datetime | None:
        """Say when the system was last changed. Raises ConnectorFailed."""
        answer = self._call(wire.Ask(call="freshness"), self._limits.find)
        if answer is not None and (not isinstance(answer, datetime) or answer.tzinfo is None):
            raise _garbage("`freshness` is an instant with time zone, or None")
        return answer

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at. Raises ConnectorFailed."""
        answer = self._call(wire.Ask(call="unread"), self._limits.find)
        if not isinstance(answer, tuple):
            raise _garbage("`unread` is a tuple of Unread")
        try:
            wire.verify_unread(answer)
        except wire.Garbage as error:
            raise _garbage(str(error)) from None
        return answer

    def close(self) -> None:
        """End all processes; calls under way fail."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for process in self._all:
                process.kill()
        for process in idle:
            self._end(process)

    def _call(self, ask: wire.Ask, seconds: float) -> wire.Answer:
        alone = self._hung >= _TOO_OFTEN
        if alone and not self._trying.acquire(blocking=False):
            raise ConnectorFailed(
                HANGS, "The record system has not answered several times; it is tried again."
            )
        try:
            if not self._slots.acquire(timeout=seconds):
                raise ConnectorFailed(
                    BUSY, "The record system is busy with other questions; ask again later."
                )
            try:
                answer = self._ask(ask, seconds)
            except ConnectorFailed as error:
                self._hung = self._hung + 1 if error.code == HANGS else 0
                raise
            finally:
                self._slots.release()
        finally:
            if alone:
                self._trying.release()
        self._hung = 0
        return answer

    def _ask(self, ask: wire.Ask, seconds: float) -> wire.Answer:
        process = self._take_idle()
        if process is None:
            process, hello = self._start()
            if hello != self._hello:
                self._end(process)
                raise _garbage("`name` or `serves` changed while it ran")
        try:
            answer = process.answer(wire.ask_line(ask), seconds)
        except wire.Garbage as error:
            self._end(process)
            raise _garbage(str(error)) from None
        except BaseException:
            self._end(process)
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(process)
                process = None
        if process is not None:
            self._end(process)
        if isinstance(answer, wire.Failed):
            raise ConnectorFailed(answer.code, answer.message)
        return answer

    def _take_idle(self) -> _Process | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                process = self._idle.pop()
            if not process.ended:
                return process
            self._end(process)

    def _start(self) -> tuple[_Process, wire.Hello]:
        with self._lock:
            if self._closed:
                raise ConnectorFailed(DIED, "The adapter is stopping.")
            process = _Process(self._named, self._limits, show_errors=self._show_errors)
            self._all.add(process)
        try:
            answer = process.answer(b"", self._limits.open)
            if isinstance(answer, wire.Failed):
                raise (WrongOrder if answer.order else ConnectorFailed)(answer.code, answer.message)
            if not isinstance(answer, wire.Hello):
                raise wire.Garbage("it does not say what it is")
            wire.verify_hello(answer)
        except wire.Garbage as error:
            self._end(process)
            raise _garbage(str(error)) from None
        except BaseException:
            self._end(process)
            raise
        return process, answer

    def _end(self, process: _Process) -> None:
        process.end()
        with self._lock:
            self._all.discard(process)


def _garbage(what: str) -> ConnectorFailed:
    return ConnectorFailed(GARBAGE, f"The connector does not keep to its interface: {what}.")
