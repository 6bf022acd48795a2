"""A connector that somebody wrote in a Python file: `python:FILE.py`, or `python:FILE.py:PLACE`.

The file is a program and runs with the adapter's rights: it must be as well looked after as the adapter, so
a file that anybody but the adapter's account and root may change is refused.
"""

import importlib.util
import os
import stat
import sys
from pathlib import Path
from typing import Any, Final, cast

from adapters.connectors.connector import Connector
from adapters.connectors.registry import UNKNOWN, existing
from adapters.errors import AdapterError, WrongOrder

FUNCTION: Final = "open_connector"
"""What the file defines: a function from a place to a connector."""
_MODULE: Final = "gatehouse_connector"
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def open_file(place: str) -> Connector:
    """Run the file and open the connector it makes; what stands after the file's name is its place.

    Raises:
        WrongOrder: `unknown-connector`, `connector-file-open-to-others`, `connector-file-broken`.
    """
    name, suffix, rest = place.partition(".py:")
    named = existing(name + ".py" if suffix else place, folder=False, what="Python file")
    path = named.resolve()
    # Whoever may change the folder may change the file, or where a link to it leads.
    if any(_open_to_others(os.lstat(each)) for each in (path, path.parent, named, named.parent.resolve())):
        raise WrongOrder(
            "connector-file-open-to-others",
            "Others may change that Python file or its folder; make both yours (chown) and take the others'"
            " right to write (chmod go-w).",
        )
    opener = getattr(_run(path), FUNCTION, None)
    if not callable(opener):
        raise WrongOrder(
            UNKNOWN, f"That Python file has no function `{FUNCTION}(place)`; see docs/connectors.md."
        )
    return cast(Connector, opener(rest))


def _open_to_others(status: os.stat_result) -> bool:
    if status.st_uid not in (0, os.geteuid()):
        return True
    # A link has no rights of its own; only a folder's sticky bit keeps others from what is there.
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    return bool(status.st_mode & _OTHERS) and not (sticky or stat.S_ISLNK(status.st_mode))


def _run(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise WrongOrder(UNKNOWN, "A Python file's name ends with .py.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except AdapterError:
        raise
    except Exception as error:
        raise WrongOrder(
            "connector-file-broken", f"That Python file does not run: {type(error).__name__}."
        ) from error
    return module
