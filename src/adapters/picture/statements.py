"""From opened envelopes to statements, with what was corrected struck. Pure.

A correction strikes only what its own sender said: another agency's word against it is a difference, not a
correction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from adapters.picture.gathered import Told
from adapters.picture.people import Household
from adapters.picture.picture import CorrectionSeen, Removed, Sort, Statement, Struck
from adapters.picture.wording import DECIDED, NATURES, grading_words, reason_words
from broker.protocol.body import Entry, ItemBody, NoticeBody
from broker.protocol.declaration import Notice
from policies.vocabulary import CATEGORY_FACTS, HandlingCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Every statement in the order of its date, without references yet, and the corrections among them."""

    statements: tuple[Statement, ...]
    corrections: tuple[CorrectionSeen, ...]


@dataclass(slots=True, kw_only=True)
class _Strokes:
    """What is struck: by sender and envelope, the indexes (None: all of it) and the stroke."""

    of: dict[tuple[str, str], list[tuple[frozenset[int] | None, Struck]]] = field(default_factory=dict)

    def find(self, sender: str, envelope: str, index: int) -> Struck | None:
        for indexes, struck in self.of.get((sender, envelope), ()):
            if indexes is None or index in indexes:
                return struck
        return None


def account_of(told: Sequence[Told], household: Household, names: dict[str, str]) -> Account:
    """All statements of these envelopes; `names` gives each agency's name by its id."""
    strokes = _strokes(told, names)
    made = [each for one in told for each in _statements(one, household, names, strokes)]
    order = {person.ref: number for number, person in enumerate(household.people)}
    made.sort(key=lambda each: (*_moment(each.on), order[each.person], each.told_at))
    numbered = tuple(replace(each, ref=f"S{number}") for number, each in enumerate(made, 1))
    return Account(statements=numbered, corrections=tuple(_corrections(told, numbered, names)))


def _moment(on: date | datetime | None) -> tuple[bool, date, time]:
    if on is None:
        return True, date.max, time.max
    if isinstance(on, datetime):
        return False, on.date(), on.time()
    return False, on, time.min


def _strokes(told: Iterable[Told], names: dict[str, str]) -> _Strokes:
    strokes = _Strokes()
    for one in told:
        target = _target(one)
        if target is None:
            continue
        envelope, indexes, why = target
        sender = one.body.sender
        struck = Struck(by=names.get(sender, sender), at=one.at, why=why)
        strokes.of.setdefault((sender, envelope), []).append((indexes, struck))
    return strokes


def _target(one: Told) -> tuple[str, frozenset[int] | None, str] | None:
    """What an envelope corrects: the envelope, the entries (None: all), and why."""
    if isinstance(one.body, NoticeBody) and one.body.correction is not None:
        correction = one.body.correction
        return correction.item, frozenset(correction.entries) or None, correction.why
    return None


def _statements(
    one: Told, household: Household, names: dict[str, str], strokes: _Strokes
) -> Iterator[Statement]:
    body = one.body
    if isinstance(body, ItemBody):
        for index, entry in enumerate(body.entries):
            yield _entry(one, body, index, entry, household, names, strokes)
    elif isinstance(body, NoticeBody):
        yield from _told(one, body, household, names, strokes)
        for index, entry in enumerate(body.entries):
            yield _entry(one, body, index, entry, household, names, strokes)


def _told(
    one: Told, body: NoticeBody, household: Household, names: dict[str, str], strokes: _Strokes
) -> Iterator[Statement]:
    """A notice's own words, or the decision it tells of; a correction's stand in the list of corrections."""
    if body.correction is not None:
        return
    whole = _blank(one, body, household, names, index=0)
    struck = next((stroke for at, stroke in strokes.of.get((body.sender, body.jti), ()) if at is None), None)
    if body.outcome is None:
        day = datetime.fromtimestamp(one.at, UTC)
        yield replace(whole, on=day, sort=Sort.TOLD, what=body.concern, nature="told", struck=struck)
        return
    told = body.outcome
    what = f"Decided: {DECIDED[told.decided]}. {body.concern}"
    yield replace(
        whole,
        on=told.at,
        sort=Sort.DECISION,
        what=what,
        nature="decision",
        recorded_by=told.by,
        struck=struck,
    )


def _entry(
    one: Told,
    body: ItemBody | NoticeBody,
    index: int,
    entry: Entry,
    household: Household,
    names: dict[str, str],
    strokes: _Strokes,
) -> Statement:
    redactions = body.redactions if isinstance(body, ItemBody) else []
    blank = _blank(one, body, household, names, index=entry.subject)
    under_conditions = entry.grading is not None and entry.grading.handling == "C"
    return replace(
        blank,
        on=entry.on,
        what=entry.what,
        nature=NATURES[entry.nature],
        recorded_by=entry.recorded_by,
        reference=entry.reference,
        detail=tuple(entry.detail.items()),
        grading=grading_words(entry.grading),
        handling=HandlingCode.C if under_conditions else blank.handling,
        removed=tuple(
            Removed(place=each.place, reason=reason_words(each.reason))
            for each in redactions
            if each.entry == index
        ),
        struck=strokes.find(body.sender, body.jti, index),
    )


def _blank(
    one: Told, body: ItemBody | NoticeBody, household: Household, names: dict[str, str], *, index: int
) -> Statement:
    """What every statement of an envelope shares."""
    declared = one.declaration
    if isinstance(body, ItemBody):
        handling, conditions, as_of = body.handling, body.conditions, body.searched.as_of
    else:
        handling = (
            declared.handling if isinstance(declared, Notice) else HandlingCode.OFFICIAL_SENSITIVE_PERSONAL
        )
        conditions, as_of = None, None
    return Statement(
        ref="",
        person=household.ref_of[body.sender, body.jti, index],
        on=None,
        sort=Sort.ENTRY,
        what="",
        nature="",
        agency=body.sender,
        says=names.get(body.sender, body.sender),
        category=body.category,
        about=CATEGORY_FACTS[body.category].title,
        recorded_by=None,
        reference=None,
        detail=(),
        grading=None,
        handling=handling,
        conditions=conditions,
        as_of=as_of,
        told_at=one.at,
        removed=(),
        struck=None,
        in_place_of=_target(one) is not None,
        envelope=body.jti,
    )


def _corrections(
    told: Sequence[Told], statements: Sequence[Statement], names: dict[str, str]
) -> Iterator[CorrectionSeen]:
    known = {(one.body.sender, one.body.jti) for one in told}
    others = {one.body.jti for one in told}
    for one in told:
        target = _target(one)
        if target is None:
            continue
        sender, (envelope, _, why) = one.body.sender, target
        by = names.get(sender, sender)
        mark = Struck(by=by, at=one.at, why=why)
        note = None
        if (sender, envelope) not in known:
            note = (
                "It speaks of another agency's item, so nothing is struck: ask both agencies."
                if envelope in others
                else "What it corrects is not in this picture."
            )
        concern = one.body.concern if isinstance(one.body, NoticeBody) else ""
        yield CorrectionSeen(
            by=by,
            at=one.at,
            why=why if not concern or concern == why else f"{why} {concern}",
            struck=tuple(
                each.ref
                for each in statements
                if (each.agency, each.envelope) == (sender, envelope) and each.struck == mark
            ),
            instead=tuple(
                each.ref for each in statements if (each.agency, each.envelope) == (sender, one.body.jti)
            ),
            note=note,
        )
