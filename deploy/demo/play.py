"""`make demo`: plays an invented case with real processes, and ends with 0 only if everything came out as it
must.

    python -m deploy.demo.play [--once] [--json] [--state DIR]

It drives the two programs through their command lines and imports neither of them.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if __package__ in (None, ""):
    # Also as `python deploy/demo/play.py`, from anywhere.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.demo.programs import Programs, WentWrong
from deploy.demo.stage import enrol, go_live, open_hub
from deploy.demo.story import Exchanges, Story, Tell
from deploy.demo.tally import closing, count, shortfall, verify_opened

_INTERRUPTED: Final = 130


def main(arguments: list[str] | None = None) -> int:
    """Play; the return value is the exit code."""
    options = _options().parse_args(arguments)
    state = options.state or Path(tempfile.mkdtemp(prefix="gatehouse-demo-"))
    if options.state is not None:
        if options.state.exists() and any(options.state.iterdir()):
            print(f"{options.state} is not empty; give a new folder.", file=sys.stderr)
            return 1
        options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return asyncio.run(_until_told(state.resolve(), options))
    finally:
        if options.state is None:
            shutil.rmtree(state, ignore_errors=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make demo", description="Play an invented case with real processes."
    )
    parser.add_argument(
        "--once", action="store_true", help="end when it is played; else the hub stays until Ctrl-C"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object last; progress goes to stderr"
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep everything in this new folder")
    return parser


async def _until_told(state: Path, options: argparse.Namespace) -> int:
    """Play, stay, and end in order: at the first Ctrl-C or SIGTERM every program started here is stopped."""
    (state / "logs").mkdir()
    programs = Programs(logs=state / "logs")
    playing = asyncio.ensure_future(_play(state, programs, options))
    for number in (signal.SIGINT, signal.SIGTERM):
        # Only the play is cancelled, and only once: a second Ctrl-C must not leave a database running.
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        return await playing
    except WentWrong as error:
        print(f"The play stopped: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print("Stopped before its end.", file=sys.stderr)
        return _INTERRUPTED
    finally:
        await programs.stop_all()


async def _play(state: Path, programs: Programs, options: argparse.Namespace) -> int:
    started = time.monotonic()
    stream = sys.stderr if options.json else sys.stdout

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", file=stream, flush=True)

    story, verified = await _chapters(state, programs, tell)
    tally = await count(story, verified=verified, clock=lambda: time.monotonic() - started)
    wrong = shortfall(tally)
    kept = options.state is not None or not options.once
    print(closing(tally, story.stage, kept=kept), file=stream, flush=True)
    for line in wrong:
        print(f"Not as it must be: {line}.", file=sys.stderr)
    if options.json:
        print(json.dumps(asdict(tally)), flush=True)
    if wrong:
        return 1
    if not options.once:
        tell("The hub and the adapters go on; Ctrl-C ends them.")
        try:
            await programs.gone("hub")
        except asyncio.CancelledError:
            return 0
        raise WentWrong(f"the hub ended by itself; see {state / 'logs' / 'hub.log'}")
    return 0


async def _chapters(state: Path, programs: Programs, tell: Tell) -> tuple[Story, int]:
    tell("Everybody and everything here is invented; NHS numbers are of the 999 range, issued to nobody.")
    stage = await open_hub(state, programs)
    tell(f"The hub listens on {stage.url}.")
    fingerprints = await enrol(stage)
    tell("Five agencies enrolled; a sharing agreement signed by the administrator.")
    now = datetime.now(UTC)
    await go_live(stage, fingerprints, now.date())
    tell(
        "Their adapters are connected, and have confirmed each other's fingerprints by (pretended) telephone."
    )
    story = Story(stage=stage, now=now, tell=tell, ids=Exchanges(), held=set())
    await story.contact()
    await asyncio.gather(story.other_family(), story.asks())
    await asyncio.gather(story.mended(), story.elsewhere(), story.brother(), story.sanitised(), story.joint())
    await asyncio.gather(story.dark(), story.corrected(), story.outcome())
    await story.consent_withdrawn()
    await story.closed()
    # Everything has come to its end: time to look at the whole, and to check every permit.
    _, verified = await asyncio.gather(story.picture(), verify_opened(stage))
    tell(f"The permits of all {verified} opened envelopes verify offline, by the hub's public keys alone.")
    return story, verified


if __name__ == "__main__":
    sys.exit(main())
