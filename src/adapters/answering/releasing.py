"""An answer by a person on its way out: who may let it go, what they must have seen, and the second person.

Promises: nothing is sent before all of it may be; what the third-party check finds leaves only acknowledged
one by one; where two persons are demanded, the item leaves when somebody else has approved exactly what was
prepared, and each step is journalled with who and when.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from adapters.answering.answer_form import Answer
from adapters.answering.edit import verify_conditions
from adapters.answering.reason import SECOND_PERSON, SENT_BACK
from adapters.answering.release_rules import Release, ReleaseRule, load_rules
from adapters.answering.sending import Queued, Way, draft_bytes, drafted, open_categories, send_item
from adapters.answering.third_party import Finding, findings, unseen
from adapters.desk.act import decline
from adapters.desk.approval import Step, approved_by_another, digest_of, preparer, same_person, sign, signed
from adapters.desk.exchange import ask_of
from adapters.desk.inbox import save_draft
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.order import ItemOrder
from broker.protocol.body import Entry
from broker.protocol.declaration import Declaration, Item, Notice, Practitioner
from policies.vocabulary import Category


class NotSeen(WrongOrder):
    """`not-acknowledged`: `findings` are what nobody has acknowledged. The message repeats none of them."""

    def __init__(self, found: Sequence[Finding]) -> None:
        places = "; ".join(f"{each.place}: {each.kind.value} (id {each.id})" for each in found[:20])
        super().__init__(
            "not-acknowledged",
            f"This holds what belongs to nobody asked about, or could identify a source. Take it out, or "
            f"acknowledge each by its id: {places}.",
        )
        self.findings = tuple(found)


class BackReason(StrEnum):
    """Why the second person sent a draft back. Stays at the source."""

    TOO_MUCH = "too_much"
    """More than the purpose needs."""
    THIRD_PARTY = "third_party"
    """Somebody else can be recognised in it."""
    SOURCE = "source"
    """A source could be identified."""
    WRONG_PERSON = "wrong_person"
    """It may be about somebody else."""
    GRADING = "grading"
    """Grading, handling or conditions are not right."""
    INCOMPLETE = "incomplete"
    """Something that is held and necessary is missing."""


async def send_answer(folder: Folder, exchange: str, given: Answer) -> tuple[Queued, ...]:
    """Queue everything a person answered, in its order: items first, then declines.

    Raises:
        NotSeen, WrongOrder, Untrusted: before anything is sent where a rule or the check stands against it;
            `not-the-approver`, `no-conditions`, or as `send_item`.
    """
    rules = load_rules(folder.path).rules
    for order in given.items:
        rule = rules.get(order.category)
        if rule is not None and rule.release is Release.WAITING:
            _verify_role(rule, given.practitioner)
        verify_conditions(order)
    _verify_seen(folder, exchange, given.items, given.acknowledged)
    queued = []
    for order in given.items:
        rule = rules.get(order.category)
        if rule is not None and rule.release is Release.TWO_PERSONS and order.entries:
            queued.append(await _hold(folder, order, given.practitioner))
        else:
            queued.append(await send_item(folder, order))
    for declined in given.declined:
        act = await decline(
            folder,
            exchange=exchange,
            category=declined.category,
            reason=declined.reason,
            practitioner=given.practitioner,
        )
        queued.append(Queued(category=declined.category, way=Way.DECLINE, act=act))
    return tuple(queued)


async def _hold(folder: Folder, order: ItemOrder, by: Practitioner) -> Queued:
    data = draft_bytes(order)
    digest = digest_of(data)
    await save_draft(folder, exchange=order.exchange, category=order.category, draft=data, why=SECOND_PERSON)
    await sign(folder, order.exchange, order.category, Step.PREPARED, by, digest)
    return Queued(category=order.category, way=Way.PREPARED, digest=digest)


def draft_to_approve(folder: Folder, exchange: str, category: Category) -> tuple[ItemOrder, str]:
    """The draft as it lies there, and its digest. Raises WrongOrder, `nothing-prepared`."""
    order = drafted(folder, exchange, category) if category in open_categories(folder, exchange) else None
    if order is None:
        raise WrongOrder(
            "nothing-prepared", "Nothing is prepared there: gatehouse-adapter inbox lists what waits."
        )
    return order, digest_of(draft_bytes(order))


async def approve(
    folder: Folder,
    exchange: str,
    category: Category,
    by: Practitioner,
    *,
    digest: str,
    acknowledged: frozenset[str],
) -> Queued:
    """Approve exactly the draft of that digest and let it go.

    Raises:
        WrongOrder: `nothing-prepared`, `draft-changed`, `not-the-approver`, `own-draft`,
            `not-prepared-by-person`, `no-conditions`, or as `send_item`.
        NotSeen: something was found that is not acknowledged.
    """
    order, now = draft_to_approve(folder, exchange, category)
    if now != digest:
        raise WrongOrder(
            "draft-changed", "The draft was changed since it was looked at: look at it again, then approve."
        )
    rule = load_rules(folder.path).rules.get(category)
    if rule is None or rule.release is not Release.TWO_PERSONS:
        given = Answer(
            practitioner=by,
            items=(replace(order, practitioner=by),),
            declined=(),
            acknowledged=acknowledged,
        )
        (queued,) = await send_answer(folder, exchange, given)
        return queued
    _verify_role(rule, by)
    _verify_second(folder, exchange, category, by, digest)
    verify_conditions(order)
    _verify_seen(folder, exchange, (order,), acknowledged)
    await sign(folder, exchange, category, Step.APPROVED, by, digest)
    if not approved_by_another(signed(folder, exchange, category), digest):
        raise WrongOrder("own-draft", "Another person must approve what you prepared.")
    return await send_item(folder, order)


async def send_back(
    folder: Folder, exchange: str, category: Category, by: Practitioner, *, digest: str, reason: BackReason
) -> None:
    """Give a draft back to who prepared it: it waits again, and cannot be approved as it is.

    Raises:
        WrongOrder: `nothing-prepared`, `draft-changed`.
    """
    order, now = draft_to_approve(folder, exchange, category)
    if now != digest:
        raise WrongOrder("draft-changed", "The draft was changed since it was looked at: look at it again.")
    await sign(folder, exchange, category, Step.SENT_BACK, by, digest, reason=reason.value)
    await save_draft(folder, exchange=exchange, category=category, draft=draft_bytes(order), why=SENT_BACK)


def check(folder: Folder, exchange: str, order: ItemOrder) -> tuple[Finding, ...]:
    """What the third-party check finds in an order of an ask."""
    _, opening = ask_of(folder, exchange)
    return findings(order, opening.body.subjects)


def verify_alone(folder: Folder, told: Declaration, entries: Sequence[Entry]) -> None:
    """Return only if one person may put `entries` in place of what was told. Raises WrongOrder,
    `two-persons`.
    """
    rule = load_rules(folder.path).rules.get(told.category) if isinstance(told, Item | Notice) else None
    if entries and rule is not None and rule.release is Release.TWO_PERSONS:
        raise WrongOrder(
            "two-persons",
            f"By answering.toml two persons let {rule.category.value} go: correct it without --instead, and "
            "say what holds when it is asked for.",
        )


def _verify_seen(
    folder: Folder, exchange: str, orders: Sequence[ItemOrder], acknowledged: frozenset[str]
) -> None:
    found = [each for order in orders for each in unseen(check(folder, exchange, order), acknowledged)]
    if found:
        raise NotSeen(found)


def _verify_role(rule: ReleaseRule, by: Practitioner) -> None:
    if rule.approver is not None and by.role is not rule.approver:
        role = rule.approver.value.replace("_", " ")
        raise WrongOrder(
            "not-the-approver", f"By answering.toml a {role} approves {rule.category.value}: give --role."
        )


def _verify_second(folder: Folder, exchange: str, category: Category, by: Practitioner, digest: str) -> None:
    who = preparer(signed(folder, exchange, category), digest)
    if who is None:
        raise WrongOrder(
            "not-prepared-by-person",
            "Two persons are needed and the first has not prepared it: run gatehouse-adapter answer first.",
        )
    if same_person(who, by.id):
        raise WrongOrder("own-draft", "You prepared this yourself: another person must approve it.")
