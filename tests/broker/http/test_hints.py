"""What an agency that polls hears first under a number whose ear is gone."""

from broker.http.hints import Ears, Hints
from tests.broker.http.conftest import House


async def test_a_new_ear_says_look_at_everything_whatever_else_it_hears_meanwhile(house: House) -> None:
    ears = Ears(house.hub, keep=60)
    ear = ears.take("northcare", 1)
    house.hub.wake.tell_here("changed", {"northcare": ["00000000-0000-4000-8000-000000000001"]})
    hints = Hints()
    while (event := ear.at_once()) is not None:
        hints.add(event)
    told = hints.told()
    assert told is not None
    assert (told.envelopes, told.directory, told.subject_key) == ([], True, True)
    house.hub.wake.unsubscribe(ear)
