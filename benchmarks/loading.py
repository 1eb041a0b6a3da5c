"""What loading a large pack costs, beside the bare import of the same file.

Writes a pack of made-up funding rows (1,000,000 unless another number is given, of 2,000 companies
and 20 sources), then times, on SQLite and on PostgreSQL, each in a process of its own:

- the bare import of funding.csv into a table without key, index or type: `.import` of the
  `sqlite3` program where there is one, else the driver; COPY on PostgreSQL;
- the same rows, ready to be stored, by the driver alone into a new database of ours, with its keys,
  checks, references, triggers and indexes: executemany on SQLite, COPY on PostgreSQL;
- `airace load` of the pack into a new database, of the same again, and with 1 % of rows changed; on
  PostgreSQL also into a new one with `--alone`.

Prints seconds, rows a second, the ratio to the bare import, seconds of processor time (which say
more on a machine that has other work) with their ratio, and the peak memory of the process: the
load and the process that reads for it are two, and the larger is shown. On PostgreSQL the work of
the server is not in the processor time.
Run: `python3 run.py bench loading [ROWS [sqlite | postgresql]]`.
"""

import csv
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
from sqlalchemy import URL

from app.exchange.datapackage import descriptor
from app.exchange.pack_tables import read_batches
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.storage.batches import MEMBER_COLUMNS, Form
from app.storage.engine import database_url
from benchmarks.shared import (
    COMPANY_COUNT,
    COUNTRIES,
    SOURCE_COUNT,
    Cost,
    cost,
    postgresql,
    scratch,
)

SCOPES = ("ai", "generative-ai", "ai-private-investment")
ROUND_TYPES = ("seed", "series-a", "series-b", "series-c")
CHANGED_EACH = 100
BY_DRIVER = """
import csv, itertools, sqlite3, sys
rows = csv.reader(open(sys.argv[2], encoding="utf-8", newline=""))
header = next(rows)
table = sqlite3.connect(sys.argv[1])
table.execute(f"CREATE TABLE funding ({', '.join(header)})")
table.executemany(f"INSERT INTO funding VALUES ({', '.join('?' * len(header))})", rows)
table.commit()
"""
BY_COPY = """
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection, open(sys.argv[2], "rb") as file:
    names = file.readline().decode().strip().split(",")
    connection.execute(f"CREATE TABLE bare ({', '.join(f'{name} text' for name in names)})")
    with connection.cursor().copy("COPY bare FROM STDIN (FORMAT csv)") as copy:
        while block := file.read(65_536):
            copy.write(block)
"""

BY_HAND = """
import sys, orjson, pysqlite3.dbapi2 as sqlite
from sqlalchemy import make_url
table = sqlite.connect(make_url(sys.argv[1]).database, isolation_level=None)
for setting in ("foreign_keys=ON", "recursive_triggers=ON", "cache_size=-128000"):
    table.execute("PRAGMA " + setting)
table.execute("BEGIN IMMEDIATE")
for line in open(sys.argv[2], "rb"):
    name, columns, rows = orjson.loads(line)
    places = ", ".join("?" * len(columns))
    table.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows)
table.execute("INSERT INTO revisions VALUES (1, '2024', 'by hand', 'rows', NULL, 0, 0, 0)")
table.execute("COMMIT")
"""
BY_HAND_COPIED = """
import sys, orjson, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    for line in open(sys.argv[2], "rb"):
        name, columns, rows = orjson.loads(line)
        statement = f"COPY {name} ({', '.join(columns)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    connection.execute("INSERT INTO revisions VALUES (1, '2024', 'by hand', 'rows', NULL, 0, 0, 0)")
"""


def funding(rows: int, *, changed: bool) -> Iterator[dict[str, object]]:
    """Yield made-up rounds and, each tenth, totals; `changed` raises the amount of some."""
    draw = random.Random(1)  # noqa: S311  (the same rows each time)
    for number in range(rows):
        month = f"{draw.randrange(2014, 2025)}-{draw.randrange(1, 13):02}"
        country, company = draw.choice(COUNTRIES), f"c{draw.randrange(COMPANY_COUNT)}"
        amount = draw.randrange(10**5, 10**9)
        row: dict[str, object] = {
            "country": country,
            "amount_usd": amount + (changed and number % CHANGED_EACH == 0),
            "qualifier": draw.choice(("exact", "about")),
            "source": f"s{draw.randrange(SOURCE_COUNT)}",
            "locator": f"Row {number}",
        }
        if number % 10 == 0:
            row |= {"id": f"{country.lower()}-{month}-{number}", "kind": "total", "period": month}
            row |= {"scope": draw.choice(SCOPES), "price_base": "nominal"}
            row |= {"deals": draw.randrange(1, 900), "deals_qualifier": "exact"}
        else:
            row |= {"id": f"{company}-{month}-{number}", "kind": "round", "company": company}
            row |= {"period": f"{month}-{draw.randrange(1, 29):02}"}
            row |= {"round_type": draw.choice(ROUND_TYPES), "amount": amount, "currency": "USD"}
        if number % 3 == 0 and number % 10:
            paid = draw.sample(range(COMPANY_COUNT), draw.randrange(1, 4))
            row["investors"] = ";".join(f"c{investor}" for investor in paid)
        yield row


