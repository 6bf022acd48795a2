"""An agency enrols again: to the others its identity has changed, and a person must say that it is right."""

import json

import pytest

from adapters.desk import follow, inbox, keys
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.attention import attention
from adapters.desk.enrol import enrol
from adapters.desk.evidence import evidence
from adapters.errors import Untrusted, Unusable, WrongOrder
from adapters.view import Peer, Progress
from broker.protocol.life import State
from keys.errors import BadKey
from tests.adapters.core.conftest import Town, has_subject_key
from tests.adapters.core.made import WORKER, ask_order, item_order

DAY = 86_400


def peer(town: Town, name: str, of: str) -> Peer:
    (found,) = (each for each in keys.peers(town.folders[name]) if each.agency == of)
    return found


async def changed(town: Town, name: str, of: str) -> None:
    await town.until(lambda: peer(town, name, of).changed_fingerprint is not None)


async def test_nothing_is_sealed_to_a_changed_identity_before_a_person_confirmed_it(pair: Town) -> None:
    care = pair.folders["care"]
    old = keys.fingerprint(pair.folders["health"])
    await pair.halt("health")
    health = await pair.lose_keys("health")
    await changed(pair, "care", "health")
    seen = peer(pair, "care", "health")
    assert seen.fingerprint == old
    assert seen.changed_fingerprint == keys.fingerprint(health) != old
    assert [matter.code for matter in attention(care)] == ["identity-changed"]
    with pytest.raises(Untrusted) as refused:
        await ask(care, ask_order(pair.clock()))
    assert refused.value.code == "identity-changed"
    assert "keys confirm health" in refused.value.message
    # Digits of neither are refused, those of before say that the hub shows a false key; nothing changes.
    with pytest.raises(BadKey):
        await keys.confirm(care, "health", "1" * 40)
    with pytest.raises(Untrusted):
        await keys.confirm(care, "health", old)
    assert peer(pair, "care", "health") == seen
    assert await keys.confirm(care, "health", keys.fingerprint(health)) is True
    assert peer(pair, "care", "health").fingerprint == keys.fingerprint(health)
    assert attention(care) == ()
    await pair.start("health")
    exchange = await ask(care, ask_order(pair.clock()))
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED


async def test_mail_under_way_waits_for_the_person_and_then_goes(pair: Town) -> None:
    care = pair.folders["care"]
    await pair.halt("health")
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    health = await pair.lose_keys("health")
    await pair.start("health")
    await pair.until(lambda: keys.peers(health) != ())
    await changed(pair, "care", "health")
    # Health has nothing to open it with and says so; care may not seal it anew yet, and does not give it up.
    await pair.until(lambda: bool(inbox.inbox(health)))
    await keys.confirm(health, "care", keys.fingerprint(care))
    for _ in range(3):
        pair.at_work["care"].adapter.outbox.hint(exchange)
        await pair.until(lambda: pair.at_work["care"].adapter.outbox.idle)
    assert follow.sent(care, exchange).progress is Progress.DEPOSITED
    await keys.confirm(care, "health", keys.fingerprint(health))
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.state, settled.replaces) == (State.OPENED, exchange)
    # And the subject key, which health lost with its folder, has been passed to it again.
    await pair.until(lambda: has_subject_key(health))


async def test_what_a_changed_identity_signed_is_not_taken_before_it_is_confirmed(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    await pair.halt("health")
    health = await pair.enrol_again("health")
    await pair.start("health")
    await changed(pair, "care", "health")
    item = await answer(health, item_order(exchange))
    await pair.ended("health", item, follow.Milestone.DEPOSITED)
    refused = pair.at_work["care"].adapter
    await pair.until(lambda: refused.connection.connected)
    assert inbox.inbox(care) == ()
    await keys.confirm(care, "health", keys.fingerprint(health))
    assert (await pair.ended("health", item)).state is State.OPENED


async def test_an_agency_whose_keys_ran_out_goes_on_in_its_folder(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    first = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", first, follow.Milestone.SETTLED)
    item = await answer(health, item_order(first))
    await pair.ended("health", item)
    await pair.halt("health")
    old, before = health.keyring.newest, keys.fingerprint(health)
    second = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", second, follow.Milestone.DEPOSITED)
    pair.clock.ahead += 10
    health = await pair.enrol_again("health")
    assert keys.fingerprint(health) != before
    assert health.keyring.current.version == 1
    await pair.start("health")
    # What was sealed to the old key before is opened with it: it was not destroyed, and is after its grace.
    settled = await pair.ended("care", second, follow.Milestone.SETTLED)
    assert (settled.jti, settled.state) == (second, State.OPENED)
    assert inbox.read(health, first).body.subjects
    assert health.keyring.sealing(old) is not None
    assert health.keyring.drained(at=pair.clock(), grace=3_600) == ()
    assert health.keyring.drained(at=pair.clock() + 3_600, grace=3_600) == (old,)
    # What was sent under the old identity is still proved by it, at either end.
    await changed(pair, "care", "health")
    await keys.confirm(care, "health", keys.fingerprint(health))
    proofs = [json.loads(evidence(folder, item)) for folder in (care, health)]
    assert proofs[0]["sender_identity"] == proofs[1]["sender_identity"]
    assert proofs[0]["sender_identity"] != health.keyring.identity.public.jwk()
    assert proofs[0]["sender_key_set"] == proofs[1]["sender_key_set"]


async def test_an_enrolment_cut_off_after_the_hub_had_it_is_finished(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = await town.enrol("health")
    code, before = await town.invite_again("health"), keys.fingerprint(health)

    def killed(*_args: object, **_named: object) -> None:
        raise LookupError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr("adapters.keyring.Keyring.adopt_renewal", killed)
        with pytest.raises(LookupError):
            await town.enrol_again("health", code=code)
    again = town.open("health")
    assert keys.fingerprint(again) == before
    again = await town.enrol_again("health", code=code)
    assert keys.fingerprint(again) != before
    await town.start("health")


async def test_an_invitation_that_is_refused_leaves_the_keys_as_they_are(town: Town) -> None:
    health = await town.enrol("health")
    before = keys.fingerprint(health)
    with pytest.raises(WrongOrder) as refused:
        await town.enrol_again("health", code="WRONG-CODEX-WRONG-CODEX")
    assert refused.value.code == "enrolment-refused"
    health = town.open("health")
    assert keys.fingerprint(health) == before
    await town.start("health")
    with pytest.raises(Unusable) as twice:
        await enrol(town.root / "health", hub_url=town.url, agency="health", code="A" * 16)
    assert twice.value.code == "already-enrolled"
    assert "--again" in twice.value.message


async def test_revoking_the_only_signing_key_locks_nobody_out_for_good(pair: Town) -> None:
    health = pair.folders["health"]
    await keys.revoke_key(health, health.keyring.signing.public.kid, practitioner=WORKER)
    await pair.until(lambda: not pair.at_work["health"].adapter.connection.connected)
    await pair.halt("health")
    health = await pair.enrol_again("health")
    await pair.start("health")
    care = pair.folders["care"]
    await changed(pair, "care", "health")
    await keys.confirm(care, "health", keys.fingerprint(health))
    exchange = await ask(care, ask_order(pair.clock()))
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED
