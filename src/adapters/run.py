"""The running adapter: one connection, one outbox, the journal watched, reminders; wired by hand in
`Adapter`.

Promises: at the start everything open is resumed; at a clean stop what was taken in is journalled and nothing
else is begun. A kill at any point is the same as a stop, but that the hub notices it later.
"""

import asyncio
import contextlib
from collections.abc import Collection, Coroutine
from typing import Any, Final

from adapters import act_out, fetch, remind
from adapters.connection import Connection
from adapters.desk.writing import QUEUED
from adapters.errors import AdapterError
from adapters.folder import Folder
from adapters.follow import look
from adapters.keeping import drain, forget
from adapters.link import Handlers
from adapters.logs import log
from adapters.outbox import Job, Outbox
from adapters.polling import Polling
from adapters.receive import Receiver
from adapters.rotation import Rotation
from adapters.seen import Seen
from adapters.send import send
from adapters.step import Observer, unobserved
from adapters.subject_key import SubjectKeys
from adapters.work import Hooks, Work
from broker.protocol.frame import Changed, Handover, HandoverTaken, Taken

_TICK: Final = 1.0
"""Seconds between looks at what is due."""
_QUIET: Final = 1.0
"""Seconds without anything to do after which an adapter asked to stop when idle does."""


class Adapter:
    """One running adapter over an open state folder. `run` it in a task; the folder stays the caller's to
    close. `poll`: hold no connection and ask every so many seconds (0: at once again, the hub waits).
    """

    def __init__(
        self,
        folder: Folder,
        *,
        hooks: Hooks | None = None,
        observe: Observer = unobserved,
        poll: int | None = None,
    ) -> None:
        self._folder = folder
        self._hooks = hooks or Hooks()
        self._seen = Seen(folder.journal)
        self.outbox = Outbox(limit=folder.settings.in_flight, do=self._do, look=self._look, apart=("asked",))
        handlers = Handlers(handover=self._handed, changed=self._changed)
        self.connection: Connection | Polling = (
            Connection(folder, handlers, self._seen)
            if poll is None
            else Polling(folder, handlers, self._seen, every=poll)
        )
        self._work = Work(
            folder=folder,
            hub=self.connection,
            seen=self._seen,
            observe=observe,
            follow=self.outbox.hint,
            send=lambda jti: self.outbox.put(("send", jti)),
            receipt=lambda sender, jti: self.outbox.put(("receipt", sender, jti)),
            asked=lambda exchange: self.outbox.put(("asked", exchange)),
        )
        self.receiver = Receiver(self._work)
        self._keys = SubjectKeys(self._work)
        self.rotation = Rotation(self._work)
        self._sent_to = self._acts_to = -1
        (row,) = folder.journal.rows("last_choice")
        self._choices_to = row["choice"]
        self._confirmed = self._confirmations()
        self._known = asyncio.Event()

    async def run(self, stop: asyncio.Event, *, once_idle: bool = False) -> None:
        """Serve until `stop` is set; with `once_idle` also once connected and with nothing to do for a
        moment.
        """
        if self._seen.alarmed:
            log.error("sending-stopped", code="split-view")
        self._resume()
        parts = [
            self.connection.run(),
            self.outbox.follow(),
            self._watch(),
            self._tick(),
            self._at_each_connection(),
            _until(stop),
        ]
        if once_idle:
            parts.append(self._until_idle())
        await _first(parts)
        await self.outbox.close()
        log.info("stopped")

    def _resume(self) -> None:
        journal = self._folder.journal
        for row in journal.rows("unacknowledged"):
            self.outbox.put(("receipt", row["sender"], row["jti"]))
        for row in journal.rows("unprepared"):
            self.outbox.put(("asked", row["exchange"]))
        self._scan()

    def _scan(self) -> None:
        """Take up every row written since the last look."""
        journal = self._folder.journal
        if self._seen.look():
            log.warning("sending-goes-on", code="split-view")
            self._waited()
        for row in journal.rows("sent_after", seq=self._sent_to):
            self._sent_to = row["seq"]
            self.outbox.put(("send", row["jti"]))
        for row in journal.rows("acts_after", seq=self._acts_to):
            self._acts_to = row["seq"]
            self.outbox.put(("act", row["jti"]))
        for row in journal.rows("choices_after", choice=self._choices_to):
            self._choices_to = row["choice"]
            self.outbox.put(("asked", row["exchange"]))
        confirmed = self._confirmations()
        if confirmed != self._confirmed:
            self._confirmed = confirmed
            self.outbox.put(("subject-key",))
            self._waited()

    def _confirmations(self) -> tuple[int, int]:
        (row,) = self._folder.journal.rows("confirmations")
        return row["confirmed"], row["former"]

    def _waited(self) -> None:
        """A person has decided, of an agency or of the hub's log: what waited for that goes on."""
        self.outbox.put(("directory",))
        for row in self._folder.journal.rows("sent_after", seq=-1):
            self.outbox.put(("send", row["jti"]))
        self._follow_all()

    async def _do(self, job: Job) -> None:
        match job:
            case ("send", jti):
                # Keys may have been revoked while we were away: nothing is sealed or let go on old knowledge.
                await self._known.wait()
                await send(self._work, jti)
            case ("act", jti):
                await act_out.send_act(self._work, jti)
            case ("receipt", sender, jti):
                await act_out.send_receipt(self._work, sender, jti)
            case ("asked", exchange):
                await self._hooks.on_ask(exchange)
            case ("subject-key",):
                await self._keys.settle()
            case ("forget",):
                await forget(self._work)
            case ("directory",):
                await fetch.refresh(self._work)
                self._known.set()
            case _:
                raise AssertionError(job)

    async def _look(self, jtis: Collection[str]) -> None:
        await look(self._work, jtis)

    async def _handed(self, handover: Handover) -> HandoverTaken:
        return await self.receiver.take(handover)

    async def _changed(self, changed: Changed) -> Taken:
        if changed.directory:
            self.outbox.put(("directory",))
        if changed.subject_key or changed.directory:
            self.outbox.put(("subject-key",))
        if not (changed.envelopes or changed.directory or changed.subject_key):
            self._follow_all()  # a hint that names nothing says: look at everything
        for jti in changed.envelopes:
            self.outbox.hint(jti)
        return Taken()

    def _follow_all(self) -> None:
        for row in self._folder.journal.rows("followed"):
            self.outbox.hint(row["jti"])
        for row in self._folder.journal.rows("open_exchanges"):
            self.outbox.hint(row["exchange"])  # its asker may have rated it anew

    async def _at_each_connection(self) -> None:
        while True:
            await self.connection.opened.wait()
            self.connection.opened.clear()
            self._known.clear()
            self.outbox.put(("directory",))
            self.outbox.put(("subject-key",))
            self.outbox.put(("forget",))
            self._follow_all()

    async def _watch(self) -> None:
        """See rows written by commands, in this process or another."""
        journal, pause = self._folder.journal, self._folder.settings.watch_ms / 1000
        version = -1
        while True:
            found = journal.data_version()
            if found != version:
                version = found
                self._scan()
            await journal.changed(QUEUED, at_most=pause)

    async def _tick(self) -> None:
        since = last = self._work.now()
        while True:
            await asyncio.sleep(_TICK)
            try:
                await remind.warn(self._work)
                await remind.remind(self._work)
                await drain(self._work)
                await self.rotation.look()
            except AdapterError as error:
                log.warning("reminder-failed", code=error.code)
            since = remind.look_at_due(self._work, since=since)
            if self._work.now() - last >= self._folder.settings.follow_seconds:
                last = self._work.now()
                self._follow_all()

    async def _until_idle(self) -> None:
        quiet = 0.0
        await self.connection.opened.wait()
        while quiet < _QUIET:
            await asyncio.sleep(_QUIET / 5)
            busy = not self.connection.connected or not self.outbox.idle
            quiet = 0.0 if busy else quiet + _QUIET / 5


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _first(parts: list[Coroutine[Any, Any, None]]) -> None:
    """Run all until one ends, then end the others; a fault of one is the caller's."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
