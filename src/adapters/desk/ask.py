"""Ask one source."""

from adapters.desk.writing import QUEUED, frame, put, seal
from adapters.epoch import subject_key
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.identify import identify
from adapters.letter import ask_letter
from adapters.order import AskOrder
from keys import strict_json
from policies.vocabulary import Rating

CLOCKS = "clocks"


async def ask(folder: Folder, order: AskOrder) -> str:
    """Journal an ask; return its jti, which is also the exchange's id.

    Raises:
        Untrusted: `unconfirmed-agency`, `stopped-agency`, `key-set-expired`, `key-revoked`, `split-view`.
        WrongOrder: `unknown-agency`, `unknown-clock`, `no-subject`.
        ValueError: an order the protocol has no room for (pydantic's ValidationError).
    """
    if not order.subjects:
        raise WrongOrder("no-subject", "An ask is about at least one person: name the child.")
    source = folder.directory.get(order.to)
    due_within = order.due_within or clock_of(folder, order.rating)
    needed_within = order.needed_within or max(folder.settings.needed_within, due_within)
    outer = frame(folder, needed_within=needed_within)
    found = identify(
        order.subjects, before=(), k_a=subject_key(folder), hub_id=outer.hub_id, draw=folder.clock.draw
    )
    written = seal(folder, ask_letter(order, outer, found, due_within=due_within), source, at=outer.at)
    await folder.journal.write(
        put(folder, written, at=outer.at, enquiry=order.enquiry), touches=(QUEUED, outer.jti)
    )
    return outer.jti


def clock_of(folder: Folder, rating: Rating) -> int:
    """Seconds in which an answer is due by the hub's clock. Raises WrongOrder, `unknown-clock`."""
    row = folder.journal.row("get_setting", name=CLOCKS)
    clocks = strict_json.parse_object(row["value"].encode()) if row is not None else {}
    seconds = clocks.get(rating.value)
    if not isinstance(seconds, int):
        raise WrongOrder(
            "unknown-clock", f"The hub has no clock for {rating.value} here yet: give due_within in seconds."
        )
    return seconds
