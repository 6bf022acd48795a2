"""Two hub processes' worth of hub on one database behave as one: one effect, one history, one live
connection.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.exchange.administer import administer
from broker.exchange.sweep import sweep
from broker.exchange.wake import WakeEvent
from broker.hub import Hub, hub_document, open_hub, running
from broker.keyring import load_or_make
from broker.protocol import act as acts
from broker.protocol.declaration import Notice, NoticeKind
from broker.protocol.evidence import HubKeys, TrustedHub, verify_permit
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.settings import Settings
from keys import tile
from policies.vocabulary import (
    Category,
    HandlingCode,
    Outcome,
    Purpose,
    RecallReason,
    WithdrawReason,
)
from tests.broker.exchange.administrator import administrator_key, signed
from tests.broker.exchange.conftest import Play
from tests.broker.exchange.desk import Sent, new_jti, preset
from tests.broker.exchange.record_log import found, of_envelope, records


@pytest.fixture
async def other(play: Play, database_url: str, tmp_path: Path, settings: Settings) -> AsyncIterator[Play]:
    """The second hub, with the same keys, clock and desks."""
    hub = await open_hub(
        url=database_url,
        keys=load_or_make(tmp_path / "keys"),
        settings=settings,
        clock=play.clock,
        new_id=new_jti,
    )
    async with running(hub):
        yield Play(hub, play.clock, play.desks)


def trusted(hub: Hub) -> TrustedHub:
    return TrustedHub.from_keys(HubKeys.model_validate(hub_document(hub)))


async def asked(play: Play) -> Sent:
    ask = play["care"].ask(play["health"], at=play.clock.at)
    assert (await play.declare(play["care"], ask)).outcome is Outcome.ALLOW
    return ask


def contact(play: Play) -> Sent:
    """A school's contact: an envelope that opens no exchange and answers none."""
    return play["school"].send(
        Notice,
        play["care"],
        at=play.clock.at,
        grounds=preset("contact-telling-education"),
        purpose=Purpose.SAFEGUARDING_CONTACT,
        notice=NoticeKind.CONTACT,
        category=Category.CONTACT_REPORT,
        handling=HandlingCode.OFFICIAL_SENSITIVE,
    )


async def test_the_second_finds_the_first_ones_hub(play: Play, other: Play) -> None:
    assert hub_document(other.hub) == hub_document(play.hub)
    assert len(await found(play.hub, lambda record: record.record == "origin")) == 1


async def test_the_same_bytes_a_hundred_times_through_both_have_one_effect(play: Play, other: Play) -> None:
    care, health, police = play["care"], play["health"], play["police"]
    opened = await asked(play)
    await play.deposit(care, opened)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    for desk, sent in (
        (care, care.ask(health, at=play.clock.at)),
        (care, care.ask(police, at=play.clock.at)),
        (care, care.ask(police, at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))),
        (health, health.item(care, opened, at=play.clock.at)),
        (play["school"], contact(play)),
    ):
        hubs = [play, other] * 50
        told = await asyncio.gather(*(hub.declare(desk, sent) for hub in hubs))
        first = told[0].model_copy(update={"proof": None, "state": None})
        assert all(each.model_copy(update={"proof": None, "state": None}) == first for each in told)
        ((index, _, _),) = await of_envelope(play.hub, sent.jti)
        assert index == first.index
        assert {each.proof.record for each in told if each.proof} in (
            set(),
            {told[0].proof and told[0].proof.record},
        )


async def test_the_same_act_through_both_is_one_record(play: Play, other: Play) -> None:
    care, health, at = play["care"], play["health"], play.clock.at
    asks = [await asked(play) for _ in range(3)]
    for ask in asks:
        await play.deposit(care, ask)
    handed = await play.fetch(health)
    category = {"exchange": asks[0].jti, "category": Category.HEALTH_ATTENDANCES}
    first = handed[0]
    for desk, request in (
        (health, health.receipt(first, at=at)),
        (health, health.act(acts.Waiting, at=at, **category)),
        (health, health.act(acts.Nil, at=at, **category)),
        (care, care.act(acts.Recall, at=at, envelope=asks[1].jti, reason=RecallReason.SENT_IN_ERROR)),
        (care, care.act(acts.Withdraw, at=at, exchange=asks[2].jti, reason=WithdrawReason.NO_LONGER_NEEDED)),
        (care, care.act(acts.SubjectKeyClaim, at=at, epoch=1)),
        (health, health.act(acts.Drained, at=at, kid="A" * 43)),
        (care, care.act(acts.Consent, at=at, reference=new_jti(), outcome="refused")),
    ):
        told = await asyncio.gather(*(hub.act(desk, request) for hub in [play, other] * 8))
        assert len(set(told)) == 1
        log = await records(play.hub)
        with_act = [index for index, record in enumerate(log) if getattr(record, "act", None) == request.act]
        assert told[0].index in with_act
        # Withdrawing and recalling an ask say so once for the act and once for each envelope.
        kinds = [log[index].record for index in with_act]
        assert len(kinds) == len(set(kinds))


