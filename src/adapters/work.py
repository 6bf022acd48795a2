"""What the parts of a running adapter share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from adapters.folder import Folder
from adapters.seen import Asker, Seen
from adapters.step import Observer
from broker.protocol.declaration import Practitioner
from policies.vocabulary import PractitionerRole

ADAPTER: Final = Practitioner(id="adapter", role=PractitionerRole.PRACTITIONER)
"""For whom the adapter acts when it acts by itself: receipts, "no answer yet", key acts."""


async def _nothing(_exchange: str) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a program that answers is told. `on_ask` gets an exchange with tasks to prepare, at least once:
    after it was journalled, and again at a start where a task still waits without a reason. What it raises is
    logged; the tasks then wait for a person."""

    on_ask: Callable[[str], Awaitable[None]] = _nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The folder, the hub, the log as seen, and who watches. The last three tell other parts to look."""

    folder: Folder
    hub: Asker
    seen: Seen
    observe: Observer
    follow: Callable[[str], None]
    """An envelope of ours may have changed at the hub."""
    send: Callable[[str], None]
    """An envelope of ours is to be sent, or sent on."""
    receipt: Callable[[str, str], None]
    """A receipt is to be sent: sender and jti."""
    asked: Callable[[str], None]
    """An ask has come in: its exchange."""

    def now(self) -> int:
        """The time."""
        return self.folder.clock.now()
