"""The form that answers an ask, category by category: an item, written out or as it is prepared with what is
taken out of it, a nil that says what was searched, or a decline.

Promises: a category that was not asked, or is answered twice, is refused before anything is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from adapters.answering.edit import under_conditions
from adapters.answering.edit_form import read_edits
from adapters.answering.grounds_form import Claiming, read_grounds
from adapters.answering.holding_form import read_entries, read_searched
from adapters.answering.people_form import read_consent, read_practitioner
from adapters.answering.section import Section
from adapters.order import ItemOrder
from broker.protocol.declaration import Ask, Practitioner
from policies.consent import ConsentPosition
from policies.grounds import Grounds
from policies.policy_set import PolicySet
from policies.vocabulary import Action, Category, DeclineReason, HandlingCode, Sector


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A category that will not be given. `reason` never leaves the agency."""

    category: Category
    reason: DeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person answered. An item without entries is a nil. `acknowledged` are the ids of what the
    third-party check found and the person has seen.
    """

    practitioner: Practitioner
    items: tuple[ItemOrder, ...]
    declined: tuple[Declined, ...]
    acknowledged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What holds for every item of the form that has none of its own."""

    ask: Ask
    claiming: Claiming
    practitioner: Practitioner
    grounds: Grounds | None
    consent: ConsentPosition | None
    drafts: Mapping[Category, ItemOrder]


NO_DRAFTS: Final[Mapping[Category, ItemOrder]] = MappingProxyType({})


def read_answer(
    form: Section,
    *,
    ask: Ask,
    open_categories: frozenset[Category],
    policy: PolicySet,
    sector: Sector,
    drafts: Mapping[Category, ItemOrder] = NO_DRAFTS,
) -> Answer:
    """Read an answer to `ask`, of which `open_categories` have no final answer yet; `drafts` are what is
    prepared.

    Raises:
        BadForm: the first fault, with its line and what to do; also a category that was not asked.
    """
    claiming = Claiming(
        policy=policy, sector=sector, action=Action.RELEASE, purpose=ask.purpose, subjects=len(ask.subjects)
    )
    whole = _Whole(
        ask=ask,
        claiming=claiming,
        practitioner=read_practitioner(form),
        grounds=read_grounds(form, claiming) if form.has("grounds") else None,
        consent=read_consent(form) if form.has("consent") else None,
        drafts=drafts,
    )
    acknowledged = frozenset(form.lines("acknowledged")) if form.has("acknowledged") else frozenset()
    answers = form.each("answers", "an answer", lambda section: _answer(section, whole, open_categories))
    if not answers:
        form.refuse("answers", "has nothing in it; answer at least one category")
    if len({given.category for given in answers}) != len(answers):
        form.refuse("answers", "answers a category twice; a category has one final answer")
    form.end()
    return Answer(
        practitioner=whole.practitioner,
        items=tuple(given for given in answers if isinstance(given, ItemOrder)),
        declined=tuple(given for given in answers if isinstance(given, Declined)),
        acknowledged=acknowledged,
    )


def _answer(section: Section, whole: _Whole, open_categories: frozenset[Category]) -> ItemOrder | Declined:
    category = section.code("category", Category)
    if category not in whole.ask.categories:
        section.refuse("category", "was not asked for; leave it out, or `tell` it")
    if category not in open_categories:
        section.refuse("category", "has its final answer already; leave it out")
    given = [name for name in ("item", "nil", "decline") if section.has(name)]
    if len(given) != 1:
        section.refuse("category", "takes exactly one of `item`, `nil` and `decline`")
    if section.has("item"):
        return _item(section.section("item", "an item"), category, whole)
    if section.has("nil"):
        return _nil(section.section("nil", "a nil"), category, whole)
    decline = section.section("decline", "a decline")
    declined = Declined(category=category, reason=decline.code("reason", DeclineReason))
    decline.end()
    return declined


def _item(section: Section, category: Category, whole: _Whole) -> ItemOrder:
    if section.flag_or_none("prepared"):
        if category not in whole.drafts:
            section.refuse("prepared", "is true, but nothing is prepared there; write the item out")
        item = replace(read_edits(section, whole.drafts[category]), practitioner=whole.practitioner)
    else:
        item = _order(section, category, whole, necessity=section.words("necessity"))
        item = replace(
            item,
            entries=read_entries(section, len(whole.ask.subjects)),
            conditions=section.words_or_none("conditions"),
        )
        if not item.entries:
            section.refuse(
                "entries", "has nothing in it; where nothing is held, write `nil:` in place of `item:`"
            )
    if under_conditions(item) and item.conditions is None:
        section.refuse("handling", "c is permitted only under conditions; write them under `conditions`")
    section.end()
    return item


def _nil(section: Section, category: Category, whole: _Whole) -> ItemOrder:
    necessity = section.words_or_none("necessity") or "So that the asker knows what was searched."
    nil = _order(section, category, whole, necessity=necessity)
    section.end()
    return nil


def _order(section: Section, category: Category, whole: _Whole, *, necessity: str) -> ItemOrder:
    grounds = read_grounds(section, whole.claiming) if section.has("grounds") else whole.grounds
    if grounds is None:
        section.refuse("grounds", "is missing; add it here, or once for the whole form")
    return ItemOrder(
        exchange=whole.ask.exchange,
        category=category,
        practitioner=whole.practitioner,
        grounds=grounds,
        searched=read_searched(section),
        handling=section.code_or_none("handling", HandlingCode) or HandlingCode.OFFICIAL_SENSITIVE_PERSONAL,
        necessity=necessity,
        consent=read_consent(section) if section.has("consent") else whole.consent,
    )
