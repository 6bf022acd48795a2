"""A prepared answer as the person sees it who must let it go: every entry numbered, and what to look at."""

from collections.abc import Iterator, Sequence

from adapters.answering.grading import written
from adapters.answering.third_party import Finding
from adapters.command.screen import words
from adapters.order import ItemOrder
from broker.protocol.body import Entry


def draft_lines(order: ItemOrder) -> Iterator[str]:
    """Everything that would leave."""
    if not order.entries:
        yield "  nothing found"
    for number, entry in enumerate(order.entries, 1):
        yield from entry_lines(number, entry)
    as_of = "" if order.searched.as_of is None else f", as of {order.searched.as_of.isoformat()}"
    yield f"  searched: {', '.join(order.searched.systems)}, by {', '.join(order.searched.by)}{as_of}"
    for redaction in order.redactions:
        yield f"  left out: {redaction.place} ({redaction.reason})"
    yield f"  handling: {words(order.handling.value)}"
    if order.conditions is not None:
        yield f"  conditions: {order.conditions}"


def entry_lines(number: int, entry: Entry) -> Iterator[str]:
    """One entry under its number."""
    on = "undated" if entry.on is None else entry.on.isoformat()
    graded = "" if entry.grading is None else f"  {written(entry.grading)}"
    yield f"  {number}. #{entry.subject + 1}  {on}  {entry.nature.value}{graded}  {entry.what}"
    for name, value in entry.detail.items():
        yield f"      {name}: {value}"
    source = ", ".join(part for part in (entry.recorded_by, entry.reference) if part is not None)
    if source:
        yield f"      recorded by {source}"


def finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    """What belongs to nobody asked about, or could identify a source."""
    if found:
        yield "Look at this: it belongs to nobody asked about, or could identify a source."
    for each in found:
        yield f"  {each.id}  {each.place}: {each.kind.value}: {each.text}"
