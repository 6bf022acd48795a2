"""The hub's outermost edge: the only place in `broker` where a clock is read and an id or a nonce is made.

Everything below takes what it needs from an `Edge` as arguments, so that it can be replayed.
"""

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_NONCE_SIZE: Final = 32


def now() -> int:
    """The time in Unix seconds."""
    return int(time.time())


def new_id() -> str:
    """A new random UUID (RFC 9562, version 4) in lower case."""
    return str(uuid.uuid4())


def nonce() -> bytes:
    """32 bytes nobody can guess."""
    return os.urandom(_NONCE_SIZE)


def ticks() -> float:
    """Seconds of a clock that never goes back, for measuring how long something took."""
    return time.perf_counter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Time, ids and nonces, as given to what lies below; tests give their own."""

    now: Callable[[], int] = now
    new_id: Callable[[], str] = new_id
    nonce: Callable[[], bytes] = nonce
    ticks: Callable[[], float] = ticks


SYSTEM: Final = Edge()
"""The edge of a running program."""
