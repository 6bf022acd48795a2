"""Where sources do not agree, put side by side. Pure. A few plain rules, each of which a reader can check:

1. of one person: birth dates, names, addresses, checked identifiers that differ between agencies;
2. of one person on one day: the same detail (`reason`, `outcome` …) with another value from another agency,
   or `reason` with another value from the same one;
3. of one person on one day: one agency says present, another absent, of the same category;
4. a school's absence put down to a visit to health, where health says that day was not attended, or found no
   attendance at all in what it searched.

Struck statements take no part. Nothing is decided here: both sides stand as they were said.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Final

from adapters.picture.gathered import Told
from adapters.picture.people import Described, Household, plain_name
from adapters.picture.picture import Difference, DifferenceSide, Sort, Statement
from adapters.picture.wording import day, listed
from broker.protocol.body import ItemBody, Person
from policies.vocabulary import Category

_OWN: Final = frozenset(
    {
        "code",
        "id",
        "reference",
        "record",
        "record id",
        "system",
        "source",
        "status",
        "use",
        "until",
        "recorded",
    }
)
"""Details that are each system's own and need not agree."""
_REASON: Final = frozenset({"reason", "reason given"})
_ABSENT: Final = re.compile(
    r"\b(absen\w*|did not attend|dna|not attended|no attendance|was not brought|not in school|not present)\b",
    re.IGNORECASE,
)
_PRESENT: Final = re.compile(r"\b(present|attended|in school)\b", re.IGNORECASE)
_VISIT: Final = re.compile(
    r"\b(hospital|clinic|doctor|gp|surgery|dentist|appointment|a&e|emergency department)\b",
    re.IGNORECASE,
)
_SCHOOL: Final = frozenset({Category.ATTENDANCE, Category.SCHOOL_CONCERNS, Category.CONTACT_REPORT})


def differences_of(
    statements: Sequence[Statement], household: Household, told: Sequence[Told], names: dict[str, str]
) -> tuple[Difference, ...]:
    """Every difference, numbered, person by person."""
    standing = [each for each in statements if each.struck is None and each.sort is Sort.ENTRY]
    found = [
        *(each for person in household.people for each in _of_person(person.ref, household)),
        *_of_days(standing),
        *_of_visits(standing, household, told, names),
    ]
    order = {person.ref: number for number, person in enumerate(household.people)}
    found.sort(key=lambda each: order[each[0]])
    return tuple(
        Difference(ref=f"D{number}", person=person, what=what, sides=sides)
        for number, (person, what, sides) in enumerate(found, 1)
    )


_Found = tuple[str, str, tuple[DifferenceSide, ...]]


def _of_person(ref: str, household: Household) -> Iterator[_Found]:
    members = household.members[ref]
    yield from _values(
        ref, "Birth date", ((each, day(each.person.born)) for each in members if each.person.born)
    )
    yield from _values(
        ref, "Name", ((each, each.person.name) for each in members if each.person.name), plain=True
    )
    yield from _values(
        ref, "Address", ((each, each.person.address) for each in members if each.person.address), plain=True
    )
    systems = sorted({one.system for each in members for one in each.person.identifiers if one.checked})
    for system in systems:
        said = ((each, value) for each in members for value in _checked(each.person, system))
        yield from _values(ref, f"{system.upper()} number", said)


def _checked(person: Person, system: str) -> Iterator[str]:
    return (one.value for one in person.identifiers if one.checked and one.system == system)


def _values(
    ref: str, what: str, said: Iterable[tuple[Described, str]], *, plain: bool = False
) -> Iterator[_Found]:
    """One difference, where more than one value is said."""
    by: dict[str, tuple[str, dict[str, None]]] = {}
    for each, value in said:
        same = re.sub(r"[\s,.]+", " ", plain_name(value)).strip() if plain else value
        by.setdefault(same, (value, {}))[1][each.says] = None
    if len(by) > 1:
        sides = tuple(DifferenceSide(says=listed(says), words=value) for value, says in by.values())
        yield ref, f"{what} differs", sides


