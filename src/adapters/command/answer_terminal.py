"""Answering item by item, by a person at a terminal.

Promises: only open categories that were asked are offered, nothing is sent before the last question is
answered, and what was typed is kept nowhere but in the sealed journal.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from adapters.answering.answer_form import Answer, Declined
from adapters.answering.grounds_form import Claiming, fitting_presets, preset_grounds
from adapters.answering.policy import own_sector, policy_in_force
from adapters.answering.sending import drafted
from adapters.command.body import lines
from adapters.command.screen import clean, say, words
from adapters.desk.inbox import read
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder
from broker.protocol.body import Entry, Nature, Searched
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

E = TypeVar("E", bound=StrEnum)


class _Choice(StrEnum):
    APPROVE = "approve"
    ITEM = "item"
    NIL = "nil"
    DECLINE = "decline"
    LATER = "later"


@dataclass(slots=True, kw_only=True)
class _Sitting:
    """One person answering one ask; grounds are chosen once and kept for the next item."""

    folder: Folder
    ask: Ask
    by: Practitioner
    claiming: Claiming
    people: int
    grounds: Grounds | None = None


def ask_person(folder: Folder, ask: Ask, wanted: frozenset[Category], by: Practitioner) -> Answer:
    """Show the ask, then go through its open categories.

    Raises:
        WrongOrder: `no-terminal`, or `nothing-answered`.
    """
    if not sys.stdin.isatty():
        raise WrongOrder(
            "no-terminal", "There is no terminal to ask you in; give --from FILE.yaml or --approve."
        )
    claiming = Claiming(
        policy=policy_in_force(folder),
        sector=own_sector(folder),
        action=Action.RELEASE,
        purpose=ask.purpose,
        subjects=len(ask.subjects),
    )
    sitting = _Sitting(folder=folder, ask=ask, by=by, claiming=claiming, people=len(ask.subjects))
    say(*lines(read(folder, ask.jti, sender=ask.iss)), "")
    items: list[ItemOrder] = []
    declined: list[Declined] = []
    for category in [category for category in ask.categories if category in wanted]:
        match _category(sitting, category):
            case ItemOrder() as item:
                items.append(item)
            case Declined() as given:
                declined.append(given)
            case None:
                say(f"{words(category.value)} is left for later.")
    if not items and not declined:
        raise WrongOrder("nothing-answered", "Nothing was answered; what was asked still waits.")
    if _line("Send this now? Type yes: ") != "yes":
        raise WrongOrder("nothing-answered", "Nothing was sent; what was asked still waits.")
    return Answer(practitioner=by, items=tuple(items), declined=tuple(declined))


def _category(sitting: _Sitting, category: Category) -> ItemOrder | Declined | None:
    say(f"— {CATEGORY_FACTS[category].title} —")
    draft = drafted(sitting.folder, sitting.ask.exchange, category)
    choices = list(_Choice)
    if draft is None:
        choices.remove(_Choice.APPROVE)
    else:
        say("Prepared by the record system:", *(f"  {_entry(entry)}" for entry in draft.entries))
        if not draft.entries:
            say("  nothing found")
    match _choose("What is the answer", choices):
        case _Choice.APPROVE:
            assert draft is not None
            return replace(draft, practitioner=sitting.by)
        case _Choice.DECLINE:
            return Declined(category=category, reason=_choose("Reason (it stays here)", DeclineReason))
        case _Choice.ITEM:
            entries = _entries(sitting.people)
            return _item(sitting, category, entries) if entries else None
        case _Choice.NIL:
            return _item(sitting, category, ())
        case _:
            return None


def _item(sitting: _Sitting, category: Category, entries: tuple[Entry, ...]) -> ItemOrder:
    systems = _line("Which record systems were searched? ", needed=True)
    ways = _line("By what (name, number …)? ", needed=True)
    handling = _choose("Handling", HandlingCode) if entries else HandlingCode.OFFICIAL_SENSITIVE_PERSONAL
    sitting.grounds = sitting.grounds or _grounds(sitting.claiming)
    return ItemOrder(
        exchange=sitting.ask.exchange,
        category=category,
        practitioner=sitting.by,
        grounds=sitting.grounds,
        searched=Searched(systems=[systems], by=[ways], as_of=None),
        handling=handling,
        necessity=_line("Why is it necessary to give this? ", needed=True),
        entries=entries,
        conditions=_line("Conditions: ", needed=True) if handling is HandlingCode.C else None,
    )


def _grounds(claiming: Claiming) -> Grounds:
    presets = fitting_presets(claiming)
    if not presets:
        raise WrongOrder(
            "no-preset", "The policy has no preset for this; write the grounds in a form: answer --from."
        )
    for name, preset in presets.items():
        say(f"  {name}: {preset.title}")
    while (name := _line("Grounds (a name from the list): ", needed=True)) not in presets:
        say("That is not one of them.")
    reason = None
    if presets[name].grounds.article9 == "SCH1-P18":
        reason = _choose(
            "Why is consent not relied on: a not possible, b not to be expected, c prejudice",
            SchedulePara18Reason,
        )
    grounds = preset_grounds(name, claiming, reason=reason)
    assert grounds is not None
    return grounds


def _entries(people: int) -> tuple[Entry, ...]:
    say("One entry after the other; an empty line ends.")
    entries: list[Entry] = []
    while what := _line("What is held: "):
        nature = _choose("Nature", Nature)
        subject = 1
        while people > 1 and not 1 <= (subject := _number(f"About which person, 1 to {people}: ")) <= people:
            say("That is not one of them.")
        entries.append(Entry(subject=subject - 1, on=_day(), what=what, nature=nature))
    return tuple(entries)


def _entry(entry: Entry) -> str:
    return f"{'undated' if entry.on is None else entry.on.isoformat()}  {entry.nature.value}  {entry.what}"


def _day() -> date | None:
    while text := _line("On (YYYY-MM-DD, empty if not known): "):
        try:
            return date.fromisoformat(text)
        except ValueError:
            say("That is not a date written YYYY-MM-DD.")
    return None


def _number(question: str) -> int:
    text = _line(question, needed=True)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _choose(question: str, choices: Iterable[E]) -> E:
    by_name = {choice.value: choice for choice in choices}
    while True:
        typed = _line(f"{question} [{', '.join(by_name)}]: ", needed=True).replace(" ", "_")
        found = [choice for name, choice in by_name.items() if name == typed] or [
            choice for name, choice in by_name.items() if name.startswith(typed)
        ]
        if len(found) == 1:
            return found[0]
        say("Type one of them, or enough of its beginning.")


def _line(question: str, *, needed: bool = False) -> str:
    while True:
        try:
            text = input(clean(question)).strip()
        except EOFError:
            raise WrongOrder("nothing-answered", "Nothing was sent; what was asked still waits.") from None
        if text or not needed:
            return text
