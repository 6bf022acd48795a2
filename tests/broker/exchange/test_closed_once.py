"""Every category of an ask that was opened comes to one end: an item the asker opened, or one `closed`.

Each fate below is what becomes of one category; each ask has several at once, so that none hides another's.
The due time falls while items are leased, the worst moment.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from broker.exchange.sweep import sweep
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.act import ReceiptOutcome
from policies.vocabulary import Category, RecallReason, WithdrawReason
from tests.broker.exchange.conftest import START, Play
from tests.broker.exchange.desk import Sent
from tests.broker.exchange.record_log import records
from tests.broker.exchange.test_life import opened_ask

CATEGORIES = (
    Category.HEALTH_ATTENDANCES,
    Category.HEALTH_CONDITIONS,
    Category.HEALTH_FLAGS,
    Category.HEALTH_OBSERVATIONS,
    Category.SUBSTANCE_MISUSE,
)
DUE = 3_600
OPENED, CLOSED = "opened", "closed"


@dataclass
class Part:
    """One category of one ask."""

    play: Play
    ask: Sent
    category: Category
    handed: dict[str, frame.Handover] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    async def item(self, *, deposited: bool = True, **fields: Any) -> Sent:
        """Health answers with an item."""
        health, care = self.play["health"], self.play["care"]
        item = health.item(care, self.ask, at=self.play.clock.at, category=self.category, **fields)
        await self.play.declare(health, item)
        if deposited:
            await self.play.deposit(health, item)
        self.sent.append(item)
        return item

    async def says(self, model: Any, **fields: Any) -> None:
        """Health answers with an act."""
        health = self.play["health"]
        await self.play.act(
            health,
            health.act(model, at=self.play.clock.at, exchange=self.ask.jti, category=self.category, **fields),
        )

    async def receives(self, outcome: ReceiptOutcome = ReceiptOutcome.OPENED, *, nth: int = -1) -> None:
        """The asker signs the receipt of what it was handed."""
        care = self.play["care"]
        handed = self.handed[self.sent[nth].jti]
        await self.play.act(care, care.receipt(handed, at=self.play.clock.at, outcome=outcome))

    async def takes_back(self) -> None:
        """Health recalls its item."""
        health = self.play["health"]
        await self.play.act(
            health,
            health.act(
                acts.Recall,
                at=self.play.clock.at,
                envelope=self.sent[-1].jti,
                reason=RecallReason.SENT_IN_ERROR,
            ),
        )


Step = Callable[[Part], Awaitable[object]]


async def nothing(_: Part) -> None:
    pass


@dataclass(frozen=True)
class Fate:
    """What happens to a category before its item would be handed over, between that and the due time, after
    the due time, and when nothing is needed any more; and how it ends."""

    end: str
    before: Step = nothing
    leased: Step = nothing
    overdue: Step = nothing
    last: Step = nothing


async def leased_again(part: Part) -> None:
    await part.receives(ReceiptOutcome.CANNOT_OPEN)
    await part.item()


FATES: dict[str, Fate] = {
    "silent": Fate(CLOSED),
    "nil": Fate(CLOSED, lambda p: p.says(acts.Nil)),
    "decline": Fate(CLOSED, lambda p: p.says(acts.Decline, reason="A" * 43)),
    "waiting": Fate(CLOSED, lambda p: p.says(acts.Waiting)),
    "never deposited": Fate(CLOSED, lambda p: p.item(deposited=False)),
    "opened in time": Fate(OPENED, Part.item, Part.receives),
    "opened late": Fate(OPENED, Part.item, overdue=Part.receives),
    "cannot be opened in time": Fate(
        CLOSED,
        Part.item,
        lambda p: p.receives(ReceiptOutcome.CANNOT_OPEN),
    ),
    "cannot be opened late": Fate(
        CLOSED,
        Part.item,
        overdue=lambda p: p.receives(ReceiptOutcome.CANNOT_OPEN),
    ),
    "set aside late": Fate(
        CLOSED,
        Part.item,
        overdue=lambda p: p.receives(ReceiptOutcome.SET_ASIDE),
    ),
    "of another person": Fate(
        CLOSED,
        Part.item,
        overdue=lambda p: p.receives(ReceiptOutcome.SUBJECT_MISMATCH),
    ),
    "taken back late": Fate(CLOSED, Part.item, overdue=Part.takes_back),
    "taken back, but opened in time": Fate(
        OPENED,
        Part.item,
        lambda p: _both(p.takes_back(), p.receives()),
    ),
    "no longer needed": Fate(CLOSED, lambda p: p.item(needed_until=START + DUE + 60)),
    "poison": Fate(CLOSED, Part.item),
    "poison, opened after all": Fate("both", Part.item, last=Part.receives),
    "sealed again late": Fate("both", Part.item, overdue=leased_again, last=Part.receives),
}


async def _both(*steps: Awaitable[None]) -> None:
    for each in steps:
        await each


async def hand_over_all(play: Play, parts: dict[tuple[str, Category], tuple[Part, Fate]]) -> int:
    """Give the asker what waits for it; how many."""
    handed = await play.fetch(play["care"], limit=256)
    by_jti = {sent.jti: part for part, _ in parts.values() for sent in part.sent}
    for each in handed:
        by_jti[each.envelope].handed[each.envelope] = each
    return len(handed)


async def test_each_category_is_opened_or_closed_once(play: Play) -> None:
    parts: dict[tuple[str, Category], tuple[Part, Fate]] = {}
    names = list(FATES)
    for n in range(len(names)):
        ask = await opened_ask(play, categories=CATEGORIES, due_within=DUE)
        for place, category in enumerate(CATEGORIES):
            fate = FATES[names[(n + place * 3) % len(names)]]
            parts[ask.jti, category] = Part(play, ask, category), fate

    async def each(moment: str) -> None:
        for part, fate in parts.values():
            await getattr(fate, moment)(part)

    await each("before")
    play.clock.at = START + DUE - 10
    await hand_over_all(play, parts)
    await each("leased")
    play.clock.at = START + DUE + 1
    await sweep(play.hub, at=play.clock.at)
    await each("overdue")
    # The poison's leases run out, one after the other.
    for _ in range(play.hub.settings.handovers + 1):
        play.clock.at += play.hub.settings.lease << play.hub.settings.handovers
        await sweep(play.hub, at=play.clock.at)
        await hand_over_all(play, parts)
        await sweep(play.hub, at=play.clock.at)
    await each("last")
    play.clock.at = START + 86_400 + 1
    for _ in range(2):
        await sweep(play.hub, at=play.clock.at)

    closed, silent, opened = Counter[Any](), Counter[Any](), Counter[Any]()
    owners = {sent.jti: key for key, (part, _) in parts.items() for sent in part.sent}
    for record in await records(play.hub):
        match record.record:
            case "closed":
                closed[record.exchange, record.category] += 1
            case "silence":
                silent[record.exchange, record.category] += 1
            case "receipt" if record.envelope in owners and record.outcome is ReceiptOutcome.OPENED:
                opened[owners[record.envelope]] += 1
    for key, (_, fate) in parts.items():
        name = next(name for name, known in FATES.items() if known is fate)
        expected = (int(fate.end != OPENED), int(fate.end != CLOSED))
        assert (closed[key], opened[key]) == expected, name
        assert silent[key] == (name == "silent"), name
    # The asker is told of exactly those, and nothing waits to be closed.
    for exchange in {exchange for exchange, _ in parts}:
        (status,) = await play.status(play["care"], exchange)
        assert {c.category for c in status.closures} == {c for e, c in closed if e == exchange}
        assert not status.undelivered
    assert await play.hub.pool.fetchval("SELECT count(*) FROM exchange WHERE closed_at IS NULL") == 0


async def test_what_is_leased_at_the_due_time_closes_nothing_before_it_ends_and_holds_up_nobody(
    play: Play,
) -> None:
    care = play["care"]
    ask = await opened_ask(play, categories=CATEGORIES[:2], due_within=DUE)
    part = Part(play, ask, CATEGORIES[0])
    await part.item()
    play.clock.at = START + DUE - 10
    (handed,) = await play.fetch(care)
    play.clock.at = START + DUE + 1
    assert await sweep(play.hub, at=play.clock.at) == 1
    (status,) = await play.status(care, ask.jti)
    assert [c.category for c in status.closures] == [CATEGORIES[1]]
    # Found no more until something becomes of it.
    assert await sweep(play.hub, at=play.clock.at) == 0
    receipt = care.receipt(handed, at=play.clock.at, outcome=ReceiptOutcome.SET_ASIDE)
    await play.act(care, receipt)
    assert await sweep(play.hub, at=play.clock.at) == 1
    (status,) = await play.status(care, ask.jti)
    assert [c.category for c in status.closures] == list(CATEGORIES[:2])


async def test_of_an_ask_withdrawn_while_an_item_is_leased_nothing_more_is_said(play: Play) -> None:
    care = play["care"]
    ask = await opened_ask(play, categories=CATEGORIES[:2], due_within=DUE)
    await Part(play, ask, CATEGORIES[0]).item()
    play.clock.at = START + DUE - 10
    await play.fetch(care)
    await play.act(
        care,
        care.act(acts.Withdraw, at=play.clock.at, exchange=ask.jti, reason=WithdrawReason.NO_LONGER_NEEDED),
    )
    play.clock.at = START + DUE + 1
    await sweep(play.hub, at=play.clock.at)
    (status,) = await play.status(care, ask.jti)
    assert status.closures == []
    assert await play.hub.pool.fetchval("SELECT closed_at IS NOT NULL FROM exchange")
