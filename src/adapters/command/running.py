"""The running adapter wired: journal, connection, record system, signals.

Promises: one process runs on one state folder; SIGTERM and Ctrl-C end cleanly, with what was taken in
journalled.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters import logs
from adapters.answering.automatic import answering
from adapters.answering.learn import learn
from adapters.answering.policy import POLICY
from adapters.answering.release_rules import load_rules
from adapters.command.alone import alone
from adapters.command.exit import Exit
from adapters.command.screen import give, say
from adapters.connectors.bounded import Bounded
from adapters.errors import Unreachable
from adapters.folder import Folder, open_folder
from adapters.problem import HubProblem
from adapters.run import Adapter
from adapters.work import Hooks

_LEARN_AGAIN: Final = 600.0
"""Seconds between looks at the policy in force; the hub decides by its own copy all the while."""
_LEARN_SOON: Final = 5.0
_LOOK: Final = 0.05


async def run(state: Path, *, place: str | None, poll: int | None, once_idle: bool, as_json: bool) -> Exit:
    """Run one agency's adapter; `poll`: without a connection, asking every so many seconds.

    Raises:
        Unusable: `not-enrolled`, `already-running`, `answering-rules`.
        WrongOrder: `unknown-connector`.
        ConnectorFailed: the record system cannot be opened.
    """
    logs.configure()
    with alone(state), _record_system(place) as connector:
        folder = open_folder(state)
        try:
            load_rules(folder.path)  # a broken file is said now, not at the first ask
            hooks = Hooks() if connector is None else Hooks(on_ask=answering(folder, connector))
            adapter = Adapter(folder, hooks=hooks, poll=poll)
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            await _learn_first(folder)
            keeping = asyncio.create_task(_keep_learning(folder, adapter, as_json=as_json))
            # What starting made stays as long as the process: the collector need not walk it over and over.
            gc.collect()
            gc.freeze()
            try:
                await adapter.run(stop, once_idle=once_idle)
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
        finally:
            folder.close()
    return Exit.DONE


async def _learn_first(folder: Folder) -> None:
    """Where nothing is known yet, learn before the first ask can come in; it would wait for a person else."""
    if folder.journal.row("get_setting", name=POLICY) is None:
        try:
            await learn(folder)
        except (HubProblem, Unreachable) as error:
            logs.log.warning("policy-not-learned", code=error.code)


async def _keep_learning(folder: Folder, adapter: Adapter, *, as_json: bool) -> None:
    """Learn the policy, say once that all is ready, and learn again from time to time."""
    told = False
    while True:
        try:
            await learn(folder)
        except (HubProblem, Unreachable) as error:
            logs.log.warning("policy-not-learned", code=error.code)
            await asyncio.sleep(_LEARN_SOON)
            continue
        if not told:
            # `opened` wakes one listener, and that is the adapter itself.
            while not adapter.connection.connected:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
            told = True
            if as_json:
                give({"agency": folder.me, "connected": folder.agency.hub_url})
            else:
                say(f"{folder.me} is connected to {folder.agency.hub_url}")
        await asyncio.sleep(_LEARN_AGAIN)


@contextlib.contextmanager
def _record_system(place: str | None) -> Iterator[Bounded | None]:
    """The record system behind its limits, if one is named; its processes end with us."""
    connector = None if place is None else Bounded(place)
    try:
        yield connector
    finally:
        if connector is not None:
            connector.close()
