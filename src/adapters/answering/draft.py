"""A received ask and a record system in, one prepared answer per asked category out.

Promises: only categories that were asked, only people found by an exact checked identifier; anything less,
anything restricted, left out or without a rule waits for a person, with the coded reason. Does no I/O but
through the connector, and releases nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.answering.grounds_form import Claiming, preset_grounds
from adapters.answering.release_rules import Release, ReleaseRule, ReleaseRules
from adapters.connectors.connector import Connector, Found, NotFound, Reading, SubjectSought, WaitsForPerson
from adapters.order import ItemOrder
from broker.protocol.body import AskBody, Entry, Redaction, Searched
from broker.protocol.declaration import Ask
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, Sector

NOT_SERVED: Final = "connector-does-not-serve"
NO_RULE: Final = "no-release-rule"
OTHER_PURPOSE: Final = "purpose-not-in-rule"
NO_PRESET: Final = "preset-does-not-fit"
RESTRICTED: Final = "restricted-record"
LEFT: Final = "left-for-person"
RULE_WAITS: Final = "rule-says-waiting"
NIL_WAITS: Final = "nil-waits"
TOO_MANY: Final = "too-many-entries"
_MOST: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One category's prepared answer.

    `item` None: nothing could be prepared. `why` None: it may go by itself.
    """

    category: Category
    item: ItemOrder | None
    why: str | None


def prepare(
    *, ask: Ask, body: AskBody, connector: Connector, rules: ReleaseRules, policy: PolicySet, sector: Sector
) -> tuple[Draft, ...]:
    """Prepare every category of the ask, in the order asked.

    Raises:
        ConnectorFailed: the record system cannot be read; the whole ask waits.
    """
    served = frozenset(ask.categories) & connector.serves
    why, readings = _look(connector, body, served) if served else (None, [])
    drafts = []
    for category in ask.categories:
        rule = rules.rules.get(category)
        if category not in served:
            drafts.append(Draft(category=category, item=None, why=NOT_SERVED))
        elif rule is None or rules.practitioner is None:
            drafts.append(Draft(category=category, item=None, why=why or NO_RULE))
        else:
            item, waits = _item(ask, rule, rules, readings, policy, sector)
            drafts.append(Draft(category=category, item=item, why=why or waits))
    return tuple(drafts)


_Readings = list[tuple[int, Reading | Searched]]


def _look(connector: Connector, body: AskBody, served: frozenset[Category]) -> tuple[str | None, _Readings]:
    """Find every subject; the first who is not settled makes the whole ask wait, but what was found is
    prepared.
    """
    why = None
    readings: _Readings = []
    for index, person in enumerate(body.subjects):
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
            case WaitsForPerson(reason=reason):
                why = why or reason.value
    return why, readings


def _item(
    ask: Ask, rule: ReleaseRule, rules: ReleaseRules, readings: _Readings, policy: PolicySet, sector: Sector
) -> tuple[ItemOrder | None, str | None]:
    claiming = Claiming(
        policy=policy, sector=sector, action=Action.RELEASE, purpose=ask.purpose, subjects=len(ask.subjects)
    )
    if ask.purpose not in rule.purposes:
        return None, OTHER_PURPOSE
    grounds = preset_grounds(rule.preset, claiming, reason=rule.schedule1)
    if grounds is None or not readings:
        return None, NO_PRESET if grounds is None else None
    assert rules.practitioner is not None
    entries, redactions, waits = _gather(readings, rule.category)
    if waits is None and not entries and rule.nil is Release.WAITING:
        waits = NIL_WAITS
    if waits is None and entries and rule.release is Release.WAITING:
        waits = RULE_WAITS
    item = ItemOrder(
        exchange=ask.exchange,
        category=rule.category,
        practitioner=rules.practitioner,
        grounds=grounds,
        searched=_searched(
            [reading.searched if isinstance(reading, Reading) else reading for _, reading in readings]
        ),
        handling=rule.handling,
        necessity=rule.necessity,
        entries=entries,
        redactions=redactions,
    )
    return item, waits


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
        if any(left.category is category for left in reading.left):
            waits = waits or LEFT
    if len(entries) > _MOST:
        return tuple(entries[:_MOST]), tuple(redactions), TOO_MANY
    return tuple(entries), tuple(redactions), waits


def _searched(each: Sequence[Searched]) -> Searched:
    """What was searched for all people together: every system, every way, as of the oldest."""
    systems = list(dict.fromkeys(system for one in each for system in one.systems))
    ways = list(dict.fromkeys(way for one in each for way in one.by))
    dates = [one.as_of for one in each if one.as_of is not None]
    oldest = min(dates, key=lambda date: date.isoformat()) if len(dates) == len(each) else None
    return Searched(systems=systems, by=ways, as_of=oldest)
