"""K_A is lost, or renewed: another is made and passed on, and what was written before is still read."""

from adapters.desk import follow, inbox
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.epoch import key_of, open_epoch, subject_key
from broker.protocol import act as acts
from broker.protocol.life import State
from tests.adapters.core.conftest import Town, has_subject_key
from tests.adapters.core.made import ask_order, item_order


def epochs(town: Town, name: str, jti: str) -> set[int]:
    return {each.epoch for each in inbox.read(town.folders[name], jti).declaration.subjects}


async def test_a_first_holder_that_vanished_is_followed_by_another(town: Town) -> None:
    await town.enrol("police")
    await town.start("police")
    await town.until(lambda: has_subject_key(town.folders["police"]))
    await town.halt("police")
    for name in ("care", "health"):
        await town.enrol(name)
        await town.start(name)
    await town.settle_agreement("care", "health")
    care, health = town.folders["care"], town.folders["health"]
    await town.until(lambda: town.at_work["care"].adapter.outbox.idle)
    assert (open_epoch(care), has_subject_key(care)) == (1, False)
    await town.order(acts.AgencyStop, agency="police")
    await town.introduce("care", "health")
    assert subject_key(care) == subject_key(health)
    assert open_epoch(care) == 2
    exchange = await ask(care, ask_order(town.clock()))
    await town.ended("care", exchange, follow.Milestone.SETTLED)
    assert inbox.read(health, exchange).body.subjects[0].traced
    assert epochs(town, "health", exchange) == {2}


async def test_what_was_asked_under_one_epoch_is_answered_under_it(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    first = subject_key(care)
    await pair.halt("health")
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    await pair.order(acts.SubjectKeyRenewal, epoch=2)
    await pair.start("health")
    for name in ("care", "health"):
        await pair.until(lambda n=name: open_epoch(pair.folders[n]) == 2 and has_subject_key(pair.folders[n]))
    assert subject_key(care) == subject_key(health)
    assert subject_key(care).key != first.key == key_of(health, 1)
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.jti, settled.state) == (exchange, State.OPENED)
    item = await answer(health, item_order(exchange))
    assert (await pair.ended("health", item)).state is State.OPENED
    assert epochs(pair, "care", item) == {1}
    later = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", later, follow.Milestone.SETTLED)
    assert epochs(pair, "health", later) == {2}
    one, other = (inbox.read(health, jti).body.subjects[0] for jti in (exchange, later))
    assert one.traced
    assert other.traced
    assert one.t1 != other.t1
