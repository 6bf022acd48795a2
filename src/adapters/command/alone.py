"""One process at a time works for an agency: `run`, or an enrolment that changes its keys."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.errors import Unusable


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the folder's lock.

    Raises:
        Unusable: `not-enrolled`, or `already-running`: two would close each other's connection.
    """
    if not state.is_dir():
        raise Unusable(
            "not-enrolled", f"No agency is enrolled in {state}: run gatehouse-adapter enrol first."
        )
    descriptor = os.open(state / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Unusable(
            "already-running", "Another gatehouse-adapter run is at work on this state folder; stop it first."
        ) from None
    finally:
        os.close(descriptor)
