"""What somebody with the database can write: forged records go nowhere, damaged ones stop the log, loudly.

The log's beat is an hour here, so that a test integrates by its own hand.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from broker.hub import Hub, open_hub, running
from broker.keyring import load_or_make
from broker.log.append import Entry, append
from broker.log.export import export
from broker.log.integrate import DamagedLog
from broker.protocol.life import State
from broker.protocol.problem import Problem
from broker.protocol.record import ENTRY_VERSION, TYP, Lapsed, parse_record
from broker.settings import Settings
from broker.store.transaction import Connection
from broker.store.unavailable import StoreUnavailable
from keys import jws, merkle, tile
from keys.errors import BadProof
from keys.signing import SigningKey
from tests.broker.exchange.conftest import Clock, Play
from tests.broker.exchange.desk import Sent, new_jti

SALT: Final = bytes(32)


@pytest.fixture
def settings() -> Settings:
    return Settings(cadence_ms=3_600_000, sweep_interval=3600, prove_wait=0.01)


@pytest.fixture
async def opened(
    database_url: str, tmp_path: Path, settings: Settings, play: Play
) -> AsyncIterator[Callable[[], Awaitable[Hub]]]:
    """Opens the hub anew, as after a restart: nothing at hand but what is stored."""
    made: list[Hub] = []

    async def again() -> Hub:
        hub = await open_hub(
            url=database_url,
            keys=load_or_make(tmp_path / "keys"),
            settings=settings,
            clock=play.clock,
            new_id=new_jti,
        )
        made.append(hub)
        return hub

    yield again
    for hub in made:
        await hub.pool.close()


async def integrated(hub: Hub) -> int:
    """Integrate until nothing is pending; the size reached."""
    while await hub.integrator.integrate():
        pass
    return hub.head.size


async def permit_text(hub: Hub, of: str) -> bytes:
    """The genuine record of a permit, as the hub's decision key signed it."""
    for row in await hub.pool.fetch("SELECT text FROM record_text ORDER BY index DESC"):
        if getattr(parse_record(bytes(row["text"]).decode())[1], "envelope", None) == of:
            return bytes(row["text"])
    raise AssertionError("no record of it")


async def forge(hub: Hub, text: bytes, entry: bytes | None = None) -> int:
    """Append a record by SQL, its counter and its commitment as they should be; its index."""
    async with hub.pool.acquire() as connection, connection.transaction():
        n = await connection.fetchval("UPDATE log_head SET n = n + 1 RETURNING n - 1")
        made = merkle.entry(ENTRY_VERSION, SALT, text) if entry is None else entry
        await connection.execute("INSERT INTO record VALUES ($1, $2)", n, made)
        await connection.execute("INSERT INTO record_text VALUES ($1, $2, $3)", n, SALT, text)
    return int(n)


def by_another_key(payload: bytes) -> bytes:
    return jws.sign(payload, SigningKey.generate(), TYP).encode()


def unsigned(payload: bytes) -> bytes:
    return by_another_key(payload).rsplit(b".", 1)[0] + b"."


def altered(text: bytes) -> bytes:
    """One character of the payload changed, the signature kept."""
    head, payload, signature = text.split(b".")
    return b".".join(
        (head, payload[:-2] + (b"A" if payload[-2:-1] != b"A" else b"B") + payload[-1:], signature)
    )


FORGERIES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "signed by another key": lambda text: by_another_key(jws.parse(text.decode()).payload),
    "unsigned": lambda text: unsigned(jws.parse(text.decode()).payload),
    "altered": altered,
    "not a record at all": lambda _: b"permitted",
    "not text": lambda _: b"\xff\xfe",
}


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_permit_forged_by_sql_is_never_integrated(
    play: Play, opened: Callable[[], Awaitable[Hub]], how: str
) -> None:
    care, health, hub = play["care"], play["health"], play.hub
    good, wanted, later = (care.ask(health, at=play.clock.at) for _ in range(3))
    await play.declare(care, good)
    index = await forge(hub, FORGERIES[how](await permit_text(hub, good.jti)))
    await forged_envelope(play, wanted, index)
    after = await play.declare(care, later)
    assert after.proof is None
    # What lies before it is integrated; it and all after it are not, by this process or by one started anew.
    for process in (hub, await opened()):
        with pytest.raises(DamagedLog) as damage:
            await integrated(process)
        assert (damage.value.code, damage.value.index) == ("record-forged", index)
        assert process.head.size == index
        assert await process.prover.prove([index, after.index], seen=None) == {}
    assert await play.prove(care, good) is not None
    # So its body is not taken, and where the insider puts that into the table too, it is not handed over.
    with pytest.raises(Problem) as refused:
        await play.deposit(care, wanted)
    assert refused.value.code == "wrong-state"
    await hub.pool.execute("UPDATE envelope SET state = 'deposited' WHERE jti = $1", wanted.jti)
    await hub.pool.execute("INSERT INTO body VALUES ('care', $1, $2)", wanted.jti, wanted.sealed.encode())
    assert await play.fetch(health) == []


