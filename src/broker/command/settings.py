"""The hub's settings: which flags, and where variables and the file are read from."""

import os
from pathlib import Path

from broker.command.state import default_state
from broker.protocol.configuration import Source

_NAMES = frozenset(
    {
        *(
            "state",
            "database",
            "host",
            "port",
            "url",
            "tls_cert",
            "tls_key",
            "cadence_ms",
            "origin",
            "metrics",
        ),
        *("hub", "key", "person", "ca"),
    }
)


def source() -> Source:
    """Of this process."""
    return Source(names=_NAMES, prefix="GATEHOUSE_", environ=os.environ, state=default_state, read=_read)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