def _of_days(statements: Iterable[Statement]) -> Iterator[_Found]:
    days: dict[tuple[str, date], list[Statement]] = defaultdict(list)
    for each in statements:
        if (on := _day(each)) is not None:
            days[each.person, on].append(each)
    for (person, on), together in days.items():
        for what, sides in (
            *_details_differ(together),
            *_presence_differs(together),
            *_not_attended(together),
        ):
            yield person, f"{what}, {day(on)}", tuple(map(_side, sides))


_Part = tuple[str, Sequence[Statement]]


def _details_differ(together: Iterable[Statement]) -> Iterator[_Part]:
    by: dict[str, list[tuple[Statement, str]]] = defaultdict(list)
    for each in together:
        for key, value in {plain_name(key): plain_name(value) for key, value in each.detail}.items():
            by[key].append((each, value))
    for key, said in by.items():
        several = len({value for _, value in said}) > 1
        if key not in _OWN and ((several and key in _REASON) or _disagree(said)):
            yield f"{key.capitalize()} differs", [each for each, _ in said]


def _presence_differs(together: Iterable[Statement]) -> Iterator[_Part]:
    by: dict[Category, list[tuple[Statement, bool]]] = defaultdict(list)
    for each in together:
        there = _presence(each)
        if there is not None:
            by[each.category].append((each, there))
    for said in by.values():
        if _disagree(said):
            yield "Present or absent differs", [each for each, _ in said]


def _not_attended(together: Sequence[Statement]) -> Iterator[_Part]:
    absences = [each for each in together if _put_down_to_visit(each)]
    health = [each for each in together if each.category is Category.HEALTH_ATTENDANCES]
    if absences and health and all(_presence(each) is False for each in health):
        yield (
            "An absence is put down to a visit that health says was not attended",
            [*absences, *health],
        )


def _disagree(said: Iterable[tuple[Statement, Hashable]]) -> bool:
    """Whether two agencies have no value in common: one that says both says nothing against another."""
    values: dict[str, set[Hashable]] = defaultdict(set)
    for each, value in said:
        values[each.agency].add(value)
    return any(one.isdisjoint(other) for one, other in combinations(values.values(), 2))


def _of_visits(
    statements: Iterable[Statement], household: Household, told: Sequence[Told], names: dict[str, str]
) -> Iterator[_Found]:
    """Absences put down to a visit, against a nil for the same person."""
    absences: dict[str, list[Statement]] = defaultdict(list)
    for each in statements:
        if _put_down_to_visit(each):
            absences[each.person].append(each)
    for one in told:
        body = one.body
        if not (isinstance(body, ItemBody) and body.result == "nil"):
            continue
        if body.category is not Category.HEALTH_ATTENDANCES:
            continue
        as_of = "" if body.searched.as_of is None else f", to {day(body.searched.as_of)}"
        words = f"Found no attendance in what was searched: {', '.join(body.searched.systems)}{as_of}."
        nil = DifferenceSide(says=names.get(body.sender, body.sender), words=words)
        for person in dict.fromkeys(
            household.ref_of[body.sender, body.jti, index] for index in range(len(body.subjects))
        ):
            if sides := tuple(map(_side, absences.get(person, ()))):
                yield person, "Absences are put down to visits that health has no record of", (*sides, nil)


def _put_down_to_visit(each: Statement) -> bool:
    text = _text(each)
    return each.category in _SCHOOL and _ABSENT.search(text) is not None and _VISIT.search(text) is not None


def _presence(each: Statement) -> bool | None:
    """True for words of being there, False for words of being away, None for neither or both."""
    text = _text(each)
    rest = _ABSENT.sub(" ", text)
    away, there = rest != text, _PRESENT.search(rest) is not None
    return None if away == there else there


def _text(each: Statement) -> str:
    return " ".join((each.what, *(value for _, value in each.detail)))


def _side(each: Statement) -> DifferenceSide:
    details = "; ".join(f"{key}: {value}" for key, value in each.detail)
    words = f"{each.what} ({details})" if details else each.what
    return DifferenceSide(says=each.says, words=words, statement=each.ref)


def _day(each: Statement) -> date | None:
    return each.on.date() if isinstance(each.on, datetime) else each.on