async def forged_envelope(play: Play, sent: Sent, index: int) -> None:
    """The envelope's row beside a forged permit, made from a genuine one."""
    await play.hub.pool.execute(
        "INSERT INTO envelope (sender, jti, kid, kind, recipient, exchange, categories, declaration,"
        " declaration_digest, body_digest, state, decided, record_index, deposit_by, needed_until)"
        " SELECT sender, $1, kid, kind, recipient, $1, categories, $2, 'forged', $3, 'permitted', decided,"
        " $4, deposit_by, needed_until FROM envelope LIMIT 1",
        sent.jti,
        sent.request.declaration,
        sent.declaration.body.digest,
        index,
    )


async def damage_entry(connection: Connection, index: int) -> None:
    await connection.execute(
        "UPDATE record SET entry = set_byte(entry, 7, get_byte(entry, 7) # 1) WHERE index = $1", index
    )


async def damage_text(connection: Connection, index: int) -> None:
    await connection.execute(
        "UPDATE record_text SET text = set_byte(text, 70, get_byte(text, 70) # 1) WHERE index = $1", index
    )


async def damage_salt(connection: Connection, index: int) -> None:
    await connection.execute(
        "UPDATE record_text SET salt = set_byte(salt, 0, get_byte(salt, 0) # 1) WHERE index = $1", index
    )


async def remove_text(connection: Connection, index: int) -> None:
    await connection.execute("DELETE FROM record_text WHERE index = $1", index)


async def remove_record(connection: Connection, index: int) -> None:
    await connection.execute("DELETE FROM record WHERE index = $1", index)


async def swap_with_next(connection: Connection, index: int) -> None:
    await connection.execute(
        "UPDATE record_text t SET text = o.text FROM record_text o"
        " WHERE t.index IN ($1::bigint, $1 + 1) AND o.index = 2 * $1 + 1 - t.index",
        index,
    )


@pytest.mark.parametrize(
    "damage", [damage_entry, damage_text, damage_salt, remove_text, remove_record, swap_with_next]
)
async def test_a_damaged_record_stops_the_log_before_it(
    play: Play, opened: Callable[[], Awaitable[Hub]], damage: Callable[[Connection, int], Awaitable[None]]
) -> None:
    care, health = play["care"], play["health"]
    told = [await play.declare(care, care.ask(health, at=play.clock.at)) for _ in range(4)]
    index = told[1].index
    async with play.hub.pool.acquire() as connection:
        await damage(connection, index)
    for process in (play.hub, await opened()):
        with pytest.raises(DamagedLog) as found:
            await integrated(process)
        assert found.value.index == index
        assert process.head.size == index
    assert await play.hub.pool.fetchval("SELECT size FROM checkpoint") == index


async def test_the_running_hub_says_where_the_log_is_forged_and_still_stops_in_order(
    database_url: str, tmp_path: Path
) -> None:
    hub = await open_hub(
        url=database_url,
        keys=load_or_make(tmp_path / "keys"),
        settings=Settings(cadence_ms=2, sweep_interval=3600, prove_wait=0.01),
        clock=Clock(),
        new_id=new_jti,
    )
    async with running(hub):
        index = await forge(hub, by_another_key(b"{}"))
        hub.head.pending.set()
        while hub.head.forged is None:
            await hub.head.covers(index, within=0.01)
        assert hub.head.forged == index
        assert hub.head.size == index
    assert hub.pool.is_closing()


# ------------------------------------------------------------------ tiles and checkpoint


async def grow(hub: Hub, count: int) -> int:
    """Append and integrate records of no consequence; the size reached."""

    async def work(connection: Connection) -> None:
        entries = [Entry(record=Lapsed(at=1, sender="care", envelope=new_jti())) for _ in range(count)]
        await append(connection, hub.recorder, entries)

    async with hub.pool.acquire() as connection, connection.transaction():
        await work(connection)
    return await integrated(hub)


