"""Options that several commands share. Imports nothing of ours, so that `--help` is quick."""

import argparse
from pathlib import Path


def add_state(parser: argparse.ArgumentParser) -> None:
    """Where the hub's state lies."""
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the hub's state folder (default: GATEHOUSE_STATE, or ~/.local/state/gatehouse)",
    )


def add_signing(parser: argparse.ArgumentParser) -> None:
    """Who signs, and at which hub."""
    add_state(parser)
    parser.add_argument("--hub", metavar="URL", help="the hub's address, if not the state folder's")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="the person's key (default: keys/administrator)"
    )
    parser.add_argument(
        "--person", metavar="ID", help="the person's id at the hub (default: the first administrator)"
    )
    parser.add_argument("--ca", metavar="FILE", help="certificates to trust for https")


def add_database(parser: argparse.ArgumentParser) -> None:
    """Which database to read."""
    add_state(parser)
    parser.add_argument(
        "--database",
        metavar="URL",
        help="the hub's database, if not the embedded one (or GATEHOUSE_DATABASE)",
    )
