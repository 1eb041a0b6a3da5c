"""What exports of a large table cost, beside the sqlite3 program writing the same columns as CSV.

Builds funding rows (made up; 1,000,000 unless a number is given) in a temporary SQLite file, serves
them by `airace serve` and reads each format whole over HTTP. Prints for each: seconds and their
ratio to `sqlite3 -csv`, the time to the first byte, the server's peak memory above idle, and the
median time of another small request meanwhile against before.
Run: `python3 run.py bench exporting [ROWS [DATABASE]]`; a DATABASE that is there already is used
as it is.
"""

import csv
import io
import os
import random
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx2

from app.resources.companies import COMPANIES, CompanyFact
from app.resources.funding import FUNDING, FundingFact
from app.resources.sources import SOURCES, SourceFact
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.migration import migrate
from benchmarks.shared import COMPANY_COUNT, COUNTRIES, memory, scratch

SMALL = "/funding?limit=5"
TARGETS = {"csv": 2.0, "ndjson": 2.0, "parquet": 1.5}
LOOKED_UP = {
    "recorded_at": "(SELECT recorded_at FROM revisions WHERE revisions.id = funding.revision)",
    "licence": "(SELECT licence FROM sources WHERE sources.id = funding.source)",
}
COLUMNS = ", ".join(LOOKED_UP.get(name, name) for name in FUNDING.columns)
SELECT = f"SELECT {COLUMNS} FROM funding ORDER BY id"  # noqa: S608  (our own names)
IN_ORDER = ("csv?sort=-amount_usd", "csv?sort=country,-amount_usd", "csv?period=2015..2023")
"""What no index has in one piece."""

WIDTH = 28
BEFORE = 100


def rounds(rows: int, draw: random.Random) -> Iterator[StoredRow]:
    """Yield made-up rounds with none to two investors each."""
    for number in range(rows):
        amount = draw.randrange(10**5, 10**9)
        investors = {f"c{draw.randrange(COMPANY_COUNT)}" for _ in range(draw.randrange(3))}
        yield FundingFact(
            id=f"round-{number:07}",
            kind="round",
            country=draw.choice(COUNTRIES),
            company=f"c{draw.randrange(COMPANY_COUNT)}",
            investors=sorted(investors),
            round_type=draw.choice(("seed", "series-a", "series-b")),
            period=f"{draw.randrange(2014, 2025)}-{draw.randrange(1, 13):02d}",
            amount_usd=amount,
            amount=amount,
            currency="USD",
            qualifier="exact",
            source=f"s{draw.randrange(20)}",
            locator=f"Row {number + 2}",
        ).stored()


def build(path: Path, rows: int) -> None:
    """Write the made-up rows as one revision."""
    database = Database(f"sqlite:///{path}")
    migrate(database)
    draw = random.Random(1)  # noqa: S311  (the same rows each time)
    with database.write(author="benchmark", message="Made-up rows") as writing:
        sources = [
            SourceFact(id=f"s{n}", kind="dataset", publisher="P", title="T") for n in range(20)
        ]
        writing.put(SOURCES.ledger, [fact.stored() for fact in sources])
        companies = [
            CompanyFact(id=f"c{n}", name=f"C{n}", source="s0") for n in range(COMPANY_COUNT)
        ]
        writing.put(COMPANIES.ledger, [fact.stored() for fact in companies])
        writing.put(FUNDING.ledger, rounds(rows, draw))
    database.close()


def baseline(path: Path) -> tuple[str, float]:
    """Return what CSV is measured against, and its seconds."""
    began = time.perf_counter()
    if program := shutil.which("sqlite3"):
        with Path(os.devnull).open("wb") as nowhere:
            subprocess.run([program, "-csv", str(path), SELECT], stdout=nowhere, check=True)  # noqa: S603
        return "sqlite3 -csv", time.perf_counter() - began
    with sqlite3.connect(path) as connection, Path(os.devnull).open("w") as nowhere:
        csv.writer(nowhere).writerows(connection.execute(SELECT))
    return "Python's csv over sqlite3 (there is no sqlite3 program)", time.perf_counter() - began


class Watch:
    """Takes samples of the server while something runs: its memory, and a small request."""

    def __init__(self, base: str, process: int) -> None:
        self.peak, self.times = 0.0, list[float]()
        self._base, self._process, self._over = base, process, threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._weigh, self._ask)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _weigh(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, memory(self._process))

    def _ask(self) -> None:
        with httpx2.Client(base_url=self._base) as client:
            while not self._over.wait(0.02):
                began = time.perf_counter()
                client.get(SMALL).raise_for_status()
                self.times.append(time.perf_counter() - began)


def read(base: str, address: str) -> tuple[int, int, float, float]:
    """Read a whole table; return the status, its bytes, seconds, and those to the first byte."""
    # curl takes the bytes as they come and costs next to nothing.
    told = "%{http_code} %{size_download} %{time_total} %{time_starttransfer}"
    done = subprocess.run(  # noqa: S603
        ["curl", "-s", "-w", told, "-o", os.devnull, f"{base}/funding.{address}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    status, size, seconds, first = done.stdout.split()
    return int(status), int(size), float(seconds), float(first)


def measure(path: Path) -> None:
    """Serve the database, read each format with and without a watch, print a line for each."""
    name, plain = min((baseline(path) for _ in range(3)), key=lambda found: found[1])
    print(f"{name}: {plain:.2f} s")
    environment = {**os.environ, "AIRACE_DATABASE_URL": f"sqlite:///{path}", "AIRACE_SEED": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        lines = iter(process.stdout or io.StringIO())
        base = next(found[1] for line in lines if (found := re.search(r"on (http://\S+)", line)))
        with httpx2.Client(base_url=base) as client:
            times = []
            for _ in range(BEFORE):
                began = time.perf_counter()
                client.get(SMALL).raise_for_status()
                times.append(time.perf_counter() - began)
                time.sleep(0.02)
        before = statistics.median(times)
        idle = memory(process.pid)
        print(f"idle: {idle:.0f} MB, {SMALL} in {1000 * before:.1f} ms (median)")
        print(
            f"{'format':{WIDTH}}   MB  seconds  ratio (aim)  first byte  above idle  small request"
        )
        for address in ("csv", "ndjson", "parquet", "xlsx?country=US", *IN_ORDER):
            status, size, seconds, first = read(base, address)
            with Watch(base, process.pid) as watch:
                read(base, address)
            aim = f"({TARGETS[address]:.1f})" if address in TARGETS else f"({status})"
            asked = statistics.median(watch.times) if watch.times else 0.0
            print(
                f"{address:{WIDTH}} {size / 1e6:4.0f} {seconds:8.2f} {seconds / plain:6.2f} {aim:5}"
                f" {first:10.2f} s {watch.peak - idle:8.0f} MB"
                f" {1000 * asked:6.1f} ms = {asked / before:.1f} times"
            )
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def main() -> None:
    """Build what is not there, then measure."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with scratch() as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "benchmark.db"  # noqa: PLR2004
        if not path.exists():
            began = time.perf_counter()
            build(path, rows)
            print(f"{rows} funding rows written in {time.perf_counter() - began:.1f} s")
        measure(path)


if __name__ == "__main__":
    main()