async def test_other_bytes_under_one_id_through_both_are_refused_by_all_but_one(
    play: Play, other: Play
) -> None:
    care, health = play["care"], play["health"]
    first = care.ask(health, at=play.clock.at)
    asks = [first, *(care.ask(health, at=play.clock.at, jti=first.jti, exchange=first.jti) for _ in range(9))]
    told = await asyncio.gather(
        *(hub.declare(care, ask) for ask, hub in zip(asks, [play, other] * 5, strict=True)),
        return_exceptions=True,
    )
    refused = [each for each in told if isinstance(each, Problem)]
    assert [each.code for each in refused] == ["replayed-differently"] * 9
    assert len(await of_envelope(play.hub, first.jti)) == 1


async def test_one_final_answer_through_both(play: Play, other: Play) -> None:
    care, health = play["care"], play["health"]
    ask = await asked(play)
    await play.deposit(care, ask)
    (handed,) = await play.fetch(health)
    await play.act(health, health.receipt(handed, at=play.clock.at))
    items = [health.item(care, ask, at=play.clock.at) for _ in range(8)]
    told = await asyncio.gather(
        *(hub.declare(health, item) for item, hub in zip(items, [play, other] * 4, strict=True)),
        return_exceptions=True,
    )
    assert sorted(each.code if isinstance(each, Problem) else "" for each in told) == [
        "",
        *["already-answered"] * 7,
    ]


async def test_both_integrate_and_there_is_one_history(play: Play, other: Play) -> None:
    care, health = play["care"], play["health"]
    asks = [care.ask(health, at=play.clock.at) for _ in range(60)]
    told = await asyncio.gather(
        *(hub.declare(care, ask) for ask, hub in zip(asks, [play, other] * 30, strict=True))
    )
    for hub in (play.hub, other.hub):
        while await hub.integrator.integrate():
            pass
    size = len(await records(play.hub))
    assert (
        (play.hub.head.size, play.hub.head.root)
        == (other.hub.head.size, other.hub.head.root)
        == (
            size,
            play.hub.head.root,
        )
    )
    stored = tile.MemoryTiles()
    for row in await play.hub.pool.fetch("SELECT level, index, hashes FROM tile"):
        stored.tiles[row["level"], row["index"]] = bytes(row["hashes"])
    assert tile.verify_tiles(size, stored) == play.hub.head.root
    # What one proved the other proves too, and both proofs hold.
    for ask, declared in zip(asks, told, strict=True):
        assert declared.proof is not None
        again = (await other.hub.prover.prove([declared.index], seen=declared.proof.size))[declared.index]
        for proof in (declared.proof, again):
            verify_permit(
                hub=trusted(play.hub),
                signing_key=care.signing.public,
                declaration=ask.request.declaration,
                proof=proof,
            )


async def test_what_one_permits_and_proves_the_other_takes_and_hands_over_at_once(
    play: Play, other: Play
) -> None:
    care, health = play["care"], play["health"]
    await other.connect(health)
    for _ in range(20):
        ask = care.ask(health, at=play.clock.at)
        told = await play.declare(care, ask)
        assert told.proof is not None
        assert (await other.deposit(care, ask)).state is State.DEPOSITED
        (handed,) = await other.fetch(health)
        assert handed.proof.record == told.proof.record
        receipt = health.receipt(handed, at=play.clock.at)
        first = await play.act(health, receipt)
        assert first.state is State.OPENED
        assert await other.act(health, receipt) == first


