"""An identity pinned at first sight is found false and forgotten: it is kept as evidence, and the next is
pinned anew, unconfirmed.
"""

import asyncio
import json

import pytest

from adapters.command.main import main
from adapters.desk import follow, inbox, keys
from adapters.desk.answer import answer
from adapters.desk.ask import ask
from adapters.desk.attention import attention
from adapters.desk.evidence import evidence
from adapters.errors import Untrusted, WrongOrder
from adapters.view import Peer, Progress
from broker.protocol.frame import DirectoryEntry
from broker.protocol.life import State
from keys import keyset
from keys.keyset import KeySet, SealingUse
from keys.sealing import SealingKey
from keys.signing import SigningKey
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import WORKER, ask_order, item_order


def peer(town: Town, name: str, of: str) -> Peer | None:
    return next((each for each in keys.peers(town.folders[name]) if each.agency == of), None)


async def pinned_as(town: Town, name: str, of: str, fingerprint: str) -> None:
    """Wait until one agency has another pinned so."""

    def so() -> bool:
        found = peer(town, name, of)
        return found is not None and found.fingerprint == fingerprint

    await town.until(so)


async def test_the_next_identity_is_pinned_anew_and_nothing_is_sealed_before_it_is_confirmed(
    town: Town,
) -> None:
    for name in ("care", "health"):
        await town.enrol(name)
    await town.start("care")
    await town.settle_agreement("care", "health")
    care, false = town.folders["care"], keys.fingerprint(town.folders["health"])
    await pinned_as(town, "care", "health", false)
    health = await town.lose_keys("health")
    await town.start("health")
    await town.until(lambda: attention(care) != ())
    assert await keys.forget(care, "health") == false
    await pinned_as(town, "care", "health", keys.fingerprint(health))
    seen = peer(town, "care", "health")
    assert seen is not None
    assert (seen.confirmed_at, seen.changed_fingerprint, seen.former_fingerprints) == (None, None, (false,))
    assert attention(care) == ()
    with pytest.raises(Untrusted) as refused:
        await ask(care, ask_order(town.clock()))
    assert refused.value.code == "unconfirmed-agency"
    await town.introduce("care", "health")
    exchange = await ask(care, ask_order(town.clock()))
    assert (await town.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED


async def test_what_was_signed_under_it_is_still_proved(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    exchange = await ask(care, ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.SETTLED)
    item = await answer(health, item_order(exchange))
    await pair.ended("health", item)
    before = evidence(care, item)
    await pair.halt("care")
    await keys.forget(care, "health")
    assert peer(pair, "care", "health") is None
    assert evidence(care, item) == before
    with pytest.raises(WrongOrder) as unknown:
        await keys.forget(care, "health")
    assert unknown.value.code == "unknown-agency"


async def test_what_was_sealed_to_it_does_not_leave_and_goes_to_the_one_confirmed(pair: Town) -> None:
    care, true = pair.folders["care"], pair.folders["care"].directory.get("health").entry
    await pair.halt("care")
    # Somebody read out the digits of an identity that the hub's operator had put in the place of health's.
    await keys.forget(care, "health")
    await care.directory.take(false_entry(true), at=pair.clock())
    digits = keyset.fingerprint(care.directory.get("health").identity)
    await keys.confirm(care, "health", digits)
    exchange = await ask(care, ask_order(pair.clock()))
    await keys.forget(care, "health")
    adapter = await pair.start("care")
    await pair.until(lambda: follow.sent(care, exchange).progress is Progress.PROVED)
    await pair.until(lambda: adapter.outbox.idle)
    seen = peer(pair, "care", "health")
    assert seen is not None
    assert (seen.confirmed_at, seen.former_fingerprints[0]) == (None, digits)
    await pair.introduce("care", "health")
    settled = await pair.ended("care", exchange, follow.Milestone.SETTLED)
    assert (settled.state, settled.replaces) == (State.OPENED, exchange)
    assert follow.sent(care, exchange).state is State.RECALLED
    assert [each.jti for each in inbox.inbox(pair.folders["health"])] == [settled.jti]


def false_entry(true: DirectoryEntry) -> DirectoryEntry:
    """An agency's entry with keys of somebody else."""
    identity = SigningKey.generate()
    made = KeySet(
        agency=true.agency,
        version=1,
        previous=None,
        expires=4_000_000_000,
        signing=SigningKey.generate().public,
        sealing=(SealingUse(key=SealingKey.generate().public, seal_until=4_000_000_000),),
    )
    jwk = {name: str(value) for name, value in identity.public.jwk().items()}
    return true.model_copy(update={"identity": jwk, "key_sets": [keyset.sign_key_set(made, identity)]})


async def test_an_identity_forgotten_and_shown_again_does_not_lose_its_revocations(pair: Town) -> None:
    care, health = pair.folders["care"], pair.folders["health"]
    kid = health.keyring.current.sealing[0].key.kid
    rotation = await keys.rotate_keys(health, practitioner=WORKER)
    await follow.wait_for_act(health, rotation, within=10)
    revocation = await keys.revoke_key(health, kid, practitioner=WORKER)
    await follow.wait_for_act(health, revocation, within=10)
    await pair.until(lambda: kid in care.directory.get("health").entry.revoked)
    await pair.halt("care")
    entry = care.directory.get("health").entry
    await keys.forget(care, "health")
    shorter = entry.model_copy(update={"revoked": [], "key_sets": entry.key_sets[:1]})
    with pytest.raises(Untrusted) as refused:
        await care.directory.take(shorter, at=pair.clock())
    assert refused.value.code == "key-set-refused"
    assert await care.directory.take(entry.model_copy(update={"revoked": []}), at=pair.clock())
    found = care.directory.get("health")
    assert (kid in found.entry.revoked, found.confirmed_at) == (True, None)


async def test_the_command_asks_first_and_a_program_says_yes(
    pair: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = keys.fingerprint(pair.folders["health"])
    for name in ("care", "health"):
        await pair.halt(name)
    state = ("--state", str(pair.root / "care"))
    assert await told("keys", "forget", "health", *state) == 1
    assert "--yes" in capsys.readouterr().err
    assert await told("keys", "confirm", "health", digits[:-1], *state) == 1
    assert "forty digits" in capsys.readouterr().err
    assert await told("keys", "forget", "nobody", "--yes", *state) == 1
    assert "nobody is not in the directory" in capsys.readouterr().err
    assert await told("keys", "forget", "health", "--yes", "--json", *state) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == digits
    assert peer(pair, "care", "health") is None


async def told(*line: str) -> int:
    """A command's exit code, run beside this loop as another process would."""
    return await asyncio.to_thread(main, line)
