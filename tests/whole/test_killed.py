"""Hub and adapters as real processes, killed without warning: nothing acknowledged is lost, every envelope
has one effect; and before its deposit nothing at the hub opens.

That an adapter killed at each step signs one receipt is shown in `tests/adapters/core`.
"""

import http.client
import json
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from adapters.folder import open_folder
from adapters.step import Step
from broker.protocol.declaration import parse_declaration
from broker.protocol.record import parse_record
from keys import sealing
from keys.errors import Rejected
from keys.sealing import Binding, SealingKey
from tests.whole import forms
from tests.whole.agency import Agency
from tests.whole.programs import until
from tests.whole.search import found_in_tables, readings
from tests.whole.stage import CARE, SCHOOL, Stage

_WORDS = "widdershins bumbershoot"


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """Social care and a school."""
    bare_stage.play(CARE, SCHOOL)
    return bare_stage


def _ask(care: Agency, *, wait: str = "0", until: str = "decided", expect: int | None = 5) -> str:
    form = care.paper("ask.yaml", forms.ask(SCHOOL, "school_concerns", concern=_WORDS))
    sent = care.say("ask", form, "--wait", wait, "--until", until, expect=expect)
    return str(sent["jti"])


def _answer(school: Agency, exchange: str) -> str:
    form = school.paper("answer.yaml", forms.answer("school_concerns", what=_WORDS))
    ran = school.do("answer", exchange, "--from", form, "--wait", "0", "--json", expect=None)
    return str(ran.json["answers"][0]["sent"]["jti"])


def _kinds(stage: Stage) -> Counter[tuple[str, str]]:
    """How many records of each kind the log has about each envelope."""
    kinds: Counter[tuple[str, str]] = Counter()
    for row in stage.sql("SELECT text FROM record_text"):
        _, record = parse_record(bytes(row["text"]).decode())
        kinds[type(record).__name__, getattr(record, "envelope", "")] += 1
    return kinds


def _openings(stage: Stage, declaration: str, keys: list[SealingKey]) -> tuple[int, list[bytes]]:
    """Try every key on every sealed text in a dump of the hub: how many there were, and what opened."""
    _, claims = parse_declaration(declaration)
    binding = Binding(
        hub_id=claims.hub,
        exchange=claims.exchange,
        jti=claims.jti,
        kind=claims.kind.value,
        sender=claims.iss,
        recipient=claims.recipient,
    )
    sealed = {
        each for data in stage.table_dump().values() for each in readings(data) if b'"ciphertext"' in each
    }
    found, opened = 0, []
    for text in {line for each in sealed for line in each.splitlines() if line.startswith(b"{")}:
        try:
            sealing.parse_sealed(text)
        except Rejected:
            continue
        found += 1
        for key in keys:
            try:
                opened.append(sealing.open_sealed(text, key, binding))
            except Rejected:
                continue
    return found, opened


