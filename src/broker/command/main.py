"""The program `gatehouse`: `serve` runs the hub, the other commands administer and check it."""

import argparse
import sys
from typing import Final

from broker.command import agency, agreement, doctor, keys, log, policy, serve, verify
from broker.command.failed import CommandFailed
from broker.command.settings import source
from broker.protocol.configuration import Unconfigured, configure, prepare

_COMMANDS: Final = (serve, agency, agreement, policy, verify, log, keys, doctor)
_INTERRUPTED: Final = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 only if it did what was asked."""
    options = _parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(options.run(options))
    except CommandFailed as failed:
        return _say(str(failed))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; closing it quietly keeps Python from complaining at exit.
        sys.stderr.close()
        return 1
    except Exception as error:
        return _say(_known(error))


def parser() -> argparse.ArgumentParser:
    """The program's arguments."""
    root = argparse.ArgumentParser(
        prog="gatehouse",
        description="The hub of a multi-agency exchange: sealed envelopes, lawful decisions, a log "
        "nobody can rewrite.",
        epilog="example: gatehouse serve --port 0",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.arguments(commands)
    prepare(root, source())
    return root


def _parsed(arguments: list[str]) -> argparse.Namespace:
    root = parser()
    try:
        configure(root, arguments, source())
    except Unconfigured as error:
        root.error(str(error))
    return root.parse_args(arguments)


def _known(error: Exception) -> str:
    """One line for an error whose class says that its message is for people; raises what is not."""
    from broker.protocol.problem import Problem
    from broker.store.postgres import DatabaseUnavailable
    from broker.store.unavailable import StoreUnavailable
    from keys.errors import Rejected

    if isinstance(error, DatabaseUnavailable | StoreUnavailable | Rejected | Problem):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}."
    return _unforeseen(error)


def _unforeseen(error: Exception) -> str:
    # Type and place, as in the log: a message could hold what a person typed.
    from broker.logging import allow

    event = allow(None, "error", {"event": "command-failed", "exc_info": error})
    place = (event.get("frames") or ["?"])[-1]
    return f"This should not happen ({type(error).__name__} at {place}): please report it."


def _say(line: str) -> int:
    print(f"gatehouse: {' '.join(line.split())}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
