"""What the checks on data cost, by kind, and what a difference costs, as the rows grow.

    python3 run.py bench remarks [ROWS ...] [--url URL]

Half of the rows are rounds, half are statistics. Each time is also given as a ratio to reading
every row of both tables once (a sum of their amounts).
"""

import sys
import time
from collections.abc import Iterator
from random import Random

from sqlalchemy import func, select

from app.analysis.data_checks import read_remarks
from app.analysis.data_findings import KINDS
from app.kit.queries import read_query
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.differences import DiffQuery, count_differences
from app.resources.funding import FUNDING, FundingFact
from app.resources.sources import SOURCES, SourceFact
from app.resources.statistics import STATISTICS, StatisticFact
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.migration import migrate
from benchmarks.shared import scratch

_COUNTRIES = ("US", "CN", "GB", "FR", "DE", "IN", "JP", "WLD")


def main() -> None:
    """Measure each size and print a line for each kind."""
    arguments = sys.argv[1:]
    url = arguments.pop() if "--url" in arguments else None
    sizes = [int(word) for word in arguments if word.isdigit()] or [10_000, 100_000]
    for rows in sizes:
        with scratch() as folder:
            database = Database(url or f"sqlite:///{folder / 'benchmark.db'}")
            migrate(database)
            _fill(database, rows)
            _measure(database, rows)
            database.close()


def _measure(database: Database, rows: int) -> None:
    print(f"{rows:,} rows on {database.url.get_backend_name()}")
    with database.read() as transaction:
        started = time.perf_counter()
        for table, column in ((FUNDING, "amount_usd"), (STATISTICS, "value")):
            total = select(func.sum(table.ledger.current.c[column]))
            transaction.connection.scalar(total)
        unit = time.perf_counter() - started
        print(f"  one sum of both tables {unit:8.3f} s")
        for kind in KINDS:
            started = time.perf_counter()
            found = list(read_remarks(transaction, transaction.latest, listed=20, kinds=(kind,)))
            took = time.perf_counter() - started
            count = found[0].count if found else 0
            print(f"  {kind:<22} {took:8.3f} s  {took / unit:6.1f} times  {count} found")
        query = read_query(DiffQuery, [("from", str(transaction.latest.id - 1))])
        started = time.perf_counter()
        counted = count_differences(transaction, transaction.latest, query)
        took = time.perf_counter() - started
        cells = sum(count.count for count in counted)
        print(f"  difference of 1 %      {took:8.3f} s  {took / unit:6.1f} times  {cells} lines")


def _fill(database: Database, rows: int) -> None:
    random = Random(1)  # noqa: S311  (it needs to repeat)
    half = rows // 2
    with database.write(author="benchmark", message="rows") as writing:
        sources = [
            SourceFact(id=key, kind="dataset", publisher="P", title="T", published="2024")
            for key in ("s", "t")
        ]
        writing.put(SOURCES.ledger, [fact.stored() for fact in sources])
        companies = (
            CompanyFact(id=f"c{number}", name=f"C {number}", source="s").stored()
            for number in range(half // 4)
        )
        writing.put(COMPANIES.ledger, companies)
        writing.put(FUNDING.ledger, _rounds(half, random))
        writing.put(STATISTICS.ledger, _statistics(half, random))
    with database.write(author="benchmark", message="one in a hundred changed") as writing:
        changed = (row for place, row in enumerate(_rounds(half, random)) if place % 100 == 0)
        writing.put(FUNDING.ledger, changed)


def _rounds(count: int, random: Random) -> Iterator[StoredRow]:
    for number in range(count):
        amount = int(10 ** random.uniform(6, 9))
        yield FundingFact(
            id=f"r{number:07}",
            kind="round",
            company=f"c{random.randrange(count // 4)}",
            round_type=random.choice(["seed", "series-a", "series-b"]),
            period=f"20{random.randint(10, 23)}-{random.randint(1, 12):02}",
            amount_usd=amount,
            qualifier="exact",
            source=random.choice("st"),
            locator="Row",
        ).stored()


def _statistics(count: int, random: Random) -> Iterator[StoredRow]:
    for number in range(count):
        yield StatisticFact(
            id=f"x{number:07}",
            metric=f"metric-{number % 300}",
            country=_COUNTRIES[number // 300 % len(_COUNTRIES)],
            value=random.uniform(1, 100),
            unit="patents",
            period=str(1990 + number // 2400 % 40),
            qualifier="exact",
            source=random.choice("st"),
        ).stored()


if __name__ == "__main__":
    main()
