"""What every connector must do, tried on a connector: who is found, who is not, what a reading holds.

Promises: asks only, by numbers that are given and by numbers nobody bears; what it says holds no value of a
record. That a connector passes does not show that its records are read rightly: look at a reading for that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

from adapters.connectors import nhs_number, spelling
from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from broker.protocol.body import Identifier
from policies.vocabulary import SubjectRole

NOBODY: Final = "9999999999"
_ABSENT: Final = ("9990000042", "9990000050", "9990000069", "9990000077", "9990000085", "9990000093")
"""Valid numbers of the range that is issued to nobody."""
_STRANGER: Final = "Nobody-at-all Never-heard-of"
_LONG_AGO: Final = date(1801, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whom to try it on: identifiers of people it holds; `restricted` are those of restricted records.
    No reading may hold any of `never`.
    """

    people: tuple[Identifier, ...] = field(repr=False)
    restricted: tuple[Identifier, ...] = field(default=(), repr=False)
    never: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing tried. `fault` None: passed; else what was wrong, and `remedy` says what to do."""

    what: str
    fault: str | None
    remedy: str


class _Fault(Exception):
    """What was wrong."""


def examine(connector: Connector, trial: Trial) -> Iterator[Check]:
    """Try everything, in an order in which the first fault explains those after it."""
    for what, remedy, attempt in _attempts(connector, trial):
        try:
            attempt()
            fault = None
        except _Fault as found:
            fault = str(found)
        except ConnectorFailed as failed:
            fault = f"it failed with {failed.code}: {failed.message}"
        yield Check(what=what, fault=fault, remedy=remedy)


_Attempt = tuple[str, str, Callable[[], None]]


def _attempts(connector: Connector, trial: Trial) -> Iterator[_Attempt]:
    yield (
        "it says what it is and what it serves",
        "give `name` in words an asker understands, and `serves`",
        lambda: _names_itself(connector),
    )
    yield (
        "it says how fresh it is and what it could not use",
        "give `freshness` an instant with time zone or None, `unread` numbers and codes",
        lambda: _speaks_of_itself(connector),
    )
    yield (
        "nobody is found by a number that nobody bears, and it says what was searched",
        "compare numbers exactly; give NotFound with `searched`",
        lambda: _nobody(connector, trial),
    )
    for what, value, reason in (
        ("a number whose check digit fails waits for a person", _mistyped(trial), WaitReason.CHECK_DIGIT),
        ("a number that is not ten digits waits for a person", "12345", WaitReason.FORM),
        ("a number that stands for `unknown` waits for a person", NOBODY, WaitReason.PLACEHOLDER),
    ):
        yield (
            what,
            f"check numbers with `nhs_number.check`, or leave it to `settle`: reason {reason.value}",
            partial(_refused, connector, value, reason),
        )
    yield (
        "two numbers at once wait for a person",
        f"never choose between identifiers: reason {WaitReason.SEVERAL_NUMBERS.value}",
        lambda: _several(connector, trial),
    )
    yield (
        "with nothing, a name or a birth date alone, nobody is found or ruled out",
        "give WaitsForPerson for anything less than an identifier or a whole description",
        lambda: _less(connector),
    )
    for position, by in enumerate(trial.people, start=1):
        yield from _about(connector, trial, position, by)


def _about(connector: Connector, trial: Trial, position: int, by: Identifier) -> Iterator[_Attempt]:
    who = f"person {position}"
    yield (
        f"{who} is found, each time the same, whatever the asker says of the check",
        "find by every spelling of an identifier; `key` is stable and `connector` is `name`",
        lambda: _found_again(connector, by),
    )
    yield (
        f"{who} waits if the birth date or the whole name is another",
        "compare what is known on both sides: birth-date-differs, name-differs",
        lambda: _contradicted(connector, by),
    )
    yield (
        f"{who} is read: what is asked and served, no more, the same each time",
        "give `entries` a key for each category asked and served, and `searched`",
        lambda: _read(connector, by),
    )
    yield (
        f"a person of another system, or one who is not there, is not read as {who}",
        "raise ConnectorFailed `person-not-here` or `person-gone`",
        lambda: _not_here(connector, by),
    )
    restricted = by in trial.restricted
    yield (
        f"{who} is read as {'a restricted record' if restricted else 'a record'} without what must not leave",
        "say `restricted`, and end `read` with `release.redact(reading, protected)`",
        lambda: _silent(connector, by, restricted=restricted, never=trial.never),
    )


def nhs(number: str) -> Identifier:
    """An NHS number as an asker gives it: `checked` is the asker's word."""
    return Identifier(system=nhs_number.SYSTEM, value=number, checked=True)


def _sought(*by: Identifier, name: str | None = None, born: date | None = None) -> SubjectSought:
    return SubjectSought(role=SubjectRole.CHILD, name=name, born=born, identifiers=by)


def _number(trial: Trial) -> str:
    """An NHS number that is held, or one that nobody bears."""
    return next((each.value for each in trial.people if each.system == nhs_number.SYSTEM), _ABSENT[0])


def _person(connector: Connector, by: Identifier) -> PersonRef:
    match connector.find(_sought(by)):
        case Found(person=person):
            return person
        case WaitsForPerson(reason=reason):
            raise _Fault(f"they wait for a person: {reason.value}")
        case NotFound():
            raise _Fault("they are not found")