async def test_a_proof_is_never_older_than_what_its_reader_has_seen(play: Play, other: Play) -> None:
    care, health = play["care"], play["health"]
    ask = await asked(play)
    await play.deposit(care, ask)
    # The other process has integrated nothing of its own; the reader comes with the newest of the first.
    seen = [await play.declare(care, care.ask(health, at=play.clock.at)) for _ in range(5)][-1]
    assert seen.proof is not None
    proofs = await other.hub.prover.prove([0], seen=seen.proof.size)
    assert proofs[0].size >= seen.proof.size
    consistency = await other.hub.prover.consistency(1, seen.proof.size)
    assert consistency.new == seen.proof.size


async def test_only_the_newest_connection_is_handed_anything_whichever_process_holds_it(
    play: Play, other: Play
) -> None:
    care, health = play["care"], play["health"]
    await play.connect(health)
    older = replace(health)
    ask = await asked(play)
    await play.deposit(care, ask)
    ear = play.hub.wake.subscribe("health")
    await other.connect(health)
    assert health.generation == 2
    with pytest.raises(Problem) as refused:
        await play.fetch(older)
    assert refused.value.reason == "replaced"
    # The process that holds the older connection hears of it, so that it can close it.
    heard: WakeEvent = await asyncio.wait_for(ear.next(), 10)
    while heard.kind != "replaced":
        heard = await asyncio.wait_for(ear.next(), 10)
    assert heard.generation == 2
    (handed,) = await other.fetch(health)
    assert handed.envelope == ask.jti
    for write in (
        play.declare(older, older.item(care, ask, at=play.clock.at)),
        play.act(older, older.act(acts.Drained, at=play.clock.at, kid="A" * 43)),
    ):
        with pytest.raises(Problem) as stale:
            await write
        assert stale.value.reason == "replaced"
    # But the opening happened, and its receipt counts from whatever connection.
    assert (await play.act(older, older.receipt(handed, at=play.clock.at))).state is State.OPENED


async def test_one_process_wakes_the_other(play: Play, other: Play, tmp_path: Path) -> None:
    care, police = play["care"], play["police"]
    ears = {name: other.hub.wake.subscribe(name) for name in ("health", "care", "police")}
    ask = await asked(play)
    await play.deposit(care, ask)
    assert (await heard(ears["health"].next, "handover")) == "handover"
    (handed,) = await play.fetch(play["health"])
    await play.act(play["health"], play["health"].receipt(handed, at=play.clock.at))
    assert (await heard(ears["care"].next, "changed")) == "changed"
    # A fact that the first process is told of is decided on by whichever sweeps: here the other.
    held = care.ask(police, at=play.clock.at, categories=(Category.POLICE_INCIDENTS,))
    assert (await play.declare(care, held)).state is State.HELD
    key = administrator_key(tmp_path / "keys")
    await administer(
        play.hub,
        signed(play.hub, key, acts.AgencyStop, at=play.clock.at, agency="police"),
        None,
        at=play.clock.at,
    )
    assert (await heard(ears["police"].next, "stopped")) == "stopped"
    await sweep(other.hub, at=play.clock.at)
    assert [kind for _, kind, _ in await of_envelope(play.hub, held.jti)] == ["hold", "recalled"]


async def heard(listen, kind: str) -> str:  # type: ignore[no-untyped-def]
    """Wait for a hint of this kind."""
    async with asyncio.timeout(10):
        while (event := await listen()).kind != kind:
            pass
    return str(event.kind)


async def test_a_revocation_through_one_is_seen_by_the_others_next_transaction(
    play: Play, other: Play, tmp_path: Path
) -> None:
    care, health = play["care"], play["health"]
    # The other process has this agency's keys at hand already.
    await other.declare(care, care.ask(health, at=play.clock.at))
    waiting = care.ask(health, at=play.clock.at)
    await other.declare(care, waiting)
    await other.deposit(care, waiting)
    key, kid = administrator_key(tmp_path / "keys"), care.signing.public.kid
    token = signed(play.hub, key, acts.AgencyKeyRevocation, at=play.clock.at, agency="care", kid=kid)
    await administer(play.hub, token, None, at=play.clock.at)
    with pytest.raises(Problem) as refused:
        await other.declare(care, care.ask(health, at=play.clock.at))
    assert refused.value.reason == "key-revoked"
    assert await other.fetch(health) == []
    assert [kind for _, kind, _ in await of_envelope(play.hub, waiting.jti)] == ["permit", "recalled"]
