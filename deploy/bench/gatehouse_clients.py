"""Two adapters in one process, asker and source, exactly as `gatehouse-adapter run` wires them; the source
answers by program.

Nothing is left out: journals, sealing, verification of every permit and proof, receipts. Every proof is
counted as it is verified; one that does not hold, an envelope that does not pass, or an alarm ends the load.
"""

import argparse
import asyncio
import gc
import itertools
from functools import partial
from pathlib import Path
from typing import Any, Final

from adapters import logs
from adapters.desk.answer import answer
from adapters.desk.ask import CLOCKS, ask
from adapters.desk.enrol import enrol
from adapters.desk.evidence import evidence
from adapters.desk.keys import confirm, fingerprint
from adapters.epoch import key_of, open_epoch
from adapters.folder import Folder, open_folder
from adapters.run import Adapter
from adapters.step import Step
from adapters.view import Progress
from adapters.work import Hooks
from broker.protocol.evidence import Evidence, TrustedHub, verify_permit
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire
from deploy.bench import load
from deploy.bench.case import ASKER, SOURCE, ask_order, item_order
from keys import keyset
from keys.errors import Rejected
from keys.signing import parse_public_key

_LOOK: Final = 5.0
_PATIENCE: Final = 60.0
"""Seconds for one exchange before it counts as lost."""
_READY: Final = 30.0


class Lost(Exception):
    """An exchange did not come through as it must."""


class Desks:
    """The asker's desk and the source's."""

    def __init__(self, asker: Folder, source: Folder) -> None:
        self.asker, self.source = asker, source
        self.proofs = 0
        self._numbers = itertools.count()
        self._items: dict[str, asyncio.Future[str]] = {}
        self.adapters = (
            Adapter(asker, observe=self._saw),
            Adapter(source, hooks=Hooks(on_ask=self._answer), observe=self._saw),
        )

    def _saw(self, step: Step) -> None:
        # Both come only after the adapter has verified signature, permit, inclusion, checkpoint and
        # consistency.
        if step in (Step.PROVED, Step.VERIFIED):
            self.proofs += 1

    async def _answer(self, exchange: str) -> None:
        waiting = self._items.get(exchange)
        item = await answer(self.source, item_order(exchange))
        if waiting is not None and not waiting.done():
            waiting.set_result(item)

    async def exchange(self) -> None:
        """One ask and one item, each until the hub has acknowledged its receipt."""
        asked = await ask(self.asker, ask_order(next(self._numbers), at=self.asker.clock.now()))
        self._items[asked] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PATIENCE):
                await _acknowledged(self.source, ASKER, asked)
                item = await self._items[asked]
                await _acknowledged(self.asker, SOURCE, item)
        except TimeoutError:
            raise Lost(f"an exchange was not over after {_PATIENCE:.0f} s") from None
        finally:
            del self._items[asked]

    async def settle(self) -> None:
        """Until both adapters have nothing to do."""
        idle = [adapter.outbox for adapter in self.adapters]
        await load.until(lambda: all(outbox.idle for outbox in idle), within=_PATIENCE)

    def checked(self) -> dict[str, Any]:
        """Count what was proved, and look at every row of both journals."""
        faults: list[str] = []
        envelopes = 0
        for folder in (self.asker, self.source):
            if folder.journal.rows("alarms"):
                faults.append("an adapter has raised an alarm against the hub")
            sent = folder.journal.rows("all_sent", limit=1 << 30)
            envelopes += len(sent)
            if any(row["proof"] is None for row in sent):
                faults.append("an envelope was sent without a proof")
            if any(row["progress"] == Progress.FAILED for row in sent):
                faults.append("an envelope failed")
            received = folder.journal.rows("all_received", limit=1 << 30)
            if any(row["outcome"] != "opened" or not row["acknowledged"] for row in received):
                faults.append("an envelope was not opened, or its receipt is not acknowledged")
        try:
            self._verify_evidence(20)
        except (Rejected, Problem) as error:
            faults.append(f"an evidence file does not verify: {error.code}")
        if self.proofs < 2 * envelopes:
            faults.append(f"{envelopes} envelopes and only {self.proofs} proofs")
        return {"proofs_checked": self.proofs, "envelopes": envelopes} | (
            {"failed": faults[0]} if faults else {}
        )

    def _verify_evidence(self, some: int) -> None:
        """Verify the newest envelopes' evidence files as an officer would, without the adapter."""
        for folder in (self.asker, self.source):
            for row in folder.journal.rows("all_sent", limit=some):
                file = parse_wire(Evidence, evidence(folder, row["jti"]))
                identity = parse_public_key(dict(file.sender_identity))
                keys = keyset.verify_key_set(file.sender_key_set, identity=identity, previous=None, at=0)
                verify_permit(
                    hub=TrustedHub.from_keys(folder.agency.hub),
                    signing_key=keys.signing,
                    declaration=file.declaration,
                    proof=file.proof,
                )


async def _acknowledged(folder: Folder, sender: str, jti: str) -> None:
    """Wait until the receipt of an envelope that this folder received is with the hub."""
    while True:
        row = folder.journal.row("get_receipt", sender=sender, jti=jti)
        if row is not None and row["acknowledged"]:
            return
        await folder.journal.changed(jti, at_most=_LOOK)


async def _ready(desks: Desks) -> None:
    """Wait for connections, directory and the subject key; each confirms the other as by telephone."""
    for folder, other in ((desks.asker, desks.source), (desks.source, desks.asker)):
        await load.until(partial(_knows, folder, other.me), within=_READY)
        await confirm(folder, other.me, fingerprint(other))
    for folder in (desks.asker, desks.source):
        await load.until(partial(_has_subject_key, folder), within=_READY)


def _knows(folder: Folder, agency: str) -> bool:
    clocks = folder.journal.row("get_setting", name=CLOCKS)
    return clocks is not None and folder.directory.find(agency) is not None


def _has_subject_key(folder: Folder) -> bool:
    return key_of(folder, open_epoch(folder)) is not None


async def _main(options: argparse.Namespace) -> None:
    logs.configure()
    folders = []
    for agency, code in ((ASKER, options.asker_code), (SOURCE, options.source_code)):
        place = options.state / agency
        await enrol(place, hub_url=options.hub, agency=agency, code=code, ca_file=str(options.ca))
        folders.append(open_folder(place))
    desks, stop = Desks(*folders), asyncio.Event()
    running = [asyncio.create_task(adapter.run(stop)) for adapter in desks.adapters]
    try:
        await _ready(desks)
        # As `gatehouse-adapter run` does.
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        await load.serve(desks)
    finally:
        stop.set()
        await asyncio.gather(*running, return_exceptions=True)
        for folder in folders:
            folder.close()


def main() -> None:
    """Enrol both, run both, and do what standard input says."""
    parser = argparse.ArgumentParser(prog="deploy.bench.gatehouse_clients")
    parser.add_argument("--hub", required=True)
    parser.add_argument("--ca", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--asker-code", required=True)
    parser.add_argument("--source-code", required=True)
    options = parser.parse_args()
    load.run(lambda: _main(options))


if __name__ == "__main__":
    main()