def _must(holds: bool, fault: str) -> None:
    if not holds:
        raise _Fault(fault)


def _names_itself(connector: Connector) -> None:
    _must(bool(connector.name.strip()), "it has no name")
    _must(
        not spelling.looks_like_contact(connector.name), "its name looks like a telephone number or address"
    )
    _must(bool(connector.serves), "it serves no category")


def _speaks_of_itself(connector: Connector) -> None:
    fresh = connector.freshness()
    _must(fresh is None or fresh.tzinfo is not None, "its freshness has no time zone")
    _must(all(each.code and each.count > 0 for each in connector.unread()), "`unread` counts nothing")


def _nobody(connector: Connector, trial: Trial) -> None:
    absent = next(each for each in _ABSENT if nhs(each) not in trial.people)
    match = connector.find(_sought(nhs(absent), name=_STRANGER, born=_LONG_AGO))
    _must(not isinstance(match, Found), "somebody was found")
    _must(isinstance(match, NotFound), "it waits for a person")
    if isinstance(match, NotFound):
        _must(bool(match.searched.systems and match.searched.by), "it does not say what was searched")


def _mistyped(trial: Trial) -> str:
    number = _number(trial)
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _refused(connector: Connector, value: str, reason: WaitReason) -> None:
    match = connector.find(_sought(nhs(value)))
    _must(isinstance(match, WaitsForPerson), "it does not wait for a person")
    if isinstance(match, WaitsForPerson):
        _must(match.reason is reason, f"its reason is {match.reason.value}")


def _several(connector: Connector, trial: Trial) -> None:
    number = _number(trial)
    other = next(each for each in _ABSENT if each != number)
    match = connector.find(_sought(nhs(number), nhs(other)))
    _must(isinstance(match, WaitsForPerson), "it does not wait for a person")


def _less(connector: Connector) -> None:
    for sought in (_sought(), _sought(name=_STRANGER), _sought(born=_LONG_AGO)):
        _must(isinstance(connector.find(sought), WaitsForPerson), "it does not wait for a person")


def _found_again(connector: Connector, by: Identifier) -> None:
    person = _person(connector, by)
    _must(person.connector == connector.name, "`connector` is not the system's name")
    _must(person.matched is not MatchedBy.PERSON, "it says that a person chose")
    spaced = by.model_copy(update={"value": f"{by.value[:3]} {by.value[3:6]} {by.value[6:]}"})
    _must(_person(connector, spaced).key == person.key, "with spaces it is somebody else")
    unchecked = SubjectSought(
        role=SubjectRole.PARENT, identifiers=(by.model_copy(update={"checked": False}),)
    )
    match = connector.find(unchecked)
    _must(isinstance(match, Found) and match.person.key == person.key, "the second time it is somebody else")


def _contradicted(connector: Connector, by: Identifier) -> None:
    match = connector.find(_sought(by, name=_STRANGER, born=_LONG_AGO))
    _must(isinstance(match, WaitsForPerson), "they are found under another name and birth date")


def _read(connector: Connector, by: Identifier) -> None:
    person = _person(connector, by)
    whole = connector.read(person, connector.serves)
    _must(set(whole.entries) <= connector.serves, "a reading holds what is not served")
    _must(bool(whole.searched.systems and whole.searched.by), "it does not say what was searched")
    _must(connector.read(person, connector.serves) == whole, "read again it is another")
    _must(not connector.read(person, frozenset()).entries, "asked for nothing it gives something")
    for category in sorted(connector.serves):
        one = connector.read(person, frozenset({category})).entries
        _must(set(one) <= {category}, f"asked for {category.value} alone it gives more")
        _must(one.get(category) == whole.entries.get(category), f"{category.value} alone is another")


def _not_here(connector: Connector, by: Identifier) -> None:
    person = _person(connector, by)
    elsewhere = PersonRef(connector=connector.name + " elsewhere", key=person.key, matched=person.matched)
    gone = PersonRef(connector=connector.name, key=person.key + "-nobody", matched=person.matched)
    for each in (elsewhere, gone):
        try:
            connector.read(each, connector.serves)
        except ConnectorFailed as failed:
            known = ("person-not-here", "person-gone")
            _must(failed.code in known, f"its code is {failed.code}")
        else:
            raise _Fault("somebody is read")


def _silent(connector: Connector, by: Identifier, *, restricted: bool, never: Sequence[str]) -> None:
    reading = connector.read(_person(connector, by), connector.serves)
    _must(not restricted or reading.restricted, "it does not say that the record is restricted")
    said = _words(reading)
    held = sum(any(_holds(text, value) for text in said) for value in never)
    _must(not held, f"{held} of the values that must not leave are in it")
    if reading.restricted:
        contacts = any(spelling.looks_like_contact(text) for text in said)
        _must(not contacts, "something is written like a postcode, telephone number or e-mail address")
        _must(
            all(reading.redactions.get(each) for each in reading.entries), "it does not say what is left out"
        )


def _words(reading: Reading) -> list[str]:
    # Not the references: the digits of an id look like a telephone number.
    return [
        text
        for given in reading.entries.values()
        for entry in given
        for text in (entry.what, entry.recorded_by or "", *(part for pair in entry.detail for part in pair))
    ] + [*reading.searched.systems]


def _holds(text: str, value: str) -> bool:
    return spelling.Haystack.of(text).holds(spelling.spellings(value))
