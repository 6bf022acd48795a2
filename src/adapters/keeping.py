"""Keeping house: sealing keys that nobody seals to any more are destroyed, and that is said; old checkpoints
go.
"""

from adapters.desk.keys import drain_key
from adapters.logs import log
from adapters.seen import KEPT
from adapters.work import ADAPTER, Work


async def drain(work: Work) -> None:
    """Destroy each sealing key whose time to open has passed too; mail still sealed to it is then sealed
    again.
    """
    for kid in work.folder.keyring.drained(at=work.now(), grace=work.folder.settings.drain_seconds):
        await drain_key(work.folder, kid, practitioner=ADAPTER)
        log.info("sealing-key-destroyed")


async def forget(work: Work) -> None:
    """Forget checkpoints so old that no proof refers to them: those kept were shown to extend them."""
    await work.folder.journal.run("forget_checkpoints", keep=KEPT)
