"""A hub as a process of its own that a test can kill at a named step.

`python -m tests.broker.exchange.hub_process` imports everything once and then forks a hub for each line it
reads: `{"url", "keys", "socket"}` in, its process id out. A hub answers one JSON line per line on its Unix
socket. The operation `arm` names the step at which it ends itself by SIGKILL, and how often it lets that
step pass before.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.exchange import generation, verbs
from broker.exchange.administer import administer
from broker.exchange.caller import Caller
from broker.exchange.hand_over import hand_over
from broker.exchange.sweep import sweep
from broker.hub import Hub, hub_document, open_hub, running
from broker.keyring import load_or_make
from broker.protocol.frame import Verb
from broker.protocol.problem import Problem
from broker.settings import Settings
from broker.step import Step
from tests.broker.exchange.desk import new_jti


@dataclass
class Fuse:
    """Ends the process at a step."""

    step: Step | None = None
    passing: int = 0

    def __call__(self, step: Step) -> None:
        if step is self.step:
            if self.passing == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.passing -= 1


async def answered(hub: Hub, fuse: Fuse, asked: dict[str, Any]) -> Any:
    """Do one operation."""
    at = asked.get("at", 0)
    caller = Caller(
        agency=asked.get("agency", ""), kid=asked.get("kid", ""), generation=asked.get("generation")
    )
    match asked["op"]:
        case "arm":
            fuse.passing, fuse.step = asked["passing"], Step(asked["step"])
            return None
        case "hub":
            return hub_document(hub)
        case "administer":
            return await administer(hub, asked["body"], None, at=at)
        case "connect":
            return await generation.connect(hub, caller.agency, kid=caller.kid, at=at)
        case "fetch":
            handed = await hand_over(hub, caller, limit=16, at=at, seen=None)
            return [json.loads(each.dump()) for each in handed]
        case "sweep":
            return await sweep(hub, at=at)
        case verb:
            model = verbs.model_of(Verb(verb))
            body = model.model_validate_json(json.dumps(asked["body"]))
            told = await verbs.answer(hub, Verb(verb), caller, body, at=at, seen=None)
            return json.loads(told.dump())


async def serve(url: str, keys: Path, socket: Path) -> None:
    """Open the hub and answer until killed."""
    fuse = Fuse()
    hub = await open_hub(
        url=url,
        keys=load_or_make(keys),
        settings=Settings(cadence_ms=2, sweep_interval=3600, pool_size=6),
        clock=lambda: 1_790_000_000,
        new_id=new_jti,
        observe=fuse,
    )

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                try:
                    said: dict[str, Any] = {"ok": await answered(hub, fuse, json.loads(line))}
                except Problem as problem:
                    said = {"problem": problem.document()}
                writer.write(json.dumps(said).encode() + b"\n")
                await writer.drain()

    async with running(hub):
        await asyncio.start_unix_server(taken, socket, limit=1 << 24)
        await asyncio.get_running_loop().create_future()


def main() -> None:
    """Fork a hub for each line on standard input, until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            asyncio.run(serve(wanted["url"], Path(wanted["keys"]), Path(wanted["socket"])))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
