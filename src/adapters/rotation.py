"""The agency's own key set, rotated before it runs out, by the running adapter itself.

Promises: a rotation that is under way is finished and not begun a second time; one that the hub refuses is
tried again later, not at once. A key set that has run out can sign nothing any more, not even its successor:
that is said, again and again, until the agency has enrolled anew.
"""

from typing import Final

from adapters.desk.keys import KEY_SET_CHANGE, rotate_keys, rotates_from
from adapters.logs import log
from adapters.work import ADAPTER, Work

_AGAIN: Final = 3_600
"""Seconds between looks, and so between tries of what the hub refused: it takes eight changes a day."""


class Rotation:
    """Looks from time to time whether the key set in force is near its end."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._next = 0

    async def look(self) -> None:
        """Queue the next key set if it is time for it."""
        folder, at = self._work.folder, self._work.now()
        if at < self._next:
            return
        self._next = at + _AGAIN
        # A command may have rotated meanwhile: two sets that follow the same one would contradict each other.
        folder.keyring.reload()
        current = folder.keyring.current
        if at >= current.expires:
            log.error("keys-ran-out", agency=folder.me)
            return
        if at < rotates_from(current, folder.settings):
            return
        if folder.journal.row("open_act", act=KEY_SET_CHANGE) is not None:
            return
        await rotate_keys(folder, practitioner=ADAPTER)
        log.info("key-set-rotated", agency=folder.me, count=current.version + 1)
