"""Counting at the end, from what the programs themselves say, and comparing with what the story must give."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from deploy.demo.papers import CARE, POLICE, PROBATION
from deploy.demo.programs import ADAPTER, HUB
from deploy.demo.stage import Stage
from deploy.demo.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What `--json` prints. Counts are of envelopes, but `exchanges`, and `declined` and `silent` of
    categories.
    """

    exchanges: int
    """Exchanges of which at least one envelope was permitted; a contact opens one too."""
    permitted: int
    refused: int
    held: int
    lifted: int
    """Held first, permitted after a signed lift."""
    opened: int
    """The recipient's receipt is in the log."""
    declined: int
    silent: int
    """Closed for the asker, while the source's own inbox shows that it had the ask and nobody answered."""
    recalled: int
    log_size: int
    log_root: str
    verified: int
    """Envelopes opened whose evidence `gatehouse verify` accepts."""
    seconds: float


EXPECTED: Final = {
    "exchanges": 10, "permitted": 22, "refused": 2, "held": 1, "lifted": 1, "opened": 21, "declined": 1,
    "silent": 1, "recalled": 1, "verified": 21,
}  # fmt: skip
"""What the story gives, every time."""


async def count(story: Story, *, verified: int, clock: Callable[[], float]) -> Tally:
    """Ask every desk what became of what it sent, and the hub for its log."""
    stage = story.stage
    police, probation, log, *statuses = await asyncio.gather(
        stage.desks[POLICE].do("inbox"),
        stage.desks[PROBATION].do("inbox"),
        stage.hub_command("log", "export", stage.state / "log"),
        *(desk.do("status") for desk in stage.desks.values()),
    )
    sent = [each for status in statuses for each in status.said["sent"]]
    allowed = [each for each in sent if each["outcome"] == "allow"]
    held = [each for each in sent if each["jti"] in story.held]
    tasks = {
        (task["exchange"], task["category"]): task["state"]
        for inbox in (police, probation) for task in inbox.said["tasks"]
    }  # fmt: skip
    closed = [
        (each["exchange"], closure["category"])
        for each in sent if each["recipient"] in (POLICE, PROBATION)
        for closure in each["closures"]
    ]  # fmt: skip
    return Tally(
        exchanges=len({each["exchange"] for each in allowed}),
        permitted=len(allowed),
        refused=_number(sent, "outcome", "refuse"),
        held=len(held),
        lifted=_number(held, "outcome", "allow"),
        opened=_number(sent, "state", "opened"),
        declined=sum(tasks.get(each) == "declined" for each in closed),
        silent=sum(tasks.get(each) == "waiting" for each in closed),
        recalled=_number(sent, "state", "recalled"),
        log_size=log["size"],
        log_root=log["root"],
        verified=verified,
        seconds=round(clock(), 1),
    )


async def verify_opened(stage: Stage) -> int:
    """Have every reader write the evidence of what it opened, and verify each file offline; how many held."""
    folder = stage.state / "evidence"
    written = await asyncio.gather(
        *(desk.do("evidence", "--opened", folder / name) for name, desk in stage.desks.items())
    )
    files = [Path(path) for each in written for path in each.said["files"]]
    await stage.hub_command("verify", *files)
    return len(files)


def shortfall(tally: Tally) -> list[str]:
    """Every count that is not what the story gives, in words."""
    found: dict[str, Any] = asdict(tally)
    return [
        f"{name}: {found[name]} where the story gives {wanted}"
        for name, wanted in EXPECTED.items()
        if found[name] != wanted
    ]


def closing(tally: Tally, stage: Stage, *, kept: bool) -> str:
    """The readable end: what happened in numbers, and what an officer would check, to copy.

    Args:
        kept: whether the state folder is still there afterwards.
    """
    evidence = stage.state / "evidence" / CARE
    example = sorted(evidence.glob("*.json"))[0]
    note = "" if kept else " (play with --state DIR, or without --once, to have the files)"
    return f"""
What happened, in numbers
  {tally.exchanges} exchanges; {tally.permitted} envelopes permitted, {tally.refused} refused
  {tally.held} held, of which {tally.lifted} lifted by a signature
  {tally.opened} opened, {tally.recalled} recalled unread
  {tally.declined} category declined, {tally.silent} met silence; the asker cannot tell which is which
  {tally.verified} permits verified offline; the log has {tally.log_size} entries, root {tally.log_root}
  {tally.seconds} seconds; everybody and everything in it is invented

What an officer would check{note}
  {HUB} verify {example} --state {stage.hub}
  {HUB} log export DIR --state {stage.hub}
  {ADAPTER} status --state {stage.desks[CARE].folder}
  {ADAPTER} inbox --state {stage.desks[CARE].folder}
  {ADAPTER} evidence --opened DIR --state {stage.desks[CARE].folder}
"""


def _number(sent: list[dict[str, Any]], field: str, value: str) -> int:
    return sum(each[field] == value for each in sent)
