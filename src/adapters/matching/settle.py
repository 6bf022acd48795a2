"""From candidates to an answer: this very person, nobody, or for a person at the source to say.

Promises: found only by an identifier that exactly one record bears and that nothing known on both sides
contradicts, or by a certain score well ahead of every other. Two possible people are never chosen between
here. An NHS number that fails its check finds nobody and says so; any other identifier that fails is compared
as it is written, and the failure is told.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from adapters.connectors import nhs_number
from adapters.connectors.connector import (
    Candidate,
    Found,
    Match,
    MatchedBy,
    NotFound,
    PersonRef,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.matching import comparison, identifier
from adapters.matching.identifier import Check, Written
from adapters.matching.person import Described
from adapters.matching.score import LEAD, Band, Score, Sought, score
from broker.protocol.body import Identifier, Searched

_LINE: Final = 500
_CANDIDATES: Final = 20
"""More are no help to whoever must choose."""


def settle(
    sought: SubjectSought,
    people: Iterable[Described],
    *,
    connector: str,
    searched: Searched,
    complete: frozenset[str] = frozenset(),
) -> Match:
    """Say who of `people` is sought.

    Args:
        people: every record that bears one of the identifiers or might fit the description; the whole system
            where it is small.
        connector: the system's name, for the references given.
        searched: what a "not found" says was searched; by what is added here.
        complete: kinds of identifier that every record of the system bears, so that nobody by a number of
            that kind is an answer even where nothing else is known.
    """
    given = [identifier.written(each) for each in sought.identifiers]
    fault = _number_fault(sought)
    if fault is not None:
        return WaitsForPerson(reason=fault)
    everyone = list(people)
    described = Sought(
        name=sought.name,
        born=sought.born,
        address=sought.address,
        contacts=sought.contacts,
        relatives=sought.relatives,
    )
    bearers = [(person, found) for person in everyone if (found := _borne(given, person.identifiers))]
    if bearers:
        return _by_identifier(sought, bearers, given, _scores(described, [p for p, _ in bearers]), connector)
    formerly = [person for person in everyone if _borne(given, person.former)]
    if formerly:
        return _waits(WaitReason.SUPERSEDED, formerly, _scores(described, formerly), connector)
    if (sought.name is None or sought.born is None) and any(_rules_out(each, complete) for each in given):
        return NotFound(searched=_by_what(searched, sought, everyone))
    by_what = _by_what(searched, sought, everyone)
    return _by_description(sought, everyone, _scores(described, everyone), connector, by_what)


def _by_what(searched: Searched, sought: SubjectSought, everyone: Sequence[Described]) -> Searched:
    """Say by what somebody was searched who was not found."""
    by = list(dict.fromkeys(identifier.title(each.system) for each in sought.identifiers))
    if sought.name is not None and sought.born is not None:
        nameless = everyone and not any(person.names for person in everyone)
        by.append(
            "birth date, as no names are held" if nameless else "name and birth date, spelt alike or mistyped"
        )
    return Searched(systems=searched.systems, by=by or searched.by, as_of=searched.as_of)


def _scores(described: Sought, people: Iterable[Described]) -> dict[str, Score]:
    return {person.key: score(described, person) for person in people}


def _rules_out(each: Written, complete: frozenset[str]) -> bool:
    return each.system in complete and each.check is not Check.FAILED


def _number_fault(sought: SubjectSought) -> WaitReason | None:
    numbers = set()
    for each in sought.identifiers:
        if each.system == nhs_number.SYSTEM:
            try:
                numbers.add(nhs_number.check(each.value))
            except nhs_number.NumberRefused as refused:
                return WaitReason(refused.code)
    return WaitReason.SEVERAL_NUMBERS if len(numbers) > 1 else None


def _borne(given: Sequence[Written], identifiers: Iterable[Identifier]) -> list[Written]:
    kinds = {each.system for each in given}
    recorded = [identifier.written(each) for each in identifiers if each.system in kinds]
    return [each for each in given if any(identifier.same(each, other) for other in recorded)]


def _by_identifier(
    sought: SubjectSought,
    bearers: Sequence[tuple[Described, list[Written]]],
    given: Sequence[Written],
    scored: dict[str, Score],
    connector: str,
) -> Match:
    people = [person for person, _ in bearers]
    if len(people) > 1:
        return _waits(WaitReason.SEVERAL_PEOPLE, people, scored, connector)
    person, by = bearers[0]
    day = comparison.born(sought.born, person.born)
    if day is not None and not day.exact:
        return _waits(WaitReason.BORN_DIFFERS, people, scored, connector)
    named = comparison.names(sought.name, person.names)
    if named is not None and all(each.points < 0 for each in named):
        return _waits(WaitReason.NAME_DIFFERS, people, scored, connector)
    if any(_contradicts(each, person) for each in given if each not in by):
        return _waits(WaitReason.IDENTIFIERS_DISAGREE, people, scored, connector)
    how = tuple(
        f"exact match on {identifier.title(each.system)}, whose check fails as it is written in both places"
        if each.check is Check.FAILED
        else f"exact match on {identifier.title(each.system)}"
        for each in by
    )
    return Found(person=_reference(person, connector, MatchedBy.IDENTIFIER, how))


def _contradicts(each: Written, person: Described) -> bool:
    """Whether the record bears another identifier of a kind that one person has only one of."""
    if each.check is not Check.PASSED:
        return False
    return any(
        other.system == each.system and other.check is Check.PASSED
        for other in map(identifier.written, person.identifiers)
    )


def _by_description(
    sought: SubjectSought,
    everyone: Sequence[Described],
    scored: dict[str, Score],
    connector: str,
    searched: Searched,
) -> Match:
    if sought.name is None or sought.born is None:
        # Less than that describes too many; it finds nobody and rules nobody out.
        return WaitsForPerson(
            reason=WaitReason.NOT_DESCRIBED, candidates=_candidates(everyone, scored, connector)
        )
    near = _near(everyone, scored)
    if not near:
        return NotFound(searched=searched)
    best, *others = near
    ahead = scored[best.key].points - max((scored[other.key].points for other in others), default=0)
    if scored[best.key].band is Band.CERTAIN and ahead >= LEAD:
        return Found(person=_reference(best, connector, MatchedBy.DESCRIPTION, scored[best.key].reasons))
    return _waits(WaitReason.NEAR, near, scored, connector)


def _near(everyone: Iterable[Described], scored: dict[str, Score]) -> list[Described]:
    near = [person for person in everyone if scored[person.key].band is not Band.NO]
    return sorted(near, key=lambda person: -scored[person.key].points)


def _waits(
    reason: WaitReason, people: Sequence[Described], scored: dict[str, Score], connector: str
) -> WaitsForPerson:
    shown = tuple(_candidate(person, scored[person.key], connector) for person in people[:_CANDIDATES])
    return WaitsForPerson(reason=reason, candidates=shown)


def _candidates(
    everyone: Iterable[Described], scored: dict[str, Score], connector: str
) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(person, scored[person.key], connector) for person in _near(everyone, scored)[:_CANDIDATES]
    )


def _candidate(person: Described, found: Score, connector: str) -> Candidate:
    return Candidate(
        person=_reference(person, connector, MatchedBy.PERSON, ()),
        name=person.name,
        born=None if person.born is None else person.born.isoformat(),
        restricted=person.restricted,
        score=found.points,
        reasons=found.reasons,
    )


def _reference(person: Described, connector: str, matched: MatchedBy, how: tuple[str, ...]) -> PersonRef:
    return PersonRef(connector=connector, key=person.key, matched=matched, how=how)


def ways(person: PersonRef) -> list[str]:
    """Say by what a person was found, as `Searched.by` takes it."""
    if person.matched is MatchedBy.PERSON:
        return ["a record chosen by a person of the agency"]
    if person.matched is MatchedBy.DESCRIPTION:
        return [f"description: {', '.join(person.how)}"[:_LINE]]
    return list(person.how)
