"""Answering item by item, by a person at a terminal: at most twelve prompts for a typical ask.

Promises: only open categories that were asked are offered, nothing is sent before the last question is
answered, and what was typed is kept nowhere but in the sealed journal.
"""

import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial

from adapters.answering.answer_form import Answer, Declined
from adapters.answering.edit import under_conditions, verify_conditions
from adapters.answering.grounds_form import Claiming, fitting_presets, preset_grounds
from adapters.answering.policy import own_sector, policy_in_force
from adapters.answering.release_rules import ReleaseRule, load_rules
from adapters.answering.sending import drafted
from adapters.answering.typed import EDITS, ENTRY, edited, typed_entry, typed_searched
from adapters.command.answer_seen import see
from adapters.command.body import lines
from adapters.command.draft_lines import draft_lines
from adapters.command.prompt import Prompt
from adapters.command.screen import say, words
from adapters.desk.inbox import read
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Person, Searched
from broker.protocol.declaration import Ask, Practitioner
from policies.grounds import Grounds
from policies.vocabulary import (
    CATEGORY_FACTS,
    Action,
    Category,
    DeclineReason,
    HandlingCode,
    SchedulePara18Reason,
)


class _Choice(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"
    ITEM = "item"
    NIL = "nil"
    DECLINE = "decline"
    LATER = "later"


@dataclass(slots=True, kw_only=True)
class _Sitting:
    """One person answering one ask; what was searched, the grounds and why are said once."""

    folder: Folder
    ask: Ask
    by: Practitioner
    claiming: Claiming
    people: list[Person]
    prompt: Prompt
    searched: Searched | None = None
    grounds: Grounds | None = None
    necessity: str | None = None
    acknowledged: set[str] = field(default_factory=set)


def at_terminal(*, instead: str) -> None:
    """Return only where a person can be asked; `instead` is what to give elsewhere. Raises WrongOrder,
    `no-terminal`.
    """
    if not sys.stdin.isatty():
        raise WrongOrder("no-terminal", f"There is no terminal to ask you in; give {instead}.")


def ask_person(
    folder: Folder, ask: Ask, wanted: frozenset[Category], by: Practitioner, prompt: Prompt
) -> Answer:
    """Show the ask, then go through its open categories.

    Raises:
        WrongOrder: `nothing-answered`.
    """
    claiming = Claiming(
        policy=policy_in_force(folder),
        sector=own_sector(folder),
        action=Action.RELEASE,
        purpose=ask.purpose,
        subjects=len(ask.subjects),
    )
    opened = read(folder, ask.jti, sender=ask.iss)
    sitting = _Sitting(
        folder=folder, ask=ask, by=by, claiming=claiming, people=opened.body.subjects, prompt=prompt
    )
    say(*lines(opened), "")
    items: list[ItemOrder] = []
    declined: list[Declined] = []
    for category in [category for category in ask.categories if category in wanted]:
        match _category(sitting, category):
            case ItemOrder() as item:
                items.append(see(folder, _under_conditions(sitting, item), prompt, sitting.acknowledged))
            case Declined() as given:
                declined.append(given)
            case None:
                say(f"{words(category.value)} is left for later.")
    if not items and not declined:
        raise WrongOrder("nothing-answered", "Nothing was answered; what was asked still waits.")
    for item in items:
        say(f"— {CATEGORY_FACTS[item.category].title} —", *draft_lines(item))
    for given in declined:
        say(f"— {CATEGORY_FACTS[given.category].title}: declined —")
    if prompt.line("Send this now? Type yes: ") != "yes":
        raise WrongOrder("nothing-answered", "Nothing was sent; what was asked still waits.")
    return Answer(
        practitioner=by,
        items=tuple(items),
        declined=tuple(declined),
        acknowledged=frozenset(sitting.acknowledged),
    )


def _category(sitting: _Sitting, category: Category) -> ItemOrder | Declined | None:
    say(f"— {CATEGORY_FACTS[category].title} —")
    draft = drafted(sitting.folder, sitting.ask.exchange, category)
    choices = list(_Choice)
    if draft is None:
        choices = [each for each in choices if each not in (_Choice.APPROVE, _Choice.EDIT)]
    else:
        say("Prepared:", *draft_lines(draft))
    match sitting.prompt.choose("What is the answer", choices):
        case _Choice.APPROVE:
            assert draft is not None
            return replace(draft, practitioner=sitting.by)
        case _Choice.EDIT:
            assert draft is not None
            return _edited(sitting, replace(draft, practitioner=sitting.by))
        case _Choice.DECLINE:
            reason = sitting.prompt.choose("Reason (it stays here)", DeclineReason)
            return Declined(category=category, reason=reason)
        case _Choice.ITEM:
            entries = _entries(sitting)
            return _item(sitting, category, entries) if entries else None
        case _Choice.NIL:
            return _item(sitting, category, ())
        case _:
            return None


def _edited(sitting: _Sitting, order: ItemOrder) -> ItemOrder:
    say("One change a line; an empty line ends:", *(f"  {each}" for each in EDITS))
    while True:
        changed = sitting.prompt.read_until_good("Change: ", partial(edited, order))
        if changed is None:
            return order
        order = changed
        say(*draft_lines(order))


def _item(sitting: _Sitting, category: Category, entries: tuple[Entry, ...]) -> ItemOrder:
    rule = load_rules(sitting.folder.path).rules.get(category)
    if rule is not None and sitting.ask.purpose not in rule.purposes:
        rule = None
    searched = sitting.searched = sitting.searched or _searched(sitting)
    return ItemOrder(
        exchange=sitting.ask.exchange,
        category=category,
        practitioner=sitting.by,
        grounds=_grounds(sitting, rule),
        searched=searched,
        handling=HandlingCode.OFFICIAL_SENSITIVE_PERSONAL if rule is None else rule.handling,
        necessity=_necessity(sitting, rule),
        entries=entries,
    )


def _searched(sitting: _Sitting) -> Searched:
    today = datetime.fromtimestamp(sitting.folder.clock.now(), UTC).date()
    line = sitting.prompt.line(
        "Record systems searched, and by what (such as: school register; name and birth date): ", needed=True
    )
    return typed_searched(line, today=today, by=_as_asked(sitting.people))


def _as_asked(people: list[Person]) -> str:
    """By what one can have looked: the identifiers that the ask names."""
    ways = {f"{one.system} number" for each in people for one in each.identifiers}
    if any(each.name and each.born for each in people):
        ways.add("name and birth date")
    return ", ".join(sorted(ways)) or "name"


def _necessity(sitting: _Sitting, rule: ReleaseRule | None) -> str:
    if rule is not None:
        return rule.necessity
    sitting.necessity = sitting.necessity or sitting.prompt.line(
        "Why is it necessary to give this? ", needed=True
    )
    return sitting.necessity


def _grounds(sitting: _Sitting, rule: ReleaseRule | None) -> Grounds:
    if rule is not None:
        by_rule = preset_grounds(rule.preset, sitting.claiming, reason=rule.schedule1)
        if by_rule is not None:
            return by_rule
    sitting.grounds = sitting.grounds or _typed_grounds(sitting.claiming, sitting.prompt)
    return sitting.grounds


def _typed_grounds(claiming: Claiming, prompt: Prompt) -> Grounds:
    presets = fitting_presets(claiming)
    if not presets:
        raise WrongOrder(
            "no-preset", "The policy has no preset for this; write the grounds in a form: answer --from."
        )
    for each, preset in presets.items():
        say(f"  {each}: {preset.title}")
    name = next(iter(presets))
    if len(presets) > 1:
        while (name := prompt.line("Grounds (a name from the list): ", needed=True)) not in presets:
            say("That is not one of them.")
    reason = None
    if presets[name].grounds.article9 == "SCH1-P18":
        reason = prompt.choose(
            "Why is consent not relied on: a not possible, b not to be expected, c prejudice",
            SchedulePara18Reason,
        )
    grounds = preset_grounds(name, claiming, reason=reason)
    assert grounds is not None
    return grounds


def _entries(sitting: _Sitting) -> tuple[Entry, ...]:
    say(f"One entry a line; an empty line ends: {ENTRY}")
    entries: list[Entry] = []
    while True:
        entry = sitting.prompt.read_until_good(
            "What is held: ", lambda line: typed_entry(line, people=len(sitting.people))
        )
        if entry is None:
            return tuple(entries)
        entries.append(entry)


def _under_conditions(sitting: _Sitting, order: ItemOrder) -> ItemOrder:
    if under_conditions(order) and not order.conditions:
        order = replace(order, conditions=sitting.prompt.line("Conditions of handling C: ", needed=True))
    verify_conditions(order)
    return order
