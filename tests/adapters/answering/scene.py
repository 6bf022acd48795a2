"""Health answering from invented records, by rules, beside a real hub and social care that asks."""

from adapters.answering.automatic import answering
from adapters.answering.learn import learn
from adapters.desk import follow, inbox
from adapters.desk.ask import ask
from adapters.folder import Folder
from adapters.view import Task, TaskState
from adapters.work import Hooks
from policies.vocabulary import Category
from tests.adapters.answering.records import VISITS, Records
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order


async def answers_from(town: Town, records: Records | None, rules: str) -> Folder:
    """Have health answer from records by rules; its folder."""
    health = town.folders["health"]
    await learn(health)
    (health.path / "answering.toml").write_text(rules)
    if records is not None:
        await town.halt("health")
        await town.start("health", hooks=Hooks(on_ask=answering(health, records)))
    return health


async def asked(town: Town, *categories: Category, **changes: object) -> str:
    """An ask by social care that health has opened."""
    order = ask_order(town.clock(), categories=categories or (VISITS,), **changes)
    jti = await ask(town.folders["care"], order)
    await town.ended("care", jti, follow.Milestone.SETTLED)
    return jti


def task(folder: Folder, exchange: str, category: Category = VISITS) -> Task:
    """How one category stands at the source."""
    return next(each for each in inbox.tasks(folder, exchange) if each.category is category)


async def looked_at(town: Town, exchange: str, category: Category = VISITS) -> Task:
    """A category once the record system has been asked."""
    health = town.folders["health"]

    def done() -> bool:
        found = task(health, exchange, category)
        return found.state not in (TaskState.WAITING, TaskState.PREPARED) or found.why is not None

    await town.until(done)
    return task(health, exchange, category)
