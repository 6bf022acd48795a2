"""Findings of the third-party check, put to a person one by one: taken out, or acknowledged."""

from enum import StrEnum

from adapters.answering import edit
from adapters.answering.edit import RedactionReason
from adapters.answering.releasing import check
from adapters.answering.third_party import Finding, unseen
from adapters.command.prompt import Prompt
from adapters.command.screen import say
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder


class _What(StrEnum):
    REDACT = "redact"
    REMOVE = "remove"
    KEEP = "keep"
    STOP = "stop"


def see(folder: Folder, order: ItemOrder, prompt: Prompt, acknowledged: set[str]) -> ItemOrder:
    """Put each finding to the person; give the order without what they took out.

    What they keep is added to `acknowledged`.

    Raises:
        WrongOrder: `nothing-answered`: they stopped.
    """
    while found := unseen(check(folder, order.exchange, order), frozenset(acknowledged)):
        finding = found[0]
        say(f"Nobody asked about this, or it could identify a source: {finding.place}: {finding.text}")
        choices = list(_What) if finding.entry is not None else [_What.KEEP, _What.STOP]
        match prompt.choose("What becomes of it", choices):
            case _What.KEEP:
                acknowledged.add(finding.id)
            case _What.STOP:
                raise WrongOrder("nothing-answered", "Nothing was sent; what was asked still waits.")
            case what:
                try:
                    order = _taken(order, finding, whole=what is _What.REMOVE, prompt=prompt)
                except WrongOrder as error:
                    say(error.message)
    return order


def _taken(order: ItemOrder, finding: Finding, *, whole: bool, prompt: Prompt) -> ItemOrder:
    assert finding.entry is not None
    reason = prompt.choose("Reason (it travels)", RedactionReason)
    number = finding.entry + 1
    if whole:
        return edit.remove(order, number, reason)
    for field, place in ((edit.Field.RECORDED_BY, "recorded by"), (edit.Field.REFERENCE, "reference")):
        if finding.place.endswith(place):
            return edit.redact_field(order, number, field, reason)
    return edit.redact_passage(order, number, finding.text, reason)
