"""The journal: what is written is on disk, what is sealed is sealed, what fails fails alone."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import Unusable
from adapters.journal.journal import VERSION, Journal, execute
from adapters.journal.query import queries, schemas
from keys.errors import CannotOpen
from keys.storage import StorageKey

KEY = StorageKey.generate()


def put(name: str, value: str = "x") -> "object":
    return lambda db: execute(db, "put_setting", name=name, value=value)


async def test_what_was_written_is_read_by_another_journal(tmp_path: Path) -> None:
    one, other = Journal(tmp_path / "j", KEY), Journal(tmp_path / "j", KEY)
    version = other.data_version()
    await one.run("put_setting", name="a", value="b")
    row = other.row("get_setting", name="a")
    assert row is not None
    assert row["value"] == "b"
    assert other.data_version() != version
    one.close()
    other.close()


async def test_many_writes_go_into_few_commits_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    order: list[int] = []

    async def write(number: int) -> None:
        await journal.run("put_setting", name="last", value=str(number))
        order.append(number)

    before = journal.data_version()
    await asyncio.gather(*(write(number) for number in range(200)))
    row = journal.row("get_setting", name="last")
    assert row is not None
    assert row["value"] == "199"
    assert order == list(range(200))
    assert journal.data_version() - before <= 4
    journal.close()


async def test_work_that_raises_is_rolled_back_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)

    def half(db: sqlite3.Connection) -> None:
        execute(db, "put_setting", name="half", value="x")
        raise LookupError("on purpose")

    outcomes = await asyncio.gather(
        journal.run("put_setting", name="before", value="x"),
        journal.write(half),
        journal.run("put_setting", name="after", value="x"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], LookupError)
    assert [journal.row("get_setting", name=name) is not None for name in ("before", "half", "after")] == [
        True,
        False,
        True,
    ]
    journal.close()


async def test_two_processes_wait_for_each_other(tmp_path: Path) -> None:
    one, other = Journal(tmp_path / "j", KEY), Journal(tmp_path / "j", KEY)
    await asyncio.gather(
        *(
            journal.run("put_setting", name=f"{n}-{number}", value="x")
            for n, journal in enumerate((one, other))
            for number in range(50)
        )
    )
    with sqlite3.connect(tmp_path / "j") as db:
        assert db.execute("SELECT count(*) FROM setting").fetchone() == (100,)
    one.close()
    other.close()


async def test_a_lock_held_by_another_process_is_waited_for(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    holder = sqlite3.connect(tmp_path / "j", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(journal.run("put_setting", name="a", value="b"))
    await asyncio.sleep(0.2)  # the loop goes on turning meanwhile
    assert not writing.done()
    holder.execute("COMMIT")
    await writing
    holder.close()
    journal.close()


async def test_a_write_given_up_by_its_caller_harms_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    writes = [
        asyncio.ensure_future(journal.run("put_setting", name=str(number), value="x")) for number in range(10)
    ]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    assert all(journal.row("get_setting", name=str(number)) is not None for number in range(1, 10, 2))
    await journal.run("put_setting", name="again", value="x")
    journal.close()


def test_a_journal_outlives_the_loop_it_was_written_in(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    for number in range(3):
        asyncio.run(journal.run("put_setting", name=str(number), value="x"))
    assert all(journal.row("get_setting", name=str(number)) is not None for number in range(3))
    journal.close()


async def test_waiting_ends_when_the_id_is_touched(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    waiting = asyncio.ensure_future(journal.changed("one", at_most=30))
    await asyncio.sleep(0)
    await journal.run("put_setting", name="a", value="b", touches=("other",))
    assert not waiting.done()
    await journal.run("put_setting", name="a", value="b", touches=("one",))
    await waiting
    journal.close()


def test_a_newer_journal_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Journal(tmp_path / "j", KEY).close()
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(Unusable) as refused:
        Journal(tmp_path / "j", KEY)
    assert refused.value.code == "journal-too-new"


def test_an_earlier_journal_is_brought_forward_with_what_is_in_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        db.executescript(schemas()[0])
        db.execute("INSERT INTO setting VALUES ('kept', 'as it was')")
        db.execute("PRAGMA user_version = 1")
    for _ in range(2):
        journal = Journal(tmp_path / "j", KEY)
        row = journal.row("get_setting", name="kept")
        assert row is not None
        assert row["value"] == "as it was"
        assert journal.rows("former_pins", agency="care") == []
        journal.close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    journal.close()


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_own_row_only(
    tmp_path_factory: pytest.TempPathFactory, plaintext: bytes
) -> None:
    journal = Journal(tmp_path_factory.mktemp("sealed") / "j", KEY)
    sealed = journal.seal(plaintext, "archive", "one")
    assert journal.open(sealed, "archive", "one") == plaintext
    for table, name in (("archive", "two"), ("note", "one")):
        with pytest.raises(CannotOpen):
            journal.open(sealed, table, name)
    journal.close()


def test_every_statement_runs_on_the_schema(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    with sqlite3.connect(tmp_path / "j") as db:
        for name, sql in queries().items():
            names = {word.strip(":,();") for word in sql.replace("(", " ").split() if word.startswith(":")}
            db.execute(f"EXPLAIN {sql}", dict.fromkeys(names, None))
            assert sql, name
    whole = "".join(schemas())
    assert whole.count("STRICT") == whole.count("CREATE TABLE")
    journal.close()


async def test_a_standing_is_read_without_what_was_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    told = {
        "jti": "one",
        "exchange": "two",
        "kind": "ask",
        "recipient": "health",
        "categories": "attendance",
        "sealed_to": "kid",
    }
    await journal.run(
        "put_sent",
        **told,
        declaration="a declaration",
        sealed_openings=b"openings",
        body="a body",
        sealed_archive=b"archive",
        sealed_enquiry=None,
        attempt=0,
        replaces=None,
        needed_until=9,
        created_at=1,
    )
    await journal.run("set_outcome", jti="one", outcome="{}", state="handed_over", due_at=None)
    row = journal.row("get_standing", jti="one")
    assert row is not None
    assert dict(row) == {**told, "progress": "ready", "state": "handed_over", "outcome": "{}"}
    assert journal.row("get_standing", jti="two") is None
    journal.close()


async def test_a_receipt_is_read_alone_by_sender_and_id(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", KEY)
    for sender in ("care", "police"):
        await journal.run(
            "put_received",
            sender=sender,
            jti="one",
            exchange="one",
            kind="ask",
            categories="attendance",
            generation=1,
            digest="a digest",
            declaration="a declaration",
            proof="{}",
            sealed_body=b"a body",
            outcome="opened",
            why=None,
            receipt=f"receipt for {sender}",
            received_at=1,
        )
    await journal.run("acknowledge", sender="police", jti="one")
    rows = [journal.row("get_receipt", sender=sender, jti="one") for sender in ("care", "police")]
    assert [dict(row) for row in rows if row is not None] == [
        {"receipt": "receipt for care", "acknowledged": 0},
        {"receipt": "receipt for police", "acknowledged": 1},
    ]
    assert journal.row("get_receipt", sender="care", jti="two") is None
    journal.close()
