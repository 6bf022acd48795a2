"""Tell another agency something unasked, or write to the other party of an exchange."""

from adapters.desk.exchange import exchange_of
from adapters.desk.writing import QUEUED, frame, put, seal
from adapters.epoch import subject_key
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.identify import again, identify
from adapters.letter import message_letter, notice_letter
from adapters.order import MessageOrder, TellOrder


async def tell(folder: Folder, order: TellOrder) -> str:
    """Journal a notice; return its jti.

    Raises:
        Untrusted, WrongOrder, ValueError: as `ask`; `unknown-exchange` when `regards` names none of ours.
    """
    if not order.subjects:
        raise WrongOrder("no-subject", "A notice is about at least one person: name the child.")
    recipient = folder.directory.get(order.to)
    before = () if order.regards is None else exchange_of(folder, order.regards).known
    outer = frame(folder, needed_within=order.needed_within)
    found = identify(
        order.subjects, before=before, k_a=subject_key(folder), hub_id=outer.hub_id, draw=folder.clock.draw
    )
    written = seal(folder, notice_letter(order, outer, found), recipient, at=outer.at)
    await folder.journal.write(put(folder, written, at=outer.at), touches=(QUEUED, outer.jti))
    return outer.jti


async def message(folder: Folder, order: MessageOrder) -> str:
    """Journal words to the other party of an exchange; return the message's jti. Raises as `tell`."""
    opening = exchange_of(folder, order.exchange)
    outer = frame(folder)
    letter = message_letter(
        order,
        outer,
        again(opening.body.subjects, opening.declaration.subjects),
        about=opening.declaration,
        to=opening.other,
    )
    written = seal(folder, letter, folder.directory.get(opening.other), at=outer.at)
    await folder.journal.write(put(folder, written, at=outer.at), touches=(QUEUED, outer.jti))
    return outer.jti
