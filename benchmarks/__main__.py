"""What the product costs beside others that serve the same rows: python3 run.py bench [OPTIONS].

Builds the tables, starts bare uvicorn, nginx, FastAPI with an ORM, Datasette, Django REST framework
and the product, checks that all give the same rows, drives them by wrk in turn, and prints tables
of medians, spreads and ratios. What the machine has not is left out, with the reason.

Others, each of which says more at its beginning: python3 run.py bench NAME [ARGUMENTS]

answers         what answers cost beside one plain list call
loading         loading a large pack, beside a bare import
importing       loading somebody's table, beside reading and inserting it bare
exporting       whole exports, beside the sqlite3 program
plans           filters and orders of a list, beside the best SQL by hand
remarks         the checks on data and differences, by kind
"""

import runpy
import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import driving, report
from benchmarks.after_writes import measure_after_writes
from benchmarks.growth import measure_growth
from benchmarks.machine import describe
from benchmarks.measuring import FULL, QUICK, Effort, Quiet, measure_load, servers_up
from benchmarks.results import Results
from benchmarks.servers import ROOT, Place
from benchmarks.shared import cores, memory, on_core, postgresql, scratch
from benchmarks.starting import measure_starts
from benchmarks.tables import build

OTHERS = ("answers", "loading", "importing", "exporting", "plans", "remarks")


def main() -> None:
    """Run one of the others where it is named, else this one."""
    if sys.argv[1:] and sys.argv[1] in OTHERS:
        name = sys.argv.pop(1)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        return
    parser = ArgumentParser(
        prog="run.py bench", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds: three minutes")
    parser.add_argument(
        "--record",
        action="store_true",
        help="put the tables and pictures into docs/, else into build/benchmark",
    )
    parser.add_argument(
        "--lock",
        type=Path,
        help="measure only while holding the lock of this file, as others may do that measure",
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is removed
    if why := driving.missing():
        raise SystemExit(f"Nothing can be measured: {why}.")
    quiet: Quiet = partial(held, asked.lock) if asked.lock else nullcontext
    results = measure(QUICK if asked.quick else FULL, quiet)
    print(report.tables(results))
    folder = ROOT / "docs" if asked.record else ROOT / "build" / "benchmark"
    report.write(results, folder, datetime.now(UTC).date())
    print(f"Written to {folder.relative_to(ROOT)}/.")


def measure(effort: Effort, quiet: Quiet) -> Results:
    """Measure all of it. Everything that it makes is gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        stack.enter_context(on_core(cores().rest))
        url = stack.enter_context(postgresql())
        place = Place(folder, folder / "tables.db", url)
        say(f"Building the tables of {effort.rows:,} rows")
        build(place.sqlite_url, effort.rows)
        build(url, effort.rows)
        machine = describe(place)
        say("Starting")
        starts = measure_starts(place, effort.rounds, quiet)
        with servers_up(place) as up:
            say("Driving")
            load = measure_load(place, up, effort, quiet)
            say("Writing and asking")
            product = up.workers["ours"][0]
            after_writes = measure_after_writes(place, product, min(effort.rounds, 3), quiet)
            held_memory = memory(product.process)
        say("Growing")
        growth, left_out = measure_growth(effort, folder, quiet)
    return Results(
        effort=effort,
        machine=machine,
        load=load,
        after_writes=after_writes,
        starts=starts,
        memory=held_memory,
        growth=growth,
        left_out=left_out,
    )


def say(what: str) -> None:
    """Say what is being done; the tables alone go to standard output."""
    print(f"{what} ...", file=sys.stderr, flush=True)


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Hold the lock of a file."""
    import fcntl

    with file.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
