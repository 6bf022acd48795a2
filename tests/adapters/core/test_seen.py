"""The log as an adapter saw it: one history, in whatever order checkpoints come; two are noticed for good."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import Untrusted
from adapters.journal.journal import Journal, execute
from adapters.problem import HubProblem, problem_from
from adapters.seen import Seen
from broker.protocol.frame import Consistency, ConsistencyAnswer, Proof, Verb
from broker.protocol.wire import Wire
from keys import base64url, merkle, note
from keys.note import Checkpoint
from keys.signing import SigningKey
from keys.storage import StorageKey

KEY = SigningKey.generate()
ORIGIN = "log.example"
AT = 1_790_000_000


def leaves(count: int, *, fork: int | None = None) -> list[bytes]:
    """Leaf hashes; a forked log differs from entry `fork` on."""
    return [
        hashlib.sha256(f"{number}{'!' if fork is not None and number >= fork else ''}".encode()).digest()
        for number in range(count)
    ]


def consistency(old: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.2, by its own recursion."""

    def sub(m: int, part: list[bytes], whole: bool) -> list[bytes]:
        n = len(part)
        if m == n:
            return [] if whole else [merkle.root_of(part)]
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            return [*sub(m, part[:k], whole), merkle.root_of(part[k:])]
        return [*sub(m - k, part[k:], False), merkle.root_of(part[:k])]

    return sub(old, hashes, True)


class Log:
    """A hub's log as far as it answers `consistency`: the true one, or one of its own making."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes = hashes
        self.asked = 0

    async def ask(self, verb: Verb, body: Wire, answer: type[Any]) -> Any:
        assert verb is Verb.CONSISTENCY
        assert isinstance(body, Consistency)
        self.asked += 1
        if body.new > len(self.hashes):
            raise problem_from({"code": "unprocessable", "status": 422, "detail": "no such size"})
        path = [base64url.encode(step) for step in consistency(body.old, self.hashes[: body.new])]
        return ConsistencyAnswer(old=body.old, new=body.new, path=path)

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(origin=ORIGIN, size=size, root=merkle.root_of(self.hashes[:size]))

    def proof(self, size: int, *, since: int | None = None) -> Proof:
        path = (
            []
            if since is None
            else [base64url.encode(step) for step in consistency(since, self.hashes[:size])]
        )
        return Proof(
            record="a.b.c",
            salt="A" * 43,
            index=0,
            size=size,
            path=[],
            consistency_from=since,
            consistency=path,
            checkpoint=note.sign_checkpoint(self.checkpoint(size), KEY).decode(),
        )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", StorageKey.generate())
    yield made
    made.close()


async def take(seen: Seen, journal: Journal, log: Log, size: int, *, since: int | None = None) -> None:
    row = await seen.verify(log.proof(size, since=since), log.checkpoint(size), log, at=AT)
    if row is not None:
        await journal.write(lambda db: execute(db, "put_checkpoint", **row))


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
async def test_checkpoints_of_one_history_are_taken_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("seen") / "j", StorageKey.generate())
    seen, log = Seen(journal), Log(leaves(60))
    for size in sizes:
        await take(seen, journal, log, size)
    assert seen.size == max(sizes)
    assert not seen.alarmed
    assert Seen(journal).size == max(sizes)
    journal.close()


async def test_a_proof_that_came_along_is_enough(journal: Journal) -> None:
    seen, log = Seen(journal), Log(leaves(50))
    await take(seen, journal, log, 7)
    await take(seen, journal, log, 31, since=7)
    await take(seen, journal, log, 31)
    assert log.asked == 0


@pytest.mark.parametrize("size", [20, 25, 40])
async def test_a_fork_is_noticed_kept_and_stops_everything(journal: Journal, size: int) -> None:
    seen, true = Seen(journal), Log(leaves(50))
    await take(seen, journal, true, 20)
    with pytest.raises(Untrusted) as split:
        await take(seen, journal, Log(leaves(50, fork=10)), size, since=None)
    assert split.value.code == "split-view"
    assert seen.alarmed
    (alarm,) = journal.rows("alarms")
    assert true.proof(20).checkpoint.splitlines()[2] in alarm["detail"].replace("\\n", "\n")
    assert Seen(journal).alarmed


async def test_a_forged_proof_beside_a_true_checkpoint_is_asked_about(journal: Journal) -> None:
    seen, log = Seen(journal), Log(leaves(50))
    await take(seen, journal, log, 20)
    bad = log.proof(30, since=20).model_copy(update={"consistency": [base64url.encode(bytes(32))]})
    await seen.verify(bad, log.checkpoint(30), log, at=AT)
    assert log.asked == 1
    assert not seen.alarmed


async def test_a_log_cut_back_is_a_second_history(journal: Journal) -> None:
    seen = Seen(journal)
    await take(seen, journal, Log(leaves(50)), 50)
    short = Log(leaves(30, fork=29))
    with pytest.raises(Untrusted):
        await take(seen, journal, short, 30)
    assert seen.alarmed


async def test_a_hub_that_cannot_say_now_is_no_second_history(journal: Journal) -> None:
    class Busy(Log):
        async def ask(self, verb: Verb, body: Wire, answer: type[Any]) -> Any:
            raise problem_from({"code": "unavailable", "status": 503})

    seen = Seen(journal)
    await take(seen, journal, Log(leaves(50)), 20)
    with pytest.raises(HubProblem):
        await take(seen, journal, Busy(leaves(50)), 30)
    assert not seen.alarmed
    assert seen.size == 20


async def test_old_checkpoints_are_forgotten_and_the_newest_kept(journal: Journal) -> None:
    def many(db: sqlite3.Connection) -> None:
        for size in range(1, 51):
            execute(db, "put_checkpoint", size=size, root=bytes(32), note="")

    await journal.write(many)
    await journal.run("forget_checkpoints", keep=9)
    assert [row["size"] for row in journal.rows("checkpoints", limit=100)] == list(range(50, 40, -1))
