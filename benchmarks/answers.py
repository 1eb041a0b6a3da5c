"""What answers cost on a large database, beside one GROUP BY of one's own over the same rows.

Builds 100,000 funding rows (or as many as said), 5,000 AI models and 20 sources (made up) in a
temporary SQLite file. Each time around, each address is asked twice after a write, and each GROUP
BY is sent through the bare driver. Prints medians of the processor's time and their ratios: that
of the first call to the GROUP BY, that of the second to a plain list call.
Run: `python3 run.py bench answers [ROWS]`.
"""

import random
import statistics
import sys
import time
from collections.abc import Iterator

import pysqlite3.dbapi2 as sqlite
from starlette.testclient import TestClient

from app.main import create_app
from app.resources.ai_models import AI_MODELS, AIModelFact
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.funding import FUNDING, FundingFact
from app.resources.sources import SOURCES, SourceFact
from app.settings import Settings
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.migration import migrate
from benchmarks.shared import COMPANY_COUNT, COUNTRIES, SOURCE_COUNT, scratch

MODEL_COUNT = 5_000
TIMES = 5
LIST = "/funding?country=US&limit=50"
ALL, TWO, FOUR = "", "WHERE country IN ('US', 'CN')", "WHERE country IN ('US', 'CN', 'GB', 'FR')"
ONE = "WHERE country = 'US'"
GROUP_BY = """
SELECT kind, country, substr(period_first_day, 1, 4), source, count(*), sum(amount_usd)
FROM funding {} GROUP BY 1, 2, 3, 4
"""
ADDRESSES = {
    LIST: ONE,
    "/gap?indicator=funding-amount": TWO,
    "/gap?indicator=rounds-amount": TWO,
    "/gap?indicator=models-released": TWO,
    "/claims?indicator=rounds-amount": TWO,
    "/race?countries=US,CN": TWO,
    "/race?countries=US,CN,GB,FR": FOUR,
    "/observations?indicator=rounds-amount&country=US,CN": TWO,
    "/observations": ALL,
    "/indicators": ALL,
}
"""What is asked, and which rows the GROUP BY beside it reads."""


def funding(rows: int, draw: random.Random) -> Iterator[StoredRow]:
    """Yield totals of each source, country, scope and year, and rounds to make up the number."""
    made = 0
    for source in range(SOURCE_COUNT):
        for country in COUNTRIES:
            for scope in ("ai", "generative-ai"):
                for year in range(2014, 2025):
                    made += 1
                    yield FundingFact(
                        id=f"t{made}",
                        kind="total",
                        country=country,
                        scope=scope,
                        period=str(year),
                        amount_usd=draw.randrange(10**9, 10**11),
                        qualifier="exact",
                        source=f"s{source}",
                    ).stored()
    for number in range(rows - made):
        month = f"{draw.randrange(2014, 2025)}-{draw.randrange(1, 13):02d}"
        yield FundingFact(
            id=f"r{number}",
            kind="round",
            country=draw.choice(COUNTRIES),
            company=f"c{draw.randrange(COMPANY_COUNT)}",
            period=month,
            amount_usd=draw.randrange(10**5, 10**9),
            qualifier="exact",
            source=f"s{draw.randrange(SOURCE_COUNT)}",
        ).stored()


def fill(database: Database, rows: int) -> None:
    """Write the made-up rows as one revision."""
    draw = random.Random(1)  # noqa: S311  (the same rows each time)
    sources = [
        SourceFact(id=f"s{n}", kind="dataset", publisher=f"P{n}", title=f"T{n}").stored()
        for n in range(SOURCE_COUNT)
    ]
    companies = [
        CompanyFact(id=f"c{n}", name=f"C{n}", country=draw.choice(COUNTRIES), source="s0").stored()
        for n in range(COMPANY_COUNT)
    ]
    ai_models = [
        AIModelFact(
            id=f"m{n}",
            name=f"M{n}",
            kind="model",
            developers=[f"c{c}" for c in sorted(draw.sample(range(COMPANY_COUNT), 2))],
            released=str(draw.randrange(2014, 2025)),
            openness="open",
            training_compute_flop=10 ** draw.uniform(20, 26),
            source=f"s{draw.randrange(SOURCE_COUNT)}",
        ).stored()
        for n in range(MODEL_COUNT)
    ]
    with database.write(author="benchmark", message="Made-up rows") as writing:
        writing.put(SOURCES.ledger, sources)
        writing.put(COMPANIES.ledger, companies)
        writing.put(AI_MODELS.ledger, ai_models)
        writing.put(FUNDING.ledger, funding(rows, draw))


def main() -> None:
    """Build, measure in turn, print a table of medians and ratios."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with scratch() as folder:
        url = f"sqlite:///{folder / 'benchmark.db'}"
        database = Database(url)
        migrate(database)
        began = time.perf_counter()
        fill(database, rows)
        print(f"{rows} funding rows written in {time.perf_counter() - began:.1f} s")
        database.close()
        with TestClient(create_app(Settings(database_url=url))) as client:
            measure(client, Database(url), sqlite.connect(folder / "benchmark.db"))


def touch(database: Database, number: int) -> None:
    """Write a revision that changes one source and nothing else."""
    changed = SourceFact(id="s0", kind="dataset", publisher="P0", title=f"T{number}").stored()
    with database.write(author="benchmark", message="Touched") as writing:
        writing.put(SOURCES.ledger, [changed])


def measure(client: TestClient, database: Database, bare: sqlite.Connection) -> None:
    """Ask each address twice after a write, several times in turn, and print what it costs."""
    grouped: dict[str, list[float]] = {rows: [] for rows in ADDRESSES.values()}
    first: dict[str, list[float]] = {address: [] for address in ADDRESSES}
    second: dict[str, list[float]] = {address: [] for address in ADDRESSES}
    for _ in range(TIMES):
        for rows, taken in grouped.items():
            began = time.process_time()
            bare.execute(GROUP_BY.format(rows)).fetchall()
            taken.append(time.process_time() - began)
        for address in ADDRESSES:
            touch(database, len(first[address]) * len(ADDRESSES) + list(ADDRESSES).index(address))
            for taken in (first[address], second[address]):
                began = time.process_time()
                client.get(address).raise_for_status()
                taken.append(time.process_time() - began)
    plain = statistics.median(second[LIST])
    print(
        f"{'address':52} {'GROUP BY ms':>11} {'first ms':>9} {'of it':>6} "
        f"{'second ms':>9} {'of a list':>9}"
    )
    for address, rows in ADDRESSES.items():
        beside = statistics.median(grouped[rows])
        one, two = statistics.median(first[address]), statistics.median(second[address])
        print(
            f"{address:52} {1000 * beside:11.1f} {1000 * one:9.1f} {one / beside:6.2f} "
            f"{1000 * two:9.1f} {two / plain:9.1f}"
        )


if __name__ == "__main__":
    main()
