"""What became of each category of an answer."""

import argparse
import asyncio
from collections.abc import Sequence

from adapters.answering.sending import Queued, Way
from adapters.command.exit import Exit
from adapters.command.outcome import exit_after, exit_of_act, findings, state_words
from adapters.command.screen import give, say, words
from adapters.desk.follow import Milestone, wait_for, wait_for_act
from adapters.folder import Folder
from adapters.view import ActSent, Sent

_WORST_FIRST = (Exit.FAILED, Exit.REFUSED, Exit.HELD, Exit.WAITING)


async def report_answers(
    folder: Folder, exchange: str, queued: Sequence[Queued], arguments: argparse.Namespace
) -> Exit:
    """Wait for each as far as `--until` says, print them in order, and give the worst as the exit code."""
    milestone = Milestone(arguments.until)
    held = [each for each in queued if each.way is Way.PREPARED]
    queued = [each for each in queued if each.way is not Way.PREPARED]
    ends = await asyncio.gather(*(_end(folder, each, milestone, arguments.wait) for each in queued))
    if arguments.json:
        give(
            {
                "exchange": exchange,
                "answers": [_as_json(each, end) for each, end in zip(queued, ends, strict=True)]
                + [{"category": each.category, "way": each.way, "digest": each.digest} for each in held],
            }
        )
    else:
        for each, end in zip(queued, ends, strict=True):
            say(*_lines(each, end))
        for each in held:
            say(
                f"{words(each.category.value)}: prepared; it leaves when another person has approved it:",
                f"  gatehouse-adapter approve {exchange} {each.category.value} --as PERSON --role ROLE",
            )
    codes = {_exit(end, milestone, waited=arguments.wait > 0) for end in ends}
    return next((code for code in _WORST_FIRST if code in codes), Exit.DONE)


async def _end(folder: Folder, each: Queued, milestone: Milestone, within: float) -> Sent | ActSent:
    if each.envelope is not None:
        return await wait_for(folder, each.envelope, milestone, within=within)
    assert each.act is not None
    return await wait_for_act(folder, each.act, within=within)


def _exit(end: Sent | ActSent, milestone: Milestone, *, waited: bool) -> Exit:
    return exit_after(end, milestone, waited=waited) if isinstance(end, Sent) else exit_of_act(end)


def _as_json(each: Queued, end: Sent | ActSent) -> dict[str, object]:
    return {"category": each.category, "way": each.way, "sent" if isinstance(end, Sent) else "act": end}


def _lines(each: Queued, end: Sent | ActSent) -> list[str]:
    category = words(each.category.value)
    if isinstance(end, Sent):
        return [f"{category}: {state_words(end)}", *findings(end.findings)]
    what = (
        "declined; the reason stays here"
        if each.way is Way.DECLINE
        else "nothing held; the asker is not told so"
    )
    if end.problem_code is not None:
        return [f"{category}: not done: {end.problem} ({end.problem_code})"]
    return [
        f"{category}: {what}." if end.done else f"{category}: {what}. Kept; the running adapter will send it."
    ]
