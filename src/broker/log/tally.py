"""How many records of each kind this process has brought under a checkpoint: codes and numbers, no names."""

from collections import Counter
from dataclasses import dataclass

from broker.protocol.wire import Wire
from keys import jws


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A record without anybody in it: its kind, the kind of its envelope, and a receipt's outcome; "" where
    there is none."""

    record: str
    kind: str = ""
    outcome: str = ""


def label_of(record: Wire) -> Label:
    """The label of a record about to be written."""
    return _label({name: getattr(record, name, "") for name in ("record", "kind", "outcome")})


def label_in(text: bytes) -> Label:
    """The label of a record another process wrote, already verified."""
    return _label(dict(jws.parse(text.decode("ascii")).claims))


def _label(values: "dict[str, object]") -> Label:
    found = {name: str(values.get(name) or "") for name in ("record", "kind", "outcome")}
    return Label(**found)


class Tally:
    """The counts, from the start of this process."""

    def __init__(self) -> None:
        self.counts: Counter[Label] = Counter()

    def count(self, labels: list[Label]) -> None:
        """Count what was integrated now."""
        self.counts.update(labels)