async def flip(hub: Hub, level: int, index: int, byte: int) -> None:
    await hub.pool.execute(
        "UPDATE tile SET hashes = set_byte(hashes, $3, get_byte(hashes, $3) # 1)"
        " WHERE level = $1 AND index = $2",
        level,
        index,
        byte,
    )


async def stored_root(hub: Hub, size: int) -> bytes:
    """The root from every stored tile, looking into all."""
    stored = tile.MemoryTiles()
    for row in await hub.pool.fetch("SELECT level, index, hashes FROM tile"):
        stored.tiles[row["level"], row["index"]] = bytes(row["hashes"])
    return tile.verify_tiles(size, stored)


@pytest.mark.parametrize("level, index", [(0, 1), (1, 0)])
async def test_a_flipped_bit_in_a_tile_is_found_before_the_next_checkpoint_is_signed(
    play: Play, opened: Callable[[], Awaitable[Hub]], level: int, index: int
) -> None:
    size = await grow(play.hub, 300)
    await flip(play.hub, level, index, 5)
    await play.declare(play["care"], play["care"].ask(play["health"], at=play.clock.at))
    process = await opened()
    with pytest.raises(DamagedLog) as damage:
        await integrated(process)
    assert damage.value.code == "root-differs"
    assert await play.hub.pool.fetchval("SELECT size FROM checkpoint") == size


async def test_a_flipped_bit_at_the_growing_edge_is_mended_by_the_process_that_made_it(play: Play) -> None:
    await grow(play.hub, 300)
    await flip(play.hub, 0, 1, 5)
    size = await grow(play.hub, 1)
    assert await stored_root(play.hub, size) == play.hub.head.root


async def test_a_flipped_bit_in_an_old_tile_is_found_before_a_proof_or_an_export_leaves(
    play: Play, opened: Callable[[], Awaitable[Hub]], tmp_path: Path
) -> None:
    await grow(play.hub, 600)
    await flip(play.hub, 0, 0, 32 * 9)
    process = await opened()
    with pytest.raises(BadProof):
        await process.prover.prove([8], seen=None)
    with pytest.raises(BadProof):
        await export(
            process.pool, process.keys.log_vkey(process.origin), tmp_path / "out", progress=lambda _: None
        )
    assert not (tmp_path / "out" / "checkpoint").exists()


async def test_a_missing_tile_stops_the_log(play: Play, opened: Callable[[], Awaitable[Hub]]) -> None:
    size = await grow(play.hub, 300)
    await play.hub.pool.execute("DELETE FROM tile WHERE level = 0 AND index = 1")
    await play.declare(play["care"], play["care"].ask(play["health"], at=play.clock.at))
    with pytest.raises(DamagedLog):
        await integrated(await opened())
    assert await play.hub.pool.fetchval("SELECT size FROM checkpoint") == size


async def test_a_checkpoint_that_is_not_ours_or_went_back_is_not_taken(
    play: Play, opened: Callable[[], Awaitable[Hub]], tmp_path: Path
) -> None:
    earlier = await play.hub.pool.fetchrow("SELECT * FROM checkpoint")
    size = await grow(play.hub, 5)
    assert earlier is not None
    await play.hub.pool.execute(
        "UPDATE checkpoint SET size = $1, root = $2, note = $3",
        earlier["size"],
        earlier["root"],
        earlier["note"],
    )
    with pytest.raises(DamagedLog) as back:
        await play.hub.integrator.learn()
    assert back.value.code == "checkpoint-went-back"
    assert play.hub.head.size == size
    await play.hub.pool.execute("UPDATE checkpoint SET size = size + 1")
    with pytest.raises(StoreUnavailable) as differs:
        await opened()
    assert differs.value.code == "damaged-log"


@pytest.mark.parametrize("lost", ["log", "decision"])
async def test_a_database_of_other_keys_is_refused_at_start(
    play: Play, opened: Callable[[], Awaitable[Hub]], tmp_path: Path, lost: str
) -> None:
    (tmp_path / "keys" / lost).unlink()
    with pytest.raises(StoreUnavailable) as refused:
        await opened()
    assert refused.value.code == "other-keys"


async def test_a_deposit_needs_the_permit_under_a_checkpoint(play: Play) -> None:
    care, health = play["care"], play["health"]
    ask = care.ask(health, at=play.clock.at)
    assert (await play.declare(care, ask)).state is State.PERMITTED
    with pytest.raises(Problem) as early:
        await play.deposit(care, ask)
    assert early.value.code == "wrong-state"
    await integrated(play.hub)
    assert (await play.deposit(care, ask)).state is State.DEPOSITED
