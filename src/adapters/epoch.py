"""The epochs of K_A, as this adapter's journal knows them."""

from typing import Final

from adapters.folder import Folder
from adapters.identify import EpochKey

FIRST: Final = 1
TABLE: Final = "subject_key"
"""The table word in the context of a journalled K_A's seal."""
_OPEN: Final = "subject-epoch"


def open_epoch(folder: Folder) -> int:
    """The newest epoch that the hub has said is open."""
    row = folder.journal.row("get_setting", name=_OPEN)
    return FIRST if row is None else int(row["value"])


async def move_to(folder: Folder, epoch: int) -> None:
    """From here on subjects are named under this epoch."""
    await folder.journal.run("put_setting", name=_OPEN, value=str(epoch))


def key_of(folder: Folder, epoch: int) -> bytes | None:
    """K_A of an epoch, where it is ours to use."""
    row = folder.journal.row("get_subject_key", epoch=epoch)
    if row is None or not row["held"]:
        return None
    return folder.journal.open(row["sealed_key"], TABLE, str(epoch))


def subject_key(folder: Folder) -> EpochKey:
    """The open epoch, with K_A once it is ours to use."""
    epoch = open_epoch(folder)
    return EpochKey(epoch=epoch, key=key_of(folder, epoch))
