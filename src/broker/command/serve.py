"""`gatehouse serve`: the hub. Without configuration it keeps its own database and keys in a private state
folder."""

import argparse
import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broker.command.failed import CommandFailed
from broker.command.show import say

if TYPE_CHECKING:
    from aiohttp import web

    from broker.http.origin import Origins
    from broker.hub import Hub

_EXAMPLE: Final = """\
examples:
  gatehouse serve
  gatehouse serve --state /var/lib/gatehouse --database postgresql://gatehouse@db/gatehouse \\
    --host 0.0.0.0 --url https://hub.example --tls-cert chain.pem --tls-key key.pem
"""
_START_WAIT: Final = 120.0
_STOP_WAIT: Final = 60.0


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "serve", help="run the hub", epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="keys, and the embedded database (default: GATEHOUSE_STATE, or ~/.local/state/gatehouse)",
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="PostgreSQL 15 or later, in place of the embedded one (or GATEHOUSE_DATABASE)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=8443, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--url", metavar="URL", help="the address agencies use, where it is not the one listened on"
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, PEM")
    parser.add_argument("--cadence-ms", type=int, metavar="N", help="integrate the log at this fixed step")
    parser.add_argument(
        "--metrics",
        type=_port,
        metavar="PORT",
        help="serve /metrics for Prometheus on this port of 127.0.0.1, 0 for a free one (default: nowhere)",
    )
    parser.add_argument(
        "--origin", default="gatehouse.hub", help="a new hub's log name (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    # A larger number would be cut to another port in silence.
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65_536):
        raise argparse.ArgumentTypeError("a number up to 65535 is needed; 0 for a free port")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, then stop cleanly."""
    import uvloop

    from broker.logging import take_over

    take_over()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    from broker.clock import SYSTEM
    from broker.command.state import HubFile, default_state, make_state, write_hub_file
    from broker.command.tls import tls_context
    from broker.http.app import application
    from broker.http.server import serving
    from broker.hub import hub_document, running
    from broker.logging import log
    from broker.protocol.evidence import parse_hub_keys

    state: Path = options.state or default_state()
    stopped = _stop_signal()
    tls = tls_context(options.tls_cert, options.tls_key)
    listening = _bind(options.host, options.port, secure=tls is not None)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(contextlib.closing(listening))
        origins = _origins(options, listening, secure=tls is not None)
        make_state(state)
        hub = await stack.enter_async_context(_opened(options, state))
        await stack.enter_async_context(running(hub))
        app = application(hub, edge=SYSTEM, origins=origins)
        await stack.enter_async_context(serving(app, listening, tls=tls))
        if options.metrics is not None:
            await stack.enter_async_context(_metrics(app, options.metrics))
        keys = parse_hub_keys(dict(hub_document(hub)))
        write_hub_file(state, HubFile(url=origins.public, keys=keys, pid=os.getpid()))
        # What starting made stays as long as the process: the collector need not walk it over and over.
        gc.collect()
        gc.freeze()
        log.info("listening", port=listening.getsockname()[1], pid=os.getpid())
        say(f"gatehouse is listening on {origins.public}")
        await stopped.wait()
        log.info("stopping", pid=os.getpid())
        # What is not over by then waits for something that does not come, such as a database that is gone.
        # Ending all the same is what a power cut would do, and that loses nothing acknowledged.
        abandoning = asyncio.get_running_loop().call_later(_STOP_WAIT, _abandon)
    abandoning.cancel()
    log.info("stopped", pid=os.getpid())


@contextlib.asynccontextmanager
async def _metrics(app: "web.Application", port: int) -> AsyncIterator[None]:
    """`/metrics` on this machine alone, beside the hub's port: a proxy before that passes none on."""
    from aiohttp import web

    from broker.http.metrics import metrics_application
    from broker.http.surface import SURFACE

    with contextlib.closing(_bind("127.0.0.1", port, secure=False)) as listening:
        runner = web.AppRunner(metrics_application(app[SURFACE]), access_log=None)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            say(f"metrics are at http://127.0.0.1:{listening.getsockname()[1]}/metrics")
            yield
        finally:
            await runner.cleanup()


def _abandon() -> None:
    from broker.logging import log

    log.error("stop-abandoned", pid=os.getpid())
    os._exit(1)


@contextlib.asynccontextmanager
async def _opened(options: argparse.Namespace, state: Path) -> "AsyncIterator[Hub]":
    """The hub on its database, which is stopped at the end if it is the embedded one and nobody else uses
    it."""
    from broker.clock import SYSTEM
    from broker.command.database import database_url
    from broker.command.keeper import kept
    from broker.command.state import verify_keys_present
    from broker.hub import open_hub
    from broker.keyring import load_or_make
    from broker.settings import Settings
    from keys.errors import BadSignature

    async with contextlib.AsyncExitStack() as stack:
        url = database_url(options)
        with await asyncio.to_thread(_turn, state):
            if url is None:
                url = await stack.enter_async_context(kept(state))
            settings = Settings() if options.cadence_ms is None else Settings(cadence_ms=options.cadence_ms)
            verify_keys_present(state)
            keyring = load_or_make(state / "keys")
            try:
                hub = await open_hub(
                    url=url,
                    keys=keyring,
                    settings=settings,
                    clock=SYSTEM.now,
                    new_id=SYSTEM.new_id,
                    origin=options.origin,
                )
            except BadSignature as error:
                raise CommandFailed(
                    "This database belongs to a hub with other keys: use the state folder it was made with."
                ) from error
        yield hub


def _turn(state: Path) -> "contextlib.AbstractContextManager[None]":
    """The one right to make keys and database in this folder; another process that is starting is waited
    for."""
    handle = os.open(state / "start.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _START_WAIT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise CommandFailed(
                    f"Another process has been starting in {state} for two minutes."
                ) from None
            time.sleep(0.05)
        else:
            return _held(handle)


@contextlib.contextmanager
def _held(handle: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(handle)


def _stop_signal() -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT; a second one ends the process at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopped


def _bind(host: str, port: int, *, secure: bool) -> socket.socket:
    from broker.command.tls import refuse_open_air
    from broker.http.server import bind

    try:
        listening = bind(host, port)
    except (OSError, OverflowError) as error:
        raise CommandFailed(
            f"Cannot listen on {host} port {port}: {error}. Choose another with --port."
        ) from error
    if not secure:
        try:
            refuse_open_air(listening.getsockname()[0])
        except CommandFailed:
            listening.close()
            raise
    return listening


def _origins(options: argparse.Namespace, listening: socket.socket, *, secure: bool) -> "Origins":
    from broker.http.origin import origins_of

    host = options.host
    if options.url is None and host in ("0.0.0.0", "::", ""):
        raise CommandFailed("Say with --url which address agencies use: their proofs must name it.")
    return origins_of(
        scheme="https" if secure else "http", host=host, port=listening.getsockname()[1], public=options.url
    )
