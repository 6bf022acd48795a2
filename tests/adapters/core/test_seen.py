"""The log as an adapter saw it: one history, in whatever order checkpoints come; two are noticed for good."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contradiction import Contradiction
from adapters.errors import Unreachable, Untrusted
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
        await asyncio.sleep(0)
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


@pytest.mark.parametrize("first", [4, 16, 20])
@pytest.mark.parametrize("size", [20, 25, 32, 40])
async def test_a_fork_is_noticed_kept_and_stops_everything(journal: Journal, first: int, size: int) -> None:
    seen, true, forked = Seen(journal), Log(leaves(50)), Log(leaves(50, fork=3))
    await take(seen, journal, true, first)
    with pytest.raises(Untrusted) as split:
        await take(seen, journal, forked, size, since=None)
    assert split.value.code == "split-view"
    assert seen.alarmed
    (alarm,) = journal.rows("alarms")
    evidence = Contradiction.model_validate_json(alarm["detail"])
    assert (evidence.seen, evidence.shown) == (true.proof(first).checkpoint, forked.proof(size).checkpoint)
    assert Seen(journal).alarmed
    # Nothing is taken in any more, not even what is of the history seen.
    with pytest.raises(Untrusted):
        await take(seen, journal, true, first)


async def test_two_histories_in_turn_from_what_they_have_in_common_are_noticed(journal: Journal) -> None:
    seen, true, forked = Seen(journal), Log(leaves(50)), Log(leaves(50, fork=25))
    await take(seen, journal, true, 20)
    await take(seen, journal, true, 30, since=20)
    with pytest.raises(Untrusted):
        await take(seen, journal, forked, 35, since=20)
    assert seen.alarmed


@pytest.mark.parametrize("size", [30, 35])
async def test_two_histories_at_once_are_noticed(journal: Journal, size: int) -> None:
    seen, true, forked = Seen(journal), Log(leaves(50)), Log(leaves(50, fork=25))
    await take(seen, journal, true, 20)
    done = await asyncio.gather(
        take(seen, journal, true, 30), take(seen, journal, forked, size), return_exceptions=True
    )
    assert any(isinstance(each, Untrusted) for each in done)
    assert seen.alarmed


async def test_a_forged_proof_beside_a_true_checkpoint_is_asked_about(journal: Journal) -> None:
    seen, log = Seen(journal), Log(leaves(50))
    await take(seen, journal, log, 20)
    bad = log.proof(30, since=20).model_copy(update={"consistency": [base64url.encode(bytes(32))]})
    await seen.verify(bad, log.checkpoint(30), log, at=AT)
    assert log.asked == 1
    assert not seen.alarmed


async def test_a_log_cut_back_is_a_second_history_once_the_hub_proves_it(journal: Journal) -> None:
    true, forked = Log(leaves(50)), Log(leaves(30, fork=29))
    seen = Seen(journal)
    await take(seen, journal, true, 50)
    # The forked one cannot say how its 30 became our 50: refused, nothing rests on it, and nothing is proved.
    with pytest.raises(Unreachable):
        await take(seen, journal, forked, 30)
    assert journal.rows("alarms") == []
    # The true log can, and its answer shows that its 30 were others.
    with pytest.raises(Untrusted):
        await seen.verify(forked.proof(30), forked.checkpoint(30), true, at=AT)
    assert seen.alarmed
    evidence = Contradiction.model_validate_json(journal.rows("alarms")[0]["detail"])
    assert (evidence.old, evidence.new) == (30, 50)
    assert merkle.contradicts(
        old_size=30,
        old_root=forked.checkpoint(30).root,
        new_size=50,
        new_root=true.checkpoint(50).root,
        proof=[base64url.decode(step) for step in evidence.path],
    )


async def test_the_evidence_of_one_size_are_the_two_notes_of_that_size(journal: Journal) -> None:
    true, forked = Log(leaves(50)), Log(leaves(50, fork=3))
    seen = Seen(journal)
    for size in (20, 31):
        await take(seen, journal, true, size)
    with pytest.raises(Untrusted):
        await take(seen, journal, forked, 20)
    evidence = Contradiction.model_validate_json(journal.rows("alarms")[0]["detail"])
    assert evidence.seen == true.proof(20).checkpoint
    assert evidence.shown == forked.proof(20).checkpoint


class Refusing(Log):
    """Refuses `consistency` as long as it is told to."""

    def __init__(self, hashes: list[bytes], *, how: str) -> None:
        super().__init__(hashes)
        self.how: str | None = how

    async def ask(self, verb: Verb, body: Wire, answer: type[Any]) -> Any:
        if self.how == "refused":
            raise problem_from({"code": "unprocessable", "status": 422, "detail": "no such size"})
        answered = await super().ask(verb, body, answer)
        if self.how == "damaged":
            return answered.model_copy(update={"path": [base64url.encode(bytes(32)), *answered.path[1:]]})
        return answered


@pytest.mark.parametrize("how", ["refused", "damaged"])
async def test_what_is_not_shown_now_is_no_proof_and_is_asked_again(journal: Journal, how: str) -> None:
    log = Refusing(leaves(50), how=how)
    seen = Seen(journal)
    await take(seen, journal, log, 20)
    for _ in range(3):
        with pytest.raises(Unreachable) as refused:
            await take(seen, journal, log, 30)
        assert refused.value.code == "history-not-shown"
    assert (seen.alarmed, seen.size) == (False, 20)
    assert [row["code"] for row in journal.rows("open_alarms")] == ["history-not-shown"]
    assert not Seen(journal).alarmed
    log.how = None
    await take(seen, journal, log, 30)
    assert seen.size == 30
    assert journal.rows("open_alarms") == []
    (kept,) = journal.rows("all_alarms")
    assert kept["ended_by"] == "adapter"


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
