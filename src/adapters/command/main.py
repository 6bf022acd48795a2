"""`gatehouse-adapter`: reads the command line, performs one command, and ends with a code that says how it
went.

Promises: no traceback ever reaches a terminal, because a traceback holds values; what was not foreseen is
named by its type and the place in our code.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.command.exit import Exit
from adapters.command.settings import source
from broker.protocol.configuration import Unconfigured, configure, prepare

_COMMANDS: Final = (
    "enrol",
    "run",
    "tell",
    "ask",
    "inbox",
    "answer",
    "approve",
    "declined",
    "open",
    "status",
    "keys",
    "consent",
    "lift",
    *("message", "rate", "acknowledge", "decide", "correct", "corrected"),
    "withdraw",
    "recall",
    "evidence",
    "alarm",
    "connector",
    "picture",
    "enquiry",
    "doctor",
)
_HOUSE: Final = Path(__file__).resolve().parents[2]
_ABOUT: Final = "An agency's side of Gatehouse: tell, ask and answer about a child through a hub."
_ENDS: Final = """\
ends with 0 when done as asked; 1 when not; 2 for a wrong command line; 3 when the hub refused;
4 when the hub holds it; 5 when what was waited for has not come yet.

start: gatehouse-adapter enrol --hub URL --agency ID, then gatehouse-adapter run
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Perform one command line; the return value is the exit code."""
    try:
        parsed = _parsed(sys.argv[1:] if arguments is None else arguments)
        return _perform(parsed)
    except KeyboardInterrupt:
        print("gatehouse-adapter: stopped.", file=sys.stderr)
        return Exit.STOPPED
    except BrokenPipeError:
        # Whoever read our output has gone; closing the rest quietly is what every program of a pipe does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatehouse-adapter",
        description=_ABOUT,
        epilog=_ENDS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        importlib.import_module(f"adapters.command.{name}").add(commands)
    prepare(parser, source())
    return parser


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    try:
        configure(parser, arguments, source())
    except Unconfigured as error:
        parser.error(str(error))
    return parser.parse_args(arguments)


def _perform(parsed: argparse.Namespace) -> int:
    # Here and not above, so that --help does not wait for them.
    import sqlite3

    from adapters.command.screen import complain, give
    from adapters.errors import AdapterError
    from broker.protocol.problem import Problem
    from keys.errors import Rejected
    from policies.errors import PolicyError

    try:
        return int(parsed.perform(parsed))
    except BrokenPipeError:
        raise
    except AdapterError as error:
        code, message = error.code, error.message
    except Problem as problem:
        code, message = problem.code, problem.detail
    except (Rejected, PolicyError) as error:
        code, message = error.code, str(error)
    except OSError as error:
        code, message = (
            "system",
            f"{error.strerror or 'the system refused'}: {error.filename or 'see the command line'}.",
        )
    except sqlite3.DatabaseError as error:
        code, message = _journal(getattr(error, "sqlite_errorname", "unknown"))
    except Exception as error:
        code, message = "unforeseen", _unforeseen(error)
    if parsed.json:
        give({"error": {"code": code, "message": message}})
    complain(f"gatehouse-adapter: {message}")
    return Exit.FAILED


def _journal(name: str) -> tuple[str, str]:
    """What a person may do about SQLite's error of that name."""
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return "journal-damaged", "journal.sqlite is no journal or is damaged: restore it from a backup."
    return (
        "journal-unusable",
        f"journal.sqlite cannot be used now ({name}): look for a full disk, or a program that holds it.",
    )


def _unforeseen(error: Exception) -> str:
    # The type and our own line only: the text of an unforeseen error may hold what was in a form or a body.
    frames = traceback.extract_tb(error.__traceback__)
    frame = next(
        (each for each in reversed(frames) if Path(each.filename).is_relative_to(_HOUSE)), frames[-1]
    )
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"Something went wrong that should not ({type(error).__name__} at {place}); report this line."


if __name__ == "__main__":
    sys.exit(main())
