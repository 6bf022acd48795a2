"""Who is who across exchanges: descriptions of people joined into persons. Pure.

Joined are, in this order: the same checked NHS number; the same person by its sender's own word within an
exchange, or by the same traced number across exchanges (equal t1); the same name and birth date, which is
said to be so ("described alike"). Nobody is joined across two checked NHS numbers, nor across two checked
identifiers of another system without one in common, nor to one of two such people who are both alike: they
are kept apart, and that is said. Nothing else joins anybody.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

from adapters.picture.picture import Individual, Said
from adapters.picture.wording import ROLES, day, listed
from broker.protocol.body import NHS_NUMBER, Person
from policies.vocabulary import SubjectRole

_SAME_NUMBER: Final = "the same checked NHS number"
_SAME_SUBJECT: Final = "named as the same person in their exchange"
ALIKE: Final = "described alike: the same name and birth date, no shared number"
"""Why people are taken for one without a number that says so."""
_ORDER: Final = tuple(SubjectRole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One description of a person: the subject at `index` of the envelope `envelope` of `agency` (`says` is
    its name).
    """

    agency: str
    says: str
    envelope: str
    index: int
    person: Person

    @property
    def key(self) -> tuple[str, str, int]:
        """Where it stands; an envelope's id is unique per sender only."""
        return self.agency, self.envelope, self.index


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The persons, and which one each description is of."""

    people: tuple[Individual, ...]
    ref_of: dict[tuple[str, str, int], str]
    members: dict[str, tuple[Described, ...]]


def plain_name(name: str) -> str:
    """A name for comparing: case, hyphens and spaces do not tell people apart."""
    return " ".join(name.casefold().replace("-", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def join(described: Sequence[Described]) -> Household:
    """Join the descriptions, children first and then as they were first named."""
    groups = _Groups(described)
    groups.unite(_number, _SAME_NUMBER)
    groups.unite(lambda each: each.person.t1, _SAME_SUBJECT)
    groups.unite(_alike, ALIKE)
    found = sorted(groups.all(), key=lambda group: min(_ORDER.index(each.person.role) for each in group))
    refs = {id(group): f"P{number}" for number, group in enumerate(found, 1)}
    labels = _labels(found)
    people = tuple(
        _individual(refs[id(group)], labels[number], group, groups, _lookalikes(group, found, refs))
        for number, group in enumerate(found)
    )
    return Household(
        people=people,
        ref_of={each.key: refs[id(group)] for group in found for each in group},
        members={refs[id(group)]: tuple(group) for group in found},
    )


class _Groups:
    """Descriptions in groups that only ever grow together."""

    def __init__(self, described: Sequence[Described]) -> None:
        self._groups = [[each] for each in described]
        self._why: dict[int, list[str]] = {}
        self._into: dict[int, list[Described]] = {}

    def all(self) -> list[list[Described]]:
        return [group for group in self._groups if group]

    def why(self, group: list[Described]) -> tuple[str, ...]:
        return tuple(self._why.get(id(group), ()))

    def unite(self, mark: Callable[[Described], Hashable | None], why: str) -> None:
        first: dict[Hashable, list[list[Described]]] = {}
        for group in self.all():
            for found in dict.fromkeys(mark(each) for each in group):
                if found is not None:
                    first.setdefault(found, []).append(group)
        for groups in first.values():
            standing = list({id(group): group for group in map(self._now, groups)}.values())
            # Where two of them cannot be one, it is not known which of the two a third is.
            if not any(_clash(one, other) for one, other in combinations(standing, 2)):
                for group in standing[1:]:
                    self._merge(standing[0], group, why)

    def _merge(self, into: list[Described], group: list[Described], why: str) -> None:
        reasons = self._why.setdefault(id(into), [])
        reasons += [each for each in (*self._why.get(id(group), ()), why) if each not in reasons]
        into += group
        group.clear()
        self._into[id(group)] = into

    def _now(self, group: list[Described]) -> list[Described]:
        """The group that this one has become part of."""
        while not group:
            group = self._into[id(group)]
        return group


def _number(each: Described) -> str | None:
    numbers = {one.value for one in each.person.identifiers if one.checked and one.system == NHS_NUMBER}
    return numbers.pop() if len(numbers) == 1 else None


def _alike(each: Described) -> Hashable | None:
    person = each.person
    if person.name is None or person.born is None:
        return None
    return plain_name(person.name), person.born


def _clash(one: Iterable[Described], other: Iterable[Described]) -> bool:
    """Whether checked identifiers say that these are two people: two NHS numbers, or two of another system
    with none in common (a UPN may change, an NHS number that is shared outweighs it).
    """
    mine, theirs = _checked(one), _checked(other)
    apart = {system for system in mine.keys() & theirs.keys() if mine[system].isdisjoint(theirs[system])}
    shared = any(not mine[system].isdisjoint(theirs[system]) for system in mine.keys() & theirs.keys())
    return NHS_NUMBER in apart or (bool(apart) and not shared)


def _checked(group: Iterable[Described]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in group:
        for one in each.person.identifiers:
            if one.checked:
                found.setdefault(one.system, set()).add(one.value)
    return found


def _labels(found: Sequence[list[Described]]) -> list[str]:
    """What each is called in the picture; two of one name are told apart by birth date or number."""
    labels: list[str] = []
    for number, group in enumerate(found, 1):
        name = next((each.person.name for each in group if each.person.name is not None), None)
        if name is None:
            name = f"{ROLES[group[0].person.role]} without a name"
        alone = sum(_called(other, name) for other in found) <= 1
        born = next((each.person.born for each in group if each.person.born is not None), None)
        if not alone:
            name += f" (P{number}, born {day(born)})" if born is not None else f" (P{number})"
        elif group[0].person.name is None:
            name += f" (P{number})"
        labels.append(name)
    return labels


def _called(group: Iterable[Described], name: str) -> bool:
    plain = plain_name(name)
    return any(each.person.name is not None and plain_name(each.person.name) == plain for each in group)


def _lookalikes(group: list[Described], found: Sequence[list[Described]], refs: dict[int, str]) -> list[str]:
    """Who else bears one of these names, or was named as the same, and was not joined."""
    names = {plain_name(each.person.name) for each in group if each.person.name is not None}
    marks = {each.person.t1 for each in group}
    apart = []
    for other in found:
        if other is group:
            continue
        same_name = any(each.person.name and plain_name(each.person.name) in names for each in other)
        same_mark = any(each.person.t1 in marks for each in other)
        if not (same_name or same_mark):
            continue
        mine, theirs = _births(group), _births(other)
        if _clash(group, other):
            why = "another checked number"
        elif mine & theirs:
            why = "described alike, and so is somebody else with another number"
        elif mine and theirs:
            why = "another birth date"
        else:
            why = "a birth date is missing, so they may be the same"
        apart.append(f"{refs[id(other)]} has the same name or was named as the same: {why}")
    return apart


def _births(group: Iterable[Described]) -> set[date]:
    return {each.person.born for each in group if each.person.born is not None}


def _individual(
    ref: str, label: str, group: list[Described], groups: _Groups, apart: Sequence[str]
) -> Individual:
    return Individual(
        ref=ref,
        label=label,
        roles=tuple(dict.fromkeys(ROLES[each.person.role] for each in group)),
        names=_said(group, lambda person: [person.name] if person.name else []),
        births=_said(group, lambda person: [day(person.born)] if person.born else []),
        identifiers=_said(group, _identifiers),
        addresses=_said(group, lambda person: [person.address] if person.address else []),
        relations=_said(group, lambda person: [person.relation] if person.relation else []),
        joined=groups.why(group),
        kept_apart=tuple(apart),
    )


def _identifiers(person: Person) -> list[str]:
    return [
        f"{one.system.upper()} {one.value}" + ("" if one.checked else " (not checked)")
        for one in person.identifiers
    ]


def _said(group: Iterable[Described], values: Callable[[Person], list[str]]) -> tuple[Said, ...]:
    found: dict[str, dict[str, None]] = {}
    for each in group:
        for value in values(each.person):
            found.setdefault(" ".join(value.split()), {})[each.says] = None
    return tuple(Said(value=value, by=tuple(by)) for value, by in found.items())


def said_words(said: Sequence[Said]) -> str:
    """Values with who says each, where there is more than one."""
    if len(said) == 1:
        return said[0].value
    return "; ".join(f"{one.value} (says {listed(one.by)})" for one in said)
