"""Keys in use: a sealing key put in another's place, rotation with mail on its way, revocation, K_A."""

import sqlite3
from dataclasses import replace

import pytest

from adapters.desk import follow, inbox, keys
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.errors import Untrusted
from broker.protocol.act import ReceiptOutcome
from broker.protocol.frame import DirectoryEntry
from broker.protocol.life import State
from keys import keyset
from keys.errors import BadKey
from keys.keyset import KeySet, SealingUse
from keys.sealing import SealingKey
from keys.signing import SigningKey
from policies.vocabulary import Sector
from tests.adapters.core.conftest import Town, has_subject_key
from tests.adapters.core.made import CHILD, WORKER, ask_order, item_order


def forged(entry: DirectoryEntry, identity: SigningKey, *, at: int) -> DirectoryEntry:
    """A directory entry in which somebody who holds `identity` has put a sealing key of their own."""
    key_set = KeySet(
        agency=entry.agency,
        version=1,
        previous=None,
        expires=at + 10**6,
        signing=SigningKey.generate().public,
        sealing=(SealingUse(key=SealingKey.generate().public, seal_until=at + 10**6),),
    )
    jwk = {name: str(value) for name, value in identity.public.jwk().items()}
    return entry.model_copy(update={"identity": jwk, "key_sets": [keyset.sign_key_set(key_set, identity)]})


async def test_a_sealing_key_put_in_another_s_place_is_refused(pair: Town) -> None:
    care = pair.folders["care"]
    known = care.directory.get("health").entry
    at = pair.clock()
    with pytest.raises(Untrusted) as changed:
        await care.directory.take(forged(known, SigningKey.generate(), at=at), at=at)
    assert changed.value.code == "identity-changed"
    # Even the true identity key cannot rewrite what was seen: a set must follow the one before.
    with pytest.raises(Untrusted) as forked:
        await care.directory.take(forged(known, pair.folders["health"].keyring.identity, at=at), at=at)
    assert forked.value.code == "key-set-refused"
    assert care.directory.get("health").entry == known


async def test_a_stranger_put_there_from_the_first_is_heard_on_the_telephone(town: Town) -> None:
    care = await town.enrol("care")
    health = await town.enrol("health")
    at = town.clock()
    entry = DirectoryEntry(
        agency="health",
        name="health",
        sector=Sector.HEALTH,
        duty_contact="duty desk",
        active=True,
        identity={"kty": "OKP"},
        key_sets=[],
    )
    await care.directory.take(forged(entry, SigningKey.generate(), at=at), at=at)
    with pytest.raises(Untrusted) as unconfirmed:
        await ask(care, ask_order(at))
    assert unconfirmed.value.code == "unconfirmed-agency"
    assert "keys confirm health" in unconfirmed.value.message
    with pytest.raises(BadKey) as heard:
        await keys.confirm(care, "health", keys.fingerprint(health))
    assert heard.value.code == "fingerprint-mismatch"
    assert not care.journal.rows("all_sent", limit=1)


async def test_mail_sealed_to_a_key_that_is_gone_is_written_again(pair: Town) -> None:
    health = pair.folders["health"]
    await pair.halt("health")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock(), enquiry="Enquiry 7"))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    old = health.keyring.current.sealing[0].key.kid
    rotation = await keys.rotate_keys(health, practitioner=WORKER)
    await keys.drain_key(health, old, practitioner=WORKER)
    await pair.start("health")
    await pair.until(lambda: len(health.keyring.sets) == 2)
    assert follow.act_sent(health, rotation).problem_code is None

    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    first = follow.sent(pair.folders["care"], exchange)
    assert (first.state, first.replaced_by) == (State.CANNOT_OPEN, settled.jti)
    assert (settled.state, settled.replaces, settled.enquiry) == (State.OPENED, exchange, "Enquiry 7")
    outcomes = {each.jti: each.outcome for each in inbox.inbox(health)}
    assert outcomes == {exchange: ReceiptOutcome.CANNOT_OPEN, settled.jti: ReceiptOutcome.OPENED}
    assert [task.exchange for task in inbox.tasks(health)] == [settled.jti]


