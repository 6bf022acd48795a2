"""Acts of many agencies that come together: one that fails costs the others nothing."""

from broker.exchange.act import act
from broker.exchange.acting import Acting
from broker.protocol import act as acts
from broker.protocol import frame
from broker.protocol.life import State
from broker.protocol.problem import Problem
from policies.vocabulary import Category
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Desk, new_jti
from tests.broker.exchange.test_life import opened_ask


async def test_an_act_that_fails_neither_undoes_the_others_nor_makes_them_run_again(play: Play) -> None:
    care, health, school = play["care"], play["health"], play["school"]
    asked = await opened_ask(play)
    ask = care.ask(health, at=play.clock.at)
    await play.declare(care, ask)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)

    def acting(desk: Desk, request: frame.Act) -> Acting:
        return Acting(caller=desk.caller, request=request, at=play.clock.at)

    category = Category.HEALTH_ATTENDANCES
    wrong = school.act(acts.Nil, at=play.clock.at, exchange=new_jti(), category=category)
    right = health.act(acts.Nil, at=play.clock.at, exchange=asked.jti, category=category)
    refused, received, taken = await act(
        play.hub,
        [
            acting(school, wrong),
            acting(health, health.receipt(handed, at=play.clock.at)),
            acting(health, right),
        ],
    )
    assert isinstance(refused, Problem)
    assert refused.code == "not-found"
    assert isinstance(received, frame.Acted)
    assert received.state is State.OPENED
    assert isinstance(taken, frame.Acted)
