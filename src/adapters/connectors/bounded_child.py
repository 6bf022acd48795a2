"""The process a connector runs in: calls come in on standard input, answers go out on standard output.

Promises: it ends when the adapter does; nothing the connector prints gets among the answers, and what it
prints to standard error is dropped unless asked for, as it may hold values of records.
"""

import contextlib
import os
import queue
import resource
import sys
import threading
import traceback
from typing import Any, BinaryIO, Final

from adapters.connectors import bounded_wire as wire
from adapters.connectors.connector import Connector
from adapters.errors import AdapterError, WrongOrder

MEMORY: Final = "connector-memory"
BROKE: Final = "connector-broke"
GARBAGE: Final = "connector-garbage"
_SAID: Final = 500


def main(named: str, memory: int) -> None:
    """Serve the connector `KIND:PLACE` in at most `memory` bytes of data until standard input ends."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would be a copy of records on disk
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(sys.stdin.buffer, asks), daemon=True).start()
    connector = _say(answers, lambda: _open(named))
    while connector is not None:
        line = asks.get()
        _say(answers, lambda line=line: (*_do(connector, wire.parse_ask(line)), None))
    answers.close()


def _take(stream: BinaryIO, asks: "queue.SimpleQueue[bytes]") -> None:
    for line in stream:
        asks.put(line)
    # The adapter has gone or wants us gone; a call that hangs must not keep us.
    os._exit(0)


def _open(named: str) -> tuple[str, object, Connector]:
    from adapters.connectors.registry import open_connector

    connector = open_connector(named)
    return "hello", wire.Hello(name=str(connector.name), serves=frozenset(connector.serves)), connector


def _do(connector: Connector, ask: wire.Ask) -> tuple[str, object]:
    match ask.call:
        case "find":
            assert ask.sought is not None
            match = connector.find(ask.sought)
            return wire.kind_of_match(match), match
        case "read":
            assert ask.person is not None
            return "reading", wire.cut(connector.read(ask.person, ask.categories))
        case "freshness":
            return "freshness", connector.freshness()
        case "unread":
            return "unread", connector.unread()


def _say(answers: BinaryIO, do: Any) -> Connector | None:
    """Do something, write what came of it, give the connector if it was opened."""
    connector: Connector | None = None
    try:
        kind, answer, connector = do()
        line = wire.answer_line(kind, answer)
    except AdapterError as error:
        failed = wire.Failed(
            code=error.code[:40], message=error.message[:_SAID], order=isinstance(error, WrongOrder)
        )
        line = wire.answer_line("failed", failed)
    except MemoryError:
        line = _failed(MEMORY, "The connector needs more memory than it is given; read less at once.")
    except wire.Garbage as error:
        line = _failed(GARBAGE, f"The connector does not keep to its interface: {error}.")
    except Exception as error:
        traceback.print_exc()
        line = _failed(
            BROKE, f"The connector broke with {type(error).__name__}; see to its program or system."
        )
    answers.write(line)
    answers.flush()
    return connector


def _failed(code: str, message: str) -> bytes:
    return wire.answer_line("failed", wire.Failed(code=code, message=message))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