async def test_an_item_written_again_stays_in_its_exchange_and_category(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    await pair.halt("care")
    item = await answer(health, item_order(exchange))
    await pair.ended("health", item, follow.Milestone.DEPOSITED)
    old = care.keyring.current.sealing[0].key.kid
    await keys.rotate_keys(care, practitioner=WORKER)
    await keys.drain_key(care, old, practitioner=WORKER)
    await pair.start("care")
    again = await pair.ended("health", item)
    assert (again.replaces, again.exchange, again.state) == (item, exchange, State.OPENED)
    assert (await pair.ended("care", exchange)).answered == again.categories


async def test_rotation_keeps_the_old_sealing_key_for_mail_on_its_way(pair: Town) -> None:
    health = pair.folders["health"]
    await pair.halt("health")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    await keys.rotate_keys(health, practitioner=WORKER)
    await pair.start("health")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.jti, settled.state) == (exchange, State.OPENED)
    # And from here on the peers seal to the new key, and declarations are signed by the new one.
    await pair.until(lambda: len(pair.folders["care"].directory.get("health").sets) == 2)
    item = await answer(health, item_order(exchange))
    assert (await pair.ended("health", item)).state is State.OPENED
    second = await ask(pair.folders["care"], ask_order(pair.clock()))
    assert (await pair.ended("care", second, follow.Milestone.SETTLED)).state is State.OPENED


async def test_an_old_sealing_key_is_destroyed_when_its_time_has_passed(town: Town) -> None:
    health = await town.enrol("health", overlap_seconds=10, drain_seconds=100)
    await town.start("health")
    old = health.keyring.current.sealing[0].key.kid
    await keys.rotate_keys(health, practitioner=WORKER)
    await town.until(lambda: len(health.keyring.sets) == 2)
    assert len(health.keyring.sealing_kids()) == 2
    town.clock.ahead += 111
    await town.until(lambda: old not in health.keyring.sealing_kids())
    assert health.keyring.sealing(old) is None
    await town.until(lambda: any(row["act"] == "drained" and row["done"] for row in acts(town, "health")))


def acts(town: Town, name: str) -> list[dict[str, object]]:
    """The acts in a journal, read by somebody else."""
    with sqlite3.connect(town.root / name / "journal.sqlite") as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT act, done FROM act")]


async def test_a_body_sealed_to_a_revoked_key_is_taken_back_and_written_again(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    old = health.keyring.current.sealing[0].key.kid
    await pair.halt("care")
    exchange = await ask(care, ask_order(pair.clock()))
    rotation = await keys.rotate_keys(health, practitioner=WORKER)
    revocation = await keys.revoke_key(health, old, practitioner=WORKER)
    for act in (rotation, revocation):
        assert (await follow.wait_for_act(health, act, within=10)).index is not None
    await pair.start("care")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.state, settled.replaces) == (State.OPENED, exchange)
    assert follow.sent(care, exchange).state is State.RECALLED
    assert [each.jti for each in inbox.inbox(health)] == [settled.jti]


async def test_k_a_passes_only_between_agencies_that_confirmed_each_other(town: Town) -> None:
    for name in ("care", "health", "police"):
        await town.enrol(name)
        await town.start(name)
    await town.introduce("care", "health")
    police = town.folders["police"]
    await town.until(lambda: len(keys.peers(police)) == 2)
    assert not has_subject_key(police)
    row = town.folders["care"].journal.row("get_subject_key", epoch=1)
    assert row is not None
    holder = row["source"]
    await keys.confirm(town.folders[holder], "police", keys.fingerprint(police))
    await town.until(lambda: _passed(town, holder))
    assert not has_subject_key(police)  # it has not heard the passer's fingerprint yet
    await keys.confirm(police, holder, keys.fingerprint(town.folders[holder]))
    await town.until(lambda: has_subject_key(police))
    raw = {_k_a(town, name) for name in ("care", "health", "police")}
    assert len(raw) == 1


def _passed(town: Town, holder: str) -> bool:
    return sum(row["act"] == "subject-key-pass" and bool(row["done"]) for row in acts(town, holder)) >= 2


def _k_a(town: Town, name: str) -> bytes:
    journal = town.folders[name].journal
    row = journal.row("get_subject_key", epoch=1)
    assert row is not None
    return journal.open(row["sealed_key"], "subject_key", "1")


async def test_without_k_a_a_subject_is_untraced_and_the_same_within_the_exchange(town: Town) -> None:
    for name in ("care", "health"):
        await town.enrol(name)
    await town.settle_agreement("care", "health")
    for name in ("care", "health"):
        await town.start(name)
    care, health = town.folders["care"], town.folders["health"]
    await town.introduce("care", "health")
    for folder in (care, health):
        await folder.journal.write(lambda db: db.execute("DELETE FROM subject_key"))
    exchange = await ask(care, ask_order(town.clock()))
    await town.ended("care", exchange, follow.Milestone.SETTLED)
    person = inbox.read(health, exchange).body.subjects[0]
    assert not person.traced
    item = await answer(
        health, replace(item_order(exchange), subjects=(replace(CHILD, name="Other spelling"),))
    )
    await town.ended("health", item)
    assert inbox.read(care, item).body.subjects[0].t1 == person.t1
