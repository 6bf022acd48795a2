"""Tell another agency something unasked, or write to the other party of an exchange."""

from adapters.compose import Written
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
    written = notice(folder, order)
    await folder.journal.write(
        put(folder, written, at=written.claims.iat), touches=(QUEUED, written.claims.jti)
    )
    return written.claims.jti


async def message(folder: Folder, order: MessageOrder) -> str:
    """Journal words to the other party of an exchange; return the message's jti. Raises as `tell`."""
    written = words_in(folder, order)
    await folder.journal.write(
        put(folder, written, at=written.claims.iat), touches=(QUEUED, written.claims.jti)
    )
    return written.claims.jti


def notice(folder: Folder, order: TellOrder) -> Written:
    """Write a notice, to be journalled. One that regards an exchange and names nobody is about everyone in
    it. Raises as `tell`.
    """
    recipient = folder.directory.get(order.to)
    outer = frame(folder, needed_within=order.needed_within)
    before = None if order.regards is None else exchange_of(folder, order.regards)
    if order.subjects:
        found = identify(
            order.subjects,
            before=() if before is None else before.known,
            k_a=subject_key(folder),
            hub_id=outer.hub_id,
            draw=folder.clock.draw,
        )
    elif before is not None:
        found = again(before.body.subjects, before.declaration.subjects)
    else:
        raise WrongOrder("no-subject", "A notice is about at least one person: name the child.")
    return seal(folder, notice_letter(order, outer, found), recipient, at=outer.at)


def words_in(folder: Folder, order: MessageOrder) -> Written:
    """Write words to the other party of an exchange, to be journalled. Raises as `tell`."""
    opening = exchange_of(folder, order.exchange)
    outer = frame(folder)
    letter = message_letter(
        order,
        outer,
        again(opening.body.subjects, opening.declaration.subjects),
        about=opening.declaration,
        to=opening.other,
    )
    return seal(folder, letter, folder.directory.get(opening.other), at=outer.at)