def write_pack(folder: Path, rows: int, *, changed: bool = False) -> Path:
    """Write the pack; return its folder."""
    folder.mkdir()
    content = descriptor(
        name="made-up",
        title="Made-up rows",
        description="For a benchmark.",
        author="benchmark",
        resources=(SOURCES, COMPANIES, FUNDING),
    )
    (folder / "datapackage.json").write_bytes(orjson.dumps(content))
    sources = (
        {"id": f"s{n}", "kind": "dataset", "publisher": f"P{n}", "title": f"T{n}"}
        for n in range(SOURCE_COUNT)
    )
    companies = (
        {"id": f"c{n}", "name": f"C{n}", "country": COUNTRIES[n % 10], "source": "s0"}
        for n in range(COMPANY_COUNT)
    )
    tables = ((SOURCES, sources), (COMPANIES, companies), (FUNDING, funding(rows, changed=changed)))
    for resource, made in tables:
        with (folder / f"{resource.many}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, resource.pack_columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(made)
    return folder


def bare_import(url: str, table: Path) -> tuple[str, Cost]:
    """Import a file without any key, check or index; return by what, and what it came to."""
    if url.startswith("postgresql:"):
        return "COPY", cost(sys.executable, "-c", BY_COPY, url, str(table))
    bare = str(table.parent.parent / "bare.db")
    if program := shutil.which("sqlite3"):
        csv_mode, read = ".mode csv", f".import {table} funding"
        return "sqlite3 .import", cost(program, bare, csv_mode, read)
    return "the driver's executemany", cost(sys.executable, "-c", BY_DRIVER, bare, str(table))


def write_ready(pack: Path, file: Path, driver: str) -> Path:
    """Write the rows of a pack as they are stored, a batch on each line; return the file."""
    with file.open("wb") as lines:
        for resource in (SOURCES, COMPANIES, FUNDING):
            form = Form(URL.create(driver).get_dialect()(), resource.ledger)
            for batch in read_batches(resource, pack / f"{resource.many}.csv", form, None):
                tables = {resource.ledger.name: (form.columns, batch.values)}
                for name, members in resource.ledger.members.items():
                    tables[members.current.name] = (MEMBER_COLUMNS, batch.members[name])
                for name, (columns, found) in tables.items():
                    rows = [(*row, 1) for row in found]
                    lines.write(orjson.dumps((name, (*columns, "revision"), rows)) + b"\n")
    return file


def by_hand(url: str, ready: Path) -> Cost:
    """Write rows that are ready into a new database, by the driver alone."""
    program = BY_HAND_COPIED if url.startswith("postgresql:") else BY_HAND
    return cost(sys.executable, "-c", program, url, str(ready))


def measure(name: str, urls: tuple[str, ...], first: Path, changed: Path, rows: int) -> None:
    """Time the bare import, the driver and the loads, and print the table."""
    airace = (sys.executable, "-m", "app.cli")
    url, other, *third = urls
    for one in urls:
        cost(*airace, "migrate", url=one)
    peer, bare = bare_import(url, first / "funding.csv")
    driver = database_url(url).drivername
    plain = by_hand(other, write_ready(first, first.parent / "ready.json", driver))
    loads = {
        "first": cost(*airace, "load", str(first), url=url),
        "again": cost(*airace, "load", str(first), url=url),
        "1 % changed": cost(*airace, "load", str(changed), url=url),
    }
    for one in third:
        loads["first, alone"] = cost(*airace, "load", "--alone", str(first), url=one)
    title = f"{name}, {rows} rows"
    print(f"{title:34} {'s':>7} {'rows/s':>8} {'ratio':>6} {'cpu s':>7} {'ratio':>6} {'MB':>5}")
    for what, came_to in {peer: bare, "by the driver, our tables": plain, **loads}.items():
        print(
            f"  {what:32} {came_to.seconds:7.2f} {rows / came_to.seconds:8.0f} "
            f"{came_to.seconds / bare.seconds:6.1f} {came_to.processor:7.2f} "
            f"{came_to.processor / bare.processor:6.1f} {came_to.peak:5.0f}",
            flush=True,
        )


def main() -> None:
    """Write the packs and measure on each database."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    wanted = sys.argv[2:] or ["sqlite", "postgresql"]
    with scratch() as folder:
        first = write_pack(folder / "first", rows)
        changed = write_pack(folder / "changed", rows, changed=True)
        if "sqlite" in wanted:
            urls = f"sqlite:///{folder / 'made-up.db'}", f"sqlite:///{folder / 'by-hand.db'}"
            measure("SQLite", urls, first, changed, rows)
        if "postgresql" in wanted:
            with postgresql() as url, postgresql() as other, postgresql() as third:
                measure("PostgreSQL", (url, other, third), first, changed, rows)


if __name__ == "__main__":
    main()
