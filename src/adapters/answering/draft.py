"""A received ask and a record system in, one prepared answer per asked category out.

Promises: only categories that were asked, only people found by an exact checked identifier, a certain score
or a person's choice; anything less, anything restricted, left out, graded C, about a third party or without a
rule waits for a person, with the coded reason; what a record marks as sensitive is in no draft, and what was
left out, redacted or not searched is never prepared as nothing found. Does no I/O but
through the connector, and releases nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from adapters.answering.edit import under_conditions
from adapters.answering.grounds_form import Claiming, preset_grounds
from adapters.answering.reason import (
    CHOSEN,
    GRADED_C,
    LEFT,
    NIL_WAITS,
    NO_PRESET,
    NO_RULE,
    NOT_SERVED,
    OTHER_PURPOSE,
    RESTRICTED,
    RULE_WAITS,
    SENSITIVE,
    THIRD_PARTY,
    TOO_MANY,
    TWO_PERSONS,
)
from adapters.answering.release_rules import NEVER_AUTOMATIC, Release, ReleaseRule, ReleaseRules, Sensitive
from adapters.answering.third_party import findings
from adapters.connectors.connector import (
    Candidate,
    Connector,
    Found,
    LeftReason,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
    WaitsForPerson,
)
from adapters.order import ItemOrder
from broker.protocol.body import AskBody, Entry, Redaction, Searched
from broker.protocol.declaration import Ask
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, DeclineReason, Sector

_MOST: Final = 5_000
_LINE: Final = 500
_MARKED: Final = frozenset({LeftReason.LABELLED})
"""Why a connector leaves what its record marks as sensitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """A subject for whom a person must say which record is theirs."""

    subject: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One category's prepared answer.

    `item` None: nothing could be prepared. `why` None: it may go by itself, as `declined` where that is set.
    `unsure` is the same in every draft of an ask.
    """

    category: Category
    item: ItemOrder | None
    why: str | None
    declined: DeclineReason | None = None
    unsure: tuple[Unsure, ...] = ()


Chosen = Mapping[int, PersonRef | None]
"""Per subject the record that a person chose; None: none of those offered."""
NOBODY_CHOSE: Final[Chosen] = MappingProxyType({})


def prepare(
    *,
    ask: Ask,
    body: AskBody,
    connector: Connector,
    rules: ReleaseRules,
    policy: PolicySet,
    sector: Sector,
    chosen: Chosen = NOBODY_CHOSE,
) -> tuple[Draft, ...]:
    """Prepare every category of the ask, in the order asked.

    Raises:
        ConnectorFailed: the record system cannot be read; the whole ask waits.
    """
    served = frozenset(ask.categories) & connector.serves
    why, readings, unsure = _look(connector, body, served, chosen) if served else (None, [], ())
    drafts = []
    for category in ask.categories:
        rule = rules.rules.get(category)
        if category not in served:
            drafts.append(Draft(category=category, item=None, why=NOT_SERVED))
        elif rule is None or rules.practitioner is None:
            drafts.append(Draft(category=category, item=None, why=why or NO_RULE))
        else:
            draft = _draft(ask, body, rule, rules, readings, policy, sector)
            drafts.append(replace(draft, why=why or draft.why))
    return tuple(replace(draft, unsure=unsure) for draft in drafts)


_Readings = list[tuple[int, Reading | Searched]]


def _look(
    connector: Connector, body: AskBody, served: frozenset[Category], chosen: Chosen
) -> tuple[str | None, _Readings, tuple[Unsure, ...]]:
    """Find every subject; the first who is not settled makes the whole ask wait, but what was found is
    prepared.
    """
    why = CHOSEN if chosen else None
    readings: _Readings = []
    unsure: list[Unsure] = []
    for index, person in enumerate(body.subjects):
        if index in chosen:
            readings.append((index, _by_choice(connector, chosen[index], served)))
            continue
        sought = SubjectSought(
            role=person.role,
            name=person.name,
            born=person.born,
            identifiers=tuple(person.identifiers),
            address=person.address,
            relatives=tuple(o.name for o in body.subjects if o is not person and o.name is not None),
        )
        match connector.find(sought):
            case Found(person=found):
                readings.append((index, connector.read(found, served)))
            case NotFound(searched=searched):
                readings.append((index, searched))
            case WaitsForPerson(reason=reason, candidates=candidates):
                why = reason.value if why in (None, CHOSEN) else why
                unsure.append(Unsure(subject=index, candidates=candidates))
    return why, readings, tuple(unsure)


def _by_choice(
    connector: Connector, person: PersonRef | None, served: frozenset[Category]
) -> Reading | Searched:
    if person is not None:
        return connector.read(person, served)
    how = "description; of the records that fit nearly, a person said that none is theirs"
    return Searched(systems=[connector.name], by=[how], as_of=connector.freshness())


def _draft(
    ask: Ask,
    body: AskBody,
    rule: ReleaseRule,
    rules: ReleaseRules,
    readings: _Readings,
    policy: PolicySet,
    sector: Sector,
) -> Draft:
    claiming = Claiming(
        policy=policy, sector=sector, action=Action.RELEASE, purpose=ask.purpose, subjects=len(ask.subjects)
    )
    if ask.purpose not in rule.purposes:
        return Draft(category=rule.category, item=None, why=OTHER_PURPOSE)
    grounds = preset_grounds(rule.preset, claiming, reason=rule.schedule1)
    if grounds is None or not readings:
        return Draft(category=rule.category, item=None, why=NO_PRESET if grounds is None else None)
    assert rules.practitioner is not None
    entries, redactions, waits = _gather(readings, rule.category)
    item = ItemOrder(
        exchange=ask.exchange,
        category=rule.category,
        practitioner=rules.practitioner,
        grounds=grounds,
        searched=_searched(
            [
                (index, reading.searched if isinstance(reading, Reading) else reading)
                for index, reading in readings
            ]
        ),
        handling=rule.handling,
        necessity=rule.necessity,
        entries=entries,
        redactions=redactions,
    )
    marked = _marked(readings, rule.category)
    if marked and rule.sensitive is Sensitive.WAITING:
        waits = waits or SENSITIVE
    if redactions and not entries:
        waits = waits or LEFT
    if (marked or waits) and not entries:
        # "Nothing found" would be untrue, and "something is held" would tell the protected fact.
        declined = None if waits else DeclineReason.PROTECTED_FACT
        return Draft(category=rule.category, item=None, why=waits, declined=declined)
    return Draft(category=rule.category, item=item, why=waits or _by_rule(item, rule, body))


def _by_rule(item: ItemOrder, rule: ReleaseRule, body: AskBody) -> str | None:
    """Why what could be prepared does not go by itself; None where it does."""
    if not item.entries:
        return NIL_WAITS if rule.nil is not Release.AUTOMATIC else None
    if rule.release is Release.TWO_PERSONS:
        return TWO_PERSONS
    if rule.release is Release.WAITING or rule.category in NEVER_AUTOMATIC:
        return RULE_WAITS
    if under_conditions(item):
        return GRADED_C
    return THIRD_PARTY if findings(item, body.subjects) else None


def _marked(readings: _Readings, category: Category) -> bool:
    return any(
        left.category is category and left.reason in _MARKED
        for _, reading in readings
        if isinstance(reading, Reading)
        for left in reading.left
    )


def _gather(
    readings: _Readings, category: Category
) -> tuple[tuple[Entry, ...], tuple[Redaction, ...], str | None]:
    entries: list[Entry] = []
    redactions: list[Redaction] = []
    waits = None
    for index, reading in readings:
        if not isinstance(reading, Reading):
            continue
        if category not in reading.entries:
            waits = waits or NOT_SERVED
            continue
        entries += [entry.about(index) for entry in reading.entries[category]]
        redactions += reading.redactions.get(category, ())
        if reading.restricted:
            waits = waits or RESTRICTED
        if any(left.category is category and left.reason not in _MARKED for left in reading.left):
            waits = waits or LEFT
    if len(entries) > _MOST:
        return tuple(entries[:_MOST]), tuple(redactions), TOO_MANY
    return tuple(entries), tuple(redactions), waits


def _searched(each: Sequence[tuple[int, Searched]]) -> Searched:
    """What was searched for all people together: every system, for whom in which way, as of the oldest."""
    systems = list(dict.fromkeys(system for _, one in each for system in one.systems))
    several = len(each) > 1
    ways = [
        (f"person {index + 1}: {way}" if several else way)[:_LINE] for index, one in each for way in one.by
    ]
    dates = [one.as_of for _, one in each if one.as_of is not None]
    oldest = min(dates, key=lambda date: date.isoformat()) if len(dates) == len(each) else None
    return Searched(systems=systems, by=list(dict.fromkeys(ways)), as_of=oldest)
