"""What each filter and order of a list costs, alone and in pairs, beside the best SQL by hand.

    python3 run.py bench plans [ROWS [DATABASE]]

Builds funding rows (made up; 1,000,000 unless a number is given) in a temporary SQLite file; a
DATABASE that is there already is used as it is. Then reads the first page of each filter, of each
order, of each filter in each order and of each two filters as the service does. The same question
by hand is the plain query through the bare driver by each index of the table in turn, by none, and
as SQLite itself would: the quickest counts. Prints how many are within 3 times of it, and which
are not.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import event

from app.kit.promptly import TakesTime, promptly
from app.kit.queries import read_query
from app.resources import json_pages
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.funding import FUNDING, FundingFact
from app.resources.queries import PAGE_SIZE, ListQuery, PageQuery, list_query
from app.resources.reading import ResourceList
from app.resources.sources import SOURCES, SourceFact
from app.resources.steering import Ways
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.migration import migrate
from app.storage.steps import BETWEEN_LOOKS
from benchmarks.shared import COMPANY_COUNT, COUNTRIES, scratch

WITHIN: Final = 3.0
REPEATS: Final = 3
LONGEST: Final = 10.0
RARE: Final = 20_000  # one of so many rows is unlike the others
MODEL: Final = list_query(FUNDING)
LISTING: Final = ResourceList(FUNDING)

Pair = tuple[str, str]

SORTS: Final = tuple(f"{sign}{word}" for word in FUNDING.sort_keys for sign in ("", "-"))
FILTERS: Final[tuple[Pair, ...]] = (
    *(("country", "US"), ("country", "SE"), ("country", "US,CN"), ("kind", "total")),
    *(("kind", "round"), ("company", "c3"), ("investor", "c4"), ("scope", "ai")),
    *(("scope", "rare"), ("round_type", "seed"), ("round_type", "rare"), ("period", "2020")),
    *(("period", "2015..2022"), ("min_amount_usd", "999000000"), ("min_amount_usd", "10")),
    *(("max_amount_usd", "900000"), ("min_deals", "890"), ("max_deals", "3")),
    *(("currency", "USD"), ("currency", "EUR"), ("price_base", "nominal")),
    *(("price_base", "constant-2021"), ("qualifier", "exact"), ("qualifier", "up_to")),
    *(("deals_qualifier", "up_to"), ("source", "s0"), ("source", "s19"), ("licence", "open")),
    *(("licence", "none,other"), ("original_source", "s19"), ("id", "f0000017")),
)


class Found(NamedTuple):
    """A question, and the seconds that it takes us and the best way by hand."""

    asked: tuple[Pair, ...]
    ours: float
    by_hand: float
    way: str

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.by_hand


def rows(count: int) -> Iterator[StoredRow]:
    """Yield made-up rounds and, each tenth, totals; a few of them unlike the others."""
    draw = Random(1)  # noqa: S311  (the same rows each time)
    for number in range(count):
        rare = number % RARE == 0
        amount = draw.randrange(10**5, 10**9)
        said: dict[str, Any] = {
            "country": "SE" if rare else draw.choice(COUNTRIES),
            "period": f"{draw.randrange(2014, 2025)}-{draw.randrange(1, 13):02}",
            "amount_usd": amount,
            "qualifier": "up_to" if number % RARE == 1 else draw.choice(("exact", "about")),
            "source": "s19" if rare else f"s{draw.randrange(19)}",
            "original_source": "s19" if number % RARE == 2 else None,  # noqa: PLR2004
        }
        if number % 10 == 0:
            said |= {"id": f"t{number:07}", "kind": "total", "scope": "rare" if rare else "ai"}
            said |= {"deals": draw.randrange(900), "price_base": "nominal"}
            said |= {"deals_qualifier": "up_to" if rare else "exact"}
            said |= {"price_base": "constant-2021"} if rare else {}
        else:
            said |= {"id": f"f{number:07}", "kind": "round"}
            said |= {"company": f"c{draw.randrange(COMPANY_COUNT)}", "amount": amount}
            said |= {"currency": "EUR" if number % RARE == 1 else "USD"}
            said |= {"round_type": "rare" if number % RARE == 1 else "seed"}
            said |= {"investors": [f"c{draw.randrange(5)}"] if number % 400 == 1 else []}
        yield FundingFact(**said).stored()


def build(path: Path, count: int) -> None:
    """Write the made-up rows as one revision."""
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.write(author="benchmark", message="Made-up rows") as writing:
        licensed = {"s0": "CC BY 4.0"}
        sources = (
            SourceFact(
                id=key, kind="dataset", publisher="P", title="T", licence=licensed.get(key)
            ).stored()
            for key in (f"s{number}" for number in range(20))
        )
        writing.put(SOURCES.ledger, sources)
        companies = (
            CompanyFact(id=f"c{number}", name=f"C{number}", source="s0").stored()
            for number in range(COMPANY_COUNT)
        )
        writing.put(COMPANIES.ledger, companies)
        writing.put(FUNDING.ledger, rows(count))
    database.close()


def questions() -> Iterator[tuple[Pair, ...]]:
    """Yield what is asked: each filter and each order alone, and each two of them."""
    orders = [("sort", order) for order in SORTS]
    for one in (*FILTERS, *orders):
        yield (one,)
    for given in FILTERS:
        for order in orders:
            yield given, order
    for one, other in combinations(FILTERS, 2):
        if one[0] != other[0]:
            yield one, other


def ours(database: Database, query: PageQuery) -> float:
    """Return the seconds that a page takes, as the service reads it."""

    def page(query: PageQuery) -> None:
        with database.read() as transaction:
            json_pages.read_json_page(transaction, LISTING, query, transaction.latest)

    def answer() -> None:
        try:
            promptly(page, query)
        except TakesTime:
            page(query)

    return quickest(answer)


def quickest(answer: Callable[[], None]) -> float:
    """Return the least seconds of some tries; the first of all readies what is kept."""
    answer()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        answer()
        taken.append(time.perf_counter() - began)
    return min(taken)


class ByHand:
    """The plain queries of a page by the bare driver, by each way that there is."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._driver = sqlite.connect(path, isolation_level=None)
        named = self._driver.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'funding'"
        )
        self._ways = ["", "NOT INDEXED", *(f"INDEXED BY {name}" for (name,) in named.fetchall())]
        self._until = 0.0
        self._driver.set_progress_handler(self._is_late, BETWEEN_LOOKS)

    def best(self, query: PageQuery) -> tuple[float, str]:
        """Return the least seconds in which its rows can be had, and by which ways."""
        total = 0.0
        ways = []
        left = PAGE_SIZE + 1  # one more tells whether there is another page
        for text, arguments in self._plain(query):
            if left:
                seconds, way, count = self._quickest(text, arguments)
                total += seconds
                left -= min(count, left)
                ways.append(way or "as planned")
        return total, " then ".join(ways)

    def _plain(self, query: PageQuery) -> Sequence[tuple[str, Any]]:
        """Return the queries of a page with their values, where nothing steers them."""
        found: list[tuple[str, Any]] = []

        def note(_connection: Any, _cursor: Any, text: str, arguments: Any, *_: Any) -> None:
            if "FROM funding" in text:
                found.append((text, arguments))

        with (
            patch.object(json_pages, "pages_of", json_pages.Pages),
            patch.object(json_pages, "ways", lambda *_: Ways([None])),
            self._database.read() as transaction,
        ):
            event.listen(transaction.connection, "before_cursor_execute", note)
            json_pages.read_json_page(transaction, LISTING, query, transaction.latest)
        return found

    def _quickest(self, text: str, arguments: Any) -> tuple[float, str, int]:
        best, chosen, count = LONGEST, "nothing within the time", 0
        for way in self._ways:
            told = text.replace("FROM funding", f"FROM funding {way}", 1)
            with suppress(sqlite.OperationalError):  # no such way, or it takes longer
                for _ in range(REPEATS + 1):
                    began = time.perf_counter()
                    self._until = began + best
                    found = self._driver.execute(told, arguments).fetchall()
                    taken = time.perf_counter() - began
                    if taken < best:
                        best, chosen, count = taken, way, len(found)
        return best, chosen, count

    def _is_late(self) -> bool:
        return time.perf_counter() > self._until


def measure(path: Path) -> None:
    """Ask all of it; print how it came out."""
    missing = MODEL.model_fields.keys() - ListQuery.model_fields.keys() - {n for n, _ in FILTERS}
    if missing:
        raise SystemExit(f"These filters are not asked: {', '.join(sorted(missing))}.")
    database = Database(f"sqlite:///{path}")
    by_hand = ByHand(database, path)
    found = []
    for asked in questions():
        query = read_query(MODEL, asked)
        found.append(Found(asked, ours(database, query), *by_hand.best(query)))
    database.close()
    tell(found)


def tell(found: Sequence[Found]) -> None:
    """Print the sums of it and each question that takes too long."""
    pairs = [each for each in found if each.asked[1:]]
    kinds = {
        "one alone": [each for each in found if len(each.asked) == 1],
        "a filter in an order": [each for each in pairs if each.asked[-1][0] == "sort"],
        "two filters": [each for each in pairs if each.asked[-1][0] != "sort"],
        "all": found,
    }
    print("of                    questions  within 3 times  median  largest    slowest of ours")
    for name, some in kinds.items():
        ratios = [each.ratio for each in some]
        within = sum(ratio <= WITHIN for ratio in ratios)
        print(
            f"{name:21} {len(some):9} {within:15} {statistics.median(ratios):7.2f}"
            f" {max(ratios):8.2f} {1000 * max(each.ours for each in some):12.1f} ms"
        )
    over = sorted((each for each in found if each.ratio > WITHIN), key=lambda each: -each.ours)
    for each in over:
        asked = "&".join(f"{name}={value}" for name, value in each.asked)
        print(
            f"{each.ratio:6.1f} times: {1000 * each.ours:8.2f} ms beside"
            f" {1000 * each.by_hand:8.2f} ms by hand  {asked}  ({each.way})"
        )


def main() -> None:
    """Build what is not there, then measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with scratch() as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "benchmark.db"  # noqa: PLR2004
        if not path.exists():
            build(path, count)
            print(f"{count} funding rows written")
        measure(path)


if __name__ == "__main__":
    main()
