"""What a hub has shown of its log that does not fit: two checkpoints, and how it said that one extends the
other.

Two codes. `split-view`: two checkpoints that the hub signed and that cannot both be true, proved by what lies
here; nothing is sent or taken in until a person has ended the alarm. `history-not-shown`: the hub has not
shown that a checkpoint extends what was seen; nothing rests on it, it is asked again, and that may well end
by itself.
"""

from enum import StrEnum
from typing import Final

from pydantic import Field

from broker.protocol.wire import Wire
from keys import base64url, merkle, note
from keys.errors import Rejected
from keys.note import VerifierKey

SPLIT_VIEW: Final = "split-view"
NOT_SHOWN: Final = "history-not-shown"


class Shown(StrEnum):
    """What the evidence shows to whoever has the hub's public log key."""

    TWO_ROOTS = "two-roots"
    """Two checkpoints of one size with different roots."""
    ANOTHER_START = "another-start"
    """The larger log began with other entries than the smaller one holds."""
    NOTHING = "nothing"
    """No contradiction: the hub has not said how the two agree."""


class Contradiction(Wire):
    """The evidence, as it is journalled with an alarm.

    `seen` and `shown` are signed notes. `path` is the consistency proof the hub gave from size `old` to size
    `new`, absent where it gave none or where the two are of one size. `seen` is absent where the note is not
    in the journal any more.
    """

    seen: str | None
    shown: str
    old: int | None = None
    new: int | None = None
    path: list[str] = Field(default=[])

    def what_it_shows(self, log_key: VerifierKey) -> Shown:
        """Judge it anew, from its bytes and the hub's log key alone."""
        if self.seen is None:
            return Shown.NOTHING
        try:
            one, other = (note.open_checkpoint(each.encode(), log_key) for each in (self.seen, self.shown))
            smaller, larger = sorted((one, other), key=lambda each: each.size)
            contradicts = one.origin == other.origin and merkle.contradicts(
                old_size=smaller.size,
                old_root=smaller.root,
                new_size=larger.size,
                new_root=larger.root,
                proof=[base64url.decode(step) for step in self.path],
            )
        except Rejected:
            return Shown.NOTHING
        if not contradicts:
            return Shown.NOTHING
        return Shown.TWO_ROOTS if one.size == other.size else Shown.ANOTHER_START
