"""What the machine itself can do, so that a figure is read beside it: the disk, and the costly primitives."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from keys import sealing, strict_json
from keys.sealing import Binding, SealingKey
from keys.signing import SigningKey

_BLOCK = bytes(8192)


def fdatasync_us(folder: Path, *, times: int = 200) -> float:
    """Microseconds until one written block is on this folder's disk, the median."""
    path = folder / "fdatasync"
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(_BLOCK)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    path.unlink()
    return median(taken) * 1e6


def primitives() -> dict[str, float]:
    """Microseconds of each primitive that an exchange cannot do without, one core, the median."""
    key, sealing_key = SigningKey.generate(), SealingKey.generate()
    message = os.urandom(1024)
    signature = key.sign(message)
    binding = Binding(hub_id="h", exchange="e", jti="j", kind="ask", sender="a", recipient="b")
    body = os.urandom(3000)
    sealed = sealing.seal(body, sealing_key.public, binding)
    frame = strict_json.dump({"id": "1", "body": {"declaration": "x" * 2000, "openings": [{"t1": "x" * 43}]}})
    return {
        "Ed25519 sign, 1 KiB": _each(lambda: key.sign(message)),
        "Ed25519 verify, 1 KiB": _each(lambda: key.public.verify(signature, message)),
        "seal 3 KB (ML-KEM-768+X25519)": _each(lambda: sealing.seal(body, sealing_key.public, binding)),
        "open 3 KB": _each(lambda: sealing.open_sealed(sealed, sealing_key, binding)),
        "strict JSON, 2 KB frame": _each(lambda: strict_json.parse(frame)),
    }


def _each(what: Callable[[], object], times: int = 300) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        taken.append(time.perf_counter() - began)
    return median(taken) * 1e6