def test_nothing_at_the_hub_opens_before_the_deposit_and_the_same_keys_open_it_after(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    care.stop()
    school.stop()
    ask = _ask(care)
    care.die_at(Step.PROVED)
    (row,) = stage.sql("SELECT state, declaration FROM envelope WHERE jti = $1", ask)
    assert row["state"] == "permitted", "it was declared and permitted, and the body has not left"
    # Every key there is at the hub and at the recipient, tried as a key to open with.
    seeds = [
        path.read_bytes() for folder in (stage.state, school.state) for path in (folder / "keys").iterdir()
    ]
    keys = [SealingKey.from_seed(seed) for seed in seeds if len(seed) == 32]
    assert len(keys) > 6
    assert _openings(stage, row["declaration"], keys) == (0, [])
    assert found_in_tables([_WORDS], stage.table_dump()) == {}
    care.start()
    care.reach(ask, "deposited")
    sealed, opened = _openings(stage, row["declaration"], keys)
    assert (sealed, len(opened)) == (1, 1)
    assert _WORDS in opened[0].decode()
    school.start()
    care.reach(ask, "settled")
    assert _openings(stage, row["declaration"], keys) == (0, []), "the body is gone once it was received"


def _let_leases_run_out(stage: Stage) -> None:
    """As half a minute would, for what a hub that is dead had handed over."""
    stage.sql("UPDATE envelope SET lease_until = 1 WHERE lease_until IS NOT NULL")


def test_everything_in_flight_completes_though_hub_and_adapters_are_killed(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    port = stage.port
    assert stage.hub is not None

    def settled(agency: Agency, envelopes: list[str]) -> int:
        states = {row["jti"]: row["state"] for row in agency.rows("SELECT jti, state FROM sent")}
        return sum(states[each] == "opened" for each in envelopes)

    asks = [_ask(care) for _ in range(6)]
    stage.hub.kill()
    asks += [_ask(care) for _ in range(3)]
    school.kill()
    _let_leases_run_out(stage)
    stage.serve(port=port)
    school.begin()
    until(lambda: settled(care, asks) > 0, "asks go through again")
    care.kill()
    care.begin()
    asks += [_ask(care) for _ in range(3)]
    until(lambda: settled(care, asks) == len(asks), "every ask was received")
    items = [_answer(school, ask) for ask in asks[:6]]
    stage.hub.kill()
    items += [_answer(school, ask) for ask in asks[6:]]
    care.kill()
    school.kill()
    _let_leases_run_out(stage)
    stage.serve(port=port)
    school.begin()
    care.begin()
    until(lambda: settled(school, items) == len(items), "every answer was received")

    kinds = _kinds(stage)
    for envelope in (*asks, *items):
        assert kinds["Permit", envelope] == 1
        assert kinds["Received", envelope] == 1
        assert kinds["Handover", envelope] >= 1
    for agency, envelopes in ((school, asks), (care, items)):
        received = agency.rows("SELECT jti, outcome FROM received")
        assert Counter(row["jti"] for row in received if row["jti"] in envelopes) == Counter(envelopes)
        assert {row["outcome"] for row in received} == {"opened"}
    assert not stage.sql("SELECT 1 FROM body"), "no body outlives its receipt"
    # The proofs each agency holds are of one log, which anybody can derive again.
    exported = stage.say("log", "export", stage.folder / "export")
    assert exported["size"] == stage.sql("SELECT n FROM log_head")[0]["n"]
    for agency in (care, school):
        roots = {row["size"]: bytes(row["root"]) for row in agency.rows("SELECT size, root FROM checkpoint")}
        assert not agency.rows("SELECT 1 FROM alarm")
        assert max(roots) <= exported["size"]


def test_a_killed_hub_finds_its_state_again(stage: Stage) -> None:
    before = stage.say("keys", "list")
    identity = json.loads((stage.state / "hub.json").read_bytes())
    assert stage.hub is not None
    port = stage.port
    stage.hub.kill()
    stage.serve(port=port)
    assert stage.say("keys", "list") == before
    after = json.loads((stage.state / "hub.json").read_bytes())
    assert after.pop("pid") != identity.pop("pid")
    assert after == identity
    for name in stage.agencies:
        until(partial(_is_connected, stage, name), f"{name} has come back")


def _is_connected(stage: Stage, name: str) -> bool:
    (row,) = stage.sql("SELECT live FROM connection WHERE agency = $1", name)
    return bool(row["live"])


def test_agencies_at_two_hub_processes_on_one_database_exchange(stage: Stage) -> None:
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    other = stage.serve_another()
    assert other != stage.url
    school.stop()
    file = school.state / "agency.json"
    file.write_text(file.read_text().replace(stage.url, other))
    school.start()
    ask = _ask(care, wait="60", until="settled", expect=0)
    item = _answer(school, ask)
    assert school.reach(item, "settled")["state"] == "opened"
    assert care.reach(ask, "ended")["answered"] == ["school_concerns"]
    # Each was handed over once: no lease was lost on the way from one process to the other.
    kinds = _kinds(stage)
    assert [kinds["Handover", envelope] for envelope in (ask, item)] == [1, 1]
    # Each of them serves the one log.
    size = stage.sql("SELECT n FROM log_head")[0]["n"]
    served = {until(partial(_checkpoint, url, size), f"{url} shows it all") for url in (stage.url, other)}
    assert len(served) == 1
    # One of them dies: its own agencies wait, and all goes on when they come to the other.
    assert stage.hub is not None
    stage.hub.kill()
    second = _ask(care)
    file = care.state / "agency.json"
    file.write_text(file.read_text().replace(stage.url, other))
    care.kill()
    care.start()
    assert care.reach(second, "settled")["state"] == "opened"


def _checkpoint(url: str, size: int) -> bytes | None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/log/checkpoint")
        note = connection.getresponse().read()
        return note if int(note.split(b"\n")[1]) >= size else None
    finally:
        connection.close()


def test_journals_are_whole(stage: Stage) -> None:
    for agency in stage.agencies.values():
        agency.kill()
        assert [row[0] for row in agency.rows("PRAGMA integrity_check")] == ["ok"]
        folder = open_folder(Path(agency.state))
        folder.close()
