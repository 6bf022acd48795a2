"""`make bench`: Gatehouse with everything on beside a bare relay with the same durable commits, in turns, in
one run.

    python deploy/bench/run.py [--quick] [--json] [--state DIR]
    python deploy/bench/run.py --soak [--minutes N]

What is counted, and what is not, stands in docs/performance.md. No figure is printed unless every proof held.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    # Also as `python deploy/bench/run.py`, from anywhere.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.bench.machine import fdatasync_us, primitives
from deploy.bench.plan import FULL, IN_FLIGHT, QUICK, Plan
from deploy.bench.process import BenchFailed, rss_mb
from deploy.bench.report import Report
from deploy.bench.soak import soak
from deploy.bench.stage import Stage, staged

_EXAMPLE = """\
examples:
  make bench ARGS="--quick --json"     within a minute; prints last one JSON object
  make bench                           five rounds of each, then ten thousand exchanges for memory
  make soak ARGS="--minutes 60"        32 exchanges under way for an hour, a line a minute
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure; the return value is the exit code."""
    options = _options().parse_args(arguments)
    state = options.state or Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    code = 1
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(state.iterdir()):
            raise BenchFailed(f"{state} is not empty; give a new folder")
        code = asyncio.run(_measure(state.resolve(), options))
    except* BenchFailed as failed:
        print(f"no figures: {'; '.join(str(each) for each in failed.exceptions)}", file=sys.stderr)
    except* KeyboardInterrupt:
        code = 130
    finally:
        if options.state is None:
            shutil.rmtree(state, ignore_errors=True)
    return code


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="Measure Gatehouse beside a bare relay with the same durable commits, in turns.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--json", action="store_true", help="print last one JSON object; words go to stderr")
    parser.add_argument("--soak", action="store_true", help="stay under load, and look for what grows")
    parser.add_argument("--minutes", type=float, default=60.0, help="of a soak (default: %(default)s)")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="work in this new folder, on its disk, and leave it there"
    )
    return parser


async def _measure(state: Path, options: argparse.Namespace) -> int:
    _say("setting up a hub, a relay, a database and two agencies for each …")
    async with staged(state) as stage:
        if options.soak:
            found = await soak(stage, minutes=options.minutes, say=_say)
            print(json.dumps(found.document()) if options.json else found.words())
            return 0
        report = Report(database=stage.database, fdatasync_us=fdatasync_us(state), primitives=primitives())
        await _rounds(stage, report, QUICK if options.quick else FULL)
    print(report.words(), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps(report.document()))
    return 0


async def _rounds(stage: Stage, report: Report, plan: Plan) -> None:
    sides = [stage.relay, stage.gatehouse]
    for side in sides:
        await side.load(max(IN_FLIGHT), seconds=plan.warm_up)
    report.rss_before_mb = rss_mb(stage.gatehouse.server.pid)
    done = 0
    for turn in range(plan.rounds):
        for in_flight in IN_FLIGHT:
            # Who goes first changes, so that a machine that warms or slows favours neither.
            for side in sides if turn % 2 == 0 else sides[::-1]:
                found = await side.load(in_flight, seconds=plan.seconds[in_flight])
                report.figures[side.name][in_flight].rounds.append(found)
                done += len(found.latencies) if side is stage.gatehouse else 0
                _say(f"{side.name}, {in_flight} in flight: {found.rate:.1f} exchanges a second")
    while done < plan.flat:
        some = min(1_000, plan.flat - done)
        await stage.gatehouse.load(max(IN_FLIGHT), exchanges=some)
        done += some
        _say(f"memory after {done} exchanges: {rss_mb(stage.gatehouse.server.pid):.1f} MiB")
    report.rss_after_mb = rss_mb(stage.gatehouse.server.pid)
    report.exchanges_between = done
    report.proofs_checked = await stage.gatehouse.proofs_checked()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
