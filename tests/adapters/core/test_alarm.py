"""An alarm stops all sending until a person ends it with a reason; evidence and reason are kept."""

import asyncio
import json

import pytest

from adapters.command.main import main
from adapters.contradiction import NOT_SHOWN, SPLIT_VIEW, Contradiction, Shown
from adapters.desk import alarm, follow, inbox
from adapters.desk.ask import ask
from adapters.desk.attention import attention
from adapters.errors import Untrusted, WrongOrder
from adapters.folder import Folder, open_folder
from adapters.view import Progress
from broker.protocol.life import State
from keys import note
from keys.note import Checkpoint
from keys.signing import SigningKey
from tests.adapters.core.conftest import Town
from tests.adapters.core.made import ask_order

REASON = "Compared with the other agencies: they saw what we saw."


def signed(town: Town, folder: Folder, size: int, root: bytes) -> str:
    """A checkpoint that the hub has signed."""
    key = SigningKey.from_seed((town.root.parent / "hub-keys" / "log").read_bytes())
    origin = folder.agency.hub.origin
    return note.sign_checkpoint(Checkpoint(origin=origin, size=size, root=root), key).decode()


async def raise_alarm(town: Town, folder: Folder) -> Contradiction:
    seen, shown = (signed(town, folder, 9, bytes([mark]) * 32) for mark in (1, 2))
    evidence = Contradiction(seen=seen, shown=shown)
    detail = evidence.dump().decode()
    await folder.journal.run("put_alarm", code=SPLIT_VIEW, detail=detail, at=town.clock())
    return evidence


async def test_sending_goes_on_in_a_running_adapter_once_another_process_ends_the_alarm(pair: Town) -> None:
    care = pair.folders["care"]
    await pair.halt("care")
    exchange = await ask(care, ask_order(pair.clock()))
    await raise_alarm(pair, care)
    await pair.start("care")
    with pytest.raises(Untrusted) as refused:
        await ask(care, ask_order(pair.clock()))
    assert (refused.value.code, "gatehouse-adapter alarm" in refused.value.message) == ("split-view", True)
    assert [matter.code for matter in attention(care)] == ["split-view"]
    await pair.until(lambda: pair.at_work["care"].adapter.outbox.idle)
    assert follow.sent(care, exchange).progress is Progress.READY
    elsewhere = open_folder(care.path, clock=pair.adapter_clock)
    ended = await alarm.end_alarm(elsewhere, why=REASON, by="manager-2", believe=alarm.Believed.SEEN)
    elsewhere.close()
    assert ended == 1
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED
    assert attention(care) == ()
    (kept,) = alarm.alarms(care)
    assert (kept.why, kept.ended_by, kept.believed, kept.stops) == (REASON, "manager-2", "seen", False)
    assert REASON.encode() not in b"".join(path.read_bytes() for path in care.path.glob("journal.sqlite*"))


async def test_a_person_may_go_on_with_what_was_shown(town: Town) -> None:
    care = await town.enrol("care")
    evidence = await raise_alarm(town, care)
    assert evidence.seen is not None
    await care.journal.run("put_checkpoint", size=9, root=bytes([1]) * 32, note=evidence.seen)
    await alarm.end_alarm(care, why=REASON, by="manager-2", believe=alarm.Believed.SHOWN)
    (row,) = care.journal.rows("checkpoints", limit=9)
    assert (row["size"], bytes(row["root"]), row["note"]) == (9, bytes([2]) * 32, evidence.shown)


async def test_it_is_ended_with_a_reason_and_only_where_there_is_one(town: Town) -> None:
    care = await town.enrol("care")
    for reason, code in ((REASON, "no-alarm"), (" \n", "no-reason")):
        with pytest.raises(WrongOrder) as refused:
            await alarm.end_alarm(care, why=reason, by="manager-2", believe=alarm.Believed.SEEN)
        assert refused.value.code == code


async def test_nothing_is_taken_in_until_the_alarm_is_ended(pair: Town) -> None:
    health = pair.folders["health"]
    await pair.halt("health")
    await raise_alarm(pair, health)
    await pair.start("health")
    exchange = await ask(pair.folders["care"], ask_order(pair.clock()))
    await pair.ended("care", exchange, follow.Milestone.DEPOSITED)
    await pair.until(lambda: follow.sent(pair.folders["care"], exchange).state is State.HANDED_OVER)
    assert inbox.inbox(health) == ()
    await alarm.end_alarm(health, why=REASON, by="manager-2", believe=alarm.Believed.SEEN)
    assert (await pair.ended("care", exchange, follow.Milestone.SETTLED)).state is State.OPENED


async def test_what_the_evidence_shows_is_judged_anew_from_its_bytes(town: Town) -> None:
    care = await town.enrol("care")
    key = care.hub.log_key
    two = await raise_alarm(town, care)
    assert two.what_it_shows(key) is Shown.TWO_ROOTS
    forged = two.shown.replace("\n9\n", "\n8\n")
    for seen, shown in ((None, two.shown), (two.seen, two.seen), (two.seen, forged)):
        assert shown is not None
        assert Contradiction(seen=seen, shown=shown).what_it_shows(key) is Shown.NOTHING


async def test_the_commands_show_it_and_end_it(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    care = await town.enrol("care")
    evidence = await raise_alarm(town, care)
    await care.journal.run("put_alarm", code=NOT_SHOWN, detail=evidence.dump().decode(), at=town.clock())
    hub = care.agency.hub
    town.close("care")
    state = ("--state", str(town.root / "care"))
    assert await told(["alarm", *state]) == 0
    out = capsys.readouterr().out
    assert "NOTHING IS SENT OR TAKEN IN" in out
    assert "have different roots" in out
    for each in (evidence.seen, evidence.shown):
        assert each is not None
        assert all(line in out for line in each.splitlines())
    assert await told(["alarm", "show", "--json", *state]) == 0
    written = json.loads(capsys.readouterr().out)
    first = written["alarms"][0]
    assert (first["shows"], first["stops"]) == ("two-roots", True)
    assert (first["evidence"]["seen"], first["evidence"]["shown"]) == (evidence.seen, evidence.shown)
    assert (written["agency"], written["hub"]["log_vkey"]) == ("care", hub.log_vkey)
    assert await told(["alarm", "clear", "--why", REASON, "--as", "manager-2", *state]) == 0
    assert await told(["alarm", *state]) == 0
    out = capsys.readouterr().out
    assert REASON in out
    assert "by manager-2" in out
    assert "NOTHING IS SENT" not in out
    # The other kind stops nothing, and is not a person's to end.
    assert await told(["alarm", "clear", "--why", REASON, "--as", "manager-2", *state]) == 1


async def told(line: list[str]) -> int:
    """A command's exit code, run beside this loop as another process would."""
    return await asyncio.to_thread(main, line)
