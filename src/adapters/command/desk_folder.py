"""The state folder, opened for one command and closed whatever happens."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.folder import Folder, open_folder


@contextmanager
def desk(arguments: argparse.Namespace) -> Iterator[Folder]:
    """Open the folder that `--state` names. Raises Unusable."""
    folder = open_folder(arguments.state)
    try:
        yield folder
    finally:
        folder.close()
