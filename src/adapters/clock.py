"""The outermost edge of the agency's side: the one place where time is read and ids and salts are drawn.

Everything below takes a `Clock`, or the values it gave, so that a run can be replayed.
"""

import os
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where now, new ids, random bytes and jitter come from.

    `now` Unix seconds; `new_id` a lower-case UUID; `draw` so many unpredictable bytes; `jitter` a float in
    [0, 1) that only spreads retries.
    """

    now: Callable[[], int]
    new_id: Callable[[], str]
    draw: Callable[[int], bytes]
    jitter: Callable[[], float]


SYSTEM: Final = Clock(
    now=lambda: int(time.time()),
    new_id=lambda: str(uuid.uuid4()),
    draw=os.urandom,
    jitter=random.random,
)
"""The machine's own."""
