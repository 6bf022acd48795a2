"""The adapter's settings: which flags, and where variables and the file are read from."""

import os
from pathlib import Path

from adapters.command.argument import default_state
from broker.protocol.configuration import Source

_NAMES = frozenset({"state", "connector", "poll", "hub", "agency", "ca", "by", "role"})


def source() -> Source:
    """Of this process."""
    return Source(
        names=_NAMES, prefix="GATEHOUSE_ADAPTER_", environ=os.environ, state=default_state, read=_read
    )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
