"""What must not leave with a reading: a restricted person's address, telephone, e-mail and GP (PDS,
"Sensitive record").

Promises: `redact` returns a reading no field of which holds a protected value in any spelling that
`connectors.spelling` knows, and, where the reading is of a restricted record, nothing written like an e-mail
address, telephone number, postcode or practice code; if that cannot be shown, it raises and gives nothing.
Does not promise to recognise a place that is described without being named.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.connectors import spelling
from adapters.connectors.connector import ConnectorFailed, Reading, SourceEntry
from broker.protocol.body import Redaction, Searched
from policies.vocabulary import Category

REASON: Final = "restricted-record"
"""The coded reason that travels with each redaction."""
_REDACTIONS: Final = 200
"""What an item's body takes."""
_SYSTEM: Final = "the agency's record system"
"""A system's name may be a practice's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """The values themselves, ready to be searched for. Never dumped, never logged."""

    texts: frozenset[tuple[str, ...]] = field(default=frozenset(), repr=False)
    """Each value's spellings."""
    pairs: frozenset[tuple[tuple[str, ...], tuple[str, ...]]] = field(default=frozenset(), repr=False)
    """Values that are protected only together, such as a street and its town."""
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    postcodes: frozenset[str] = field(default=frozenset(), repr=False)

    def __or__(self, other: "Protected") -> "Protected":
        return Protected(
            texts=self.texts | other.texts,
            pairs=self.pairs | other.pairs,
            phones=self.phones | other.phones,
            postcodes=self.postcodes | other.postcodes,
        )

    def __bool__(self) -> bool:
        return bool(self.texts or self.pairs or self.phones or self.postcodes)

    def held_in(self, text: str) -> bool:
        """Whether the text holds any of the values in any spelling."""
        if not self or not text:
            return False
        hay = spelling.Haystack.of(text)
        return (
            any(hay.holds(forms) for forms in self.texts)
            or any(hay.holds(first) and hay.holds(second) for first, second in self.pairs)
            or any(hay.holds_phone(number) for number in self.phones)
            or any(hay.holds_postcode(code) for code in self.postcodes)
        )


def redact(reading: Reading, protected: Protected) -> Reading:
    """Take out of a reading whatever holds a protected value, and say where something was taken out.

    Raises:
        ConnectorFailed: `restricted-value-left`; a value would have left all the same, so nothing does.
    """
    entries: dict[Category, tuple[SourceEntry, ...]] = {}
    redactions: dict[Category, tuple[Redaction, ...]] = {}
    for category, given in reading.entries.items():
        taken = list(reading.redactions.get(category, ()))
        kept = [
            _redact_entry(entry, protected, restricted=reading.restricted, taken=taken) for entry in given
        ]
        entries[category] = tuple(entry for entry in kept if entry is not None)
        redactions[category] = _limited(taken)
    searched = reading.searched
    if reading.restricted:
        searched = Searched(systems=[_SYSTEM], by=searched.by, as_of=searched.as_of)
    clean = replace(reading, entries=entries, redactions=redactions, searched=searched)
    verify_redacted(clean, protected)
    return clean


def verify_redacted(reading: Reading, protected: Protected) -> None:
    """Return only if no entry, redaction or statement of search holds a protected value.

    Raises:
        ConnectorFailed: `restricted-value-left`; the message does not repeat the value.
    """
    texts = [*reading.searched.systems, *reading.searched.by]
    for category in reading.entries:
        for entry in reading.entries[category]:
            texts.append(_text(entry))
            texts.extend(_fields(entry))
            if reading.restricted and any(map(spelling.looks_like_contact, _words(entry))):
                raise _left()
        texts.extend(redaction.place for redaction in reading.redactions.get(category, ()))
    if any(protected.held_in(text) for text in texts):
        raise _left()


def _left() -> ConnectorFailed:
    return ConnectorFailed(
        "restricted-value-left",
        "What was read still holds something of a restricted record, so nothing is given. Answer by hand.",
    )


def _redact_entry(
    entry: SourceEntry, protected: Protected, *, restricted: bool, taken: list[Redaction]
) -> SourceEntry | None:
    def bad(text: str) -> bool:
        return protected.held_in(text) or (restricted and spelling.looks_like_contact(text))

    place = "an entry" if entry.on is None else f"an entry of {entry.on.isoformat()}"
    if bad(entry.what):
        taken.append(Redaction(place=place, reason=REASON))
        return None
    clean = entry
    if entry.recorded_by is not None and bad(entry.recorded_by):
        taken.append(Redaction(place=f"{place}: recorded by", reason=REASON))
        clean = replace(clean, recorded_by=None)
    if entry.reference is not None and protected.held_in(entry.reference):
        taken.append(Redaction(place=f"{place}: reference", reason=REASON))
        clean = replace(clean, reference=None)
    detail = tuple(pair for pair in entry.detail if not any(map(bad, (*pair, " ".join(pair)))))
    if len(detail) < len(entry.detail):
        taken.append(Redaction(place=f"{place}: detail", reason=REASON))
        clean = replace(clean, detail=detail)
    # A value may be spread over fields, each innocent by itself.
    if protected.held_in(_text(clean)):
        taken.append(Redaction(place=place, reason=REASON))
        return None
    return clean


def _words(entry: SourceEntry) -> list[str]:
    # Not the reference: the digits of an id look like a telephone number.
    parts = [entry.what, entry.recorded_by or ""]
    return parts + [part for pair in entry.detail for part in pair]


def _fields(entry: SourceEntry) -> list[str]:
    return [*_words(entry), entry.reference or ""]


def _text(entry: SourceEntry) -> str:
    return " ".join(_fields(entry))


def _limited(taken: Iterable[Redaction]) -> tuple[Redaction, ...]:
    distinct = tuple(dict.fromkeys((redaction.place, redaction.reason) for redaction in taken))
    shown = distinct[:_REDACTIONS] if len(distinct) <= _REDACTIONS else distinct[: _REDACTIONS - 1]
    limited = tuple(Redaction(place=place, reason=reason) for place, reason in shown)
    if len(shown) < len(distinct):
        limited += (Redaction(place=f"{len(distinct) - len(shown)} more entries", reason=REASON),)
    return limited
