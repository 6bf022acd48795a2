"""Queueing one signed act and waiting until the hub has it in its log: every command that only signs."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from adapters.command.desk_folder import desk
from adapters.command.exit import Exit
from adapters.command.outcome import report_act
from adapters.desk.follow import wait_for_act
from adapters.folder import Folder


def perform_act(
    arguments: argparse.Namespace, queue: Callable[[Folder], Awaitable[str]], *, done: str
) -> Exit:
    """Queue the act and report it; `done` is the sentence for people."""

    async def act() -> Exit:
        with desk(arguments) as folder:
            jti = await queue(folder)
            return report_act(
                await wait_for_act(folder, jti, within=arguments.wait), done=done, as_json=arguments.json
            )

    return asyncio.run(act())
