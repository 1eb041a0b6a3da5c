"""What answers cost on a large database, beside one plain list call.

Builds 100,000 funding rows, 5,000 AI models and 20 sources (made up) in a temporary SQLite file,
asks each address several times in turn, and prints medians and their ratio to the list call.
Run: `python3 run.py bench answers [ROWS]`.
"""

import random
import statistics
import sys
import time
from collections.abc import Iterator

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
ROUNDS = 7
LIST = "/funding?country=US&limit=50"
ADDRESSES = (
    LIST,
    "/gap?indicator=funding-amount",
    "/gap?indicator=rounds-amount",
    "/gap?indicator=models-released",
    "/race?countries=US,CN",
    "/race?countries=US,CN,GB,FR",
    "/observations?indicator=funding-amount&country=US,CN",
    "/indicators",
)


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
            measure(client)


def measure(client: TestClient) -> None:
    """Ask each address in turn, several times, and print what a call and a 304 cost."""
    calls: dict[str, list[float]] = {address: [] for address in ADDRESSES}
    known: dict[str, list[float]] = {address: [] for address in ADDRESSES}
    for _ in range(ROUNDS):
        for address in ADDRESSES:
            began = time.perf_counter()
            answer = client.get(address)
            calls[address].append(time.perf_counter() - began)
            answer.raise_for_status()
            began = time.perf_counter()
            again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
            known[address].append(time.perf_counter() - began)
            if again.status_code != 304:  # noqa: PLR2004
                raise SystemExit(f"{address} is not kept: {again.status_code}")
    plain = statistics.median(calls[LIST])
    print(f"{'address':58} {'first ms':>9} {'median ms':>9} {'of a list':>9} {'304 ms':>7}")
    for address in ADDRESSES:
        median = statistics.median(calls[address])
        kept = statistics.median(known[address])
        print(
            f"{address:58} {1000 * calls[address][0]:9.1f} {1000 * median:9.1f} "
            f"{median / plain:9.1f} {1000 * kept:7.1f}"
        )


if __name__ == "__main__":
    main()
