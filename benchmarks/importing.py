"""What loading somebody's table costs, beside reading it with the csv module and inserting it bare.

Each in a process of its own, in turn, three times; prints medians, their ratio and the peak memory.
Run: `python3 run.py bench importing FILE [MAPPING]`, for example on an export of Crunchbase's
funding rounds. The mapping is told by the columns unless it is named.
"""

import csv
import io
import multiprocessing
import resource
import sqlite3
import statistics
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from app.exchange.import_report import Asked
from app.exchange.importing import import_table
from app.exchange.mapping import find_mapping, recognise
from app.exchange.tables import open_table
from app.storage.database import Database
from app.storage.migration import migrate
from benchmarks.shared import scratch

ROUNDS = 3


def bare(path: Path, _mapping: str, folder: Path) -> str:
    """Read the file with the csv module and insert its cells into a table without anything."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read(archive.namelist()[0])
    else:
        content = path.read_bytes()
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    header = next(reader)
    connection = sqlite3.connect(folder / "bare.db")
    columns = ", ".join(f"c{number}" for number in range(len(header)))
    connection.execute(f"CREATE TABLE bare ({columns})")
    places = ", ".join("?" * len(header))
    rows = (row for row in reader if len(row) == len(header))
    connection.executemany(f"INSERT INTO bare VALUES ({places})", rows)  # noqa: S608  (our names)
    connection.commit()
    return "bare"


def loaded(path: Path, mapping: str, folder: Path) -> str:
    """Load the file as `airace load` does, into a database that is ready."""
    database = Database(f"sqlite:///{folder / 'ready.db'}")
    with open_table(path, fallbacks=()) as table:
        found = find_mapping(mapping) if mapping else recognise(table.header)
    with open_table(path, fallbacks=found.content.file.fallback_encodings) as table:
        asked = Asked(max_rejects=10**9)
        report = import_table(database, table, found, asked, name=path.name)
    return f"{report.rows:,} rows, {report.facts:,} facts, {report.rejected:,} refused"


def measured(
    work: Callable[[Path, str, Path], str], path: Path, mapping: str
) -> tuple[float, float, str]:
    """Return the seconds of a work, its peak megabytes, and what it says."""
    receiving, sending = multiprocessing.Pipe(duplex=False)

    def run() -> None:
        with scratch() as folder:
            database = Database(f"sqlite:///{folder / 'ready.db'}")
            migrate(database)
            database.close()
            began = time.perf_counter()
            said = work(path, mapping, folder)
            seconds = time.perf_counter() - began
        used = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # one process, or two at once
        peak = sum(resource.getrusage(of).ru_maxrss for of in used) / 1024
        sending.send((seconds, peak, said))

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    sending.close()  # or nobody would notice that the process has failed
    found: tuple[float, float, str] = receiving.recv()
    process.join()
    return found


def main() -> None:
    """Measure both ways in turn, and print them."""
    path, mapping = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""  # noqa: PLR2004
    found = {
        work: [measured(work, path, mapping) for _ in range(ROUNDS)] for work in (bare, loaded)
    }
    seconds = {work: statistics.median(one[0] for one in runs) for work, runs in found.items()}
    for work, runs in found.items():
        peak = max(one[1] for one in runs)
        ratio = seconds[work] / seconds[bare]
        print(f"{runs[0][2]:<50} {seconds[work]:7.2f} s {ratio:6.1f} times {peak:7.0f} MB")


if __name__ == "__main__":
    main()
