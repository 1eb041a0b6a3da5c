"""What the first answer after a write costs that sums over the whole table, and the second.

Beside it stands one GROUP BY, written by hand, over the same rows through the bare driver: the
quicker of two, one as the database plans it and one that reads the table through.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import pysqlite3.dbapi2 as sqlite

from app.resources.funding import FUNDING, FundingFact
from app.storage.database import Database
from benchmarks.measuring import Quiet
from benchmarks.servers import Place, Running

_BY_SOURCE: Final = """
SELECT country, substr(period_first_day, 1, 4), source, sum(amount_usd)
FROM funding WHERE kind = 'round' {} GROUP BY 1, 2, 3
"""
_TWO: Final = "AND country IN ('US', 'CN')"
ASKED: Final = {
    "/gap?indicator=rounds-amount&a=US&b=CN": _BY_SOURCE.format(_TWO),
    "/race?countries=US,CN": "SELECT kind, country, scope, substr(period_first_day, 1, 4), source, "
    "sum(amount_usd), count(*) FROM funding WHERE country IN ('US', 'CN') GROUP BY 1, 2, 3, 4, 5",
    "/observations?indicator=rounds-amount": _BY_SOURCE.format(""),
}
AT_MOST: Final = 2.0


@dataclass
class AfterWrite:
    """Seconds of one address: the first and the second answer, and the statement by hand."""

    address: str
    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    by_hand: list[float] = field(default_factory=list)


def measure_after_writes(
    place: Place, product: Running, rounds: int, quiet: Quiet
) -> Sequence[AfterWrite]:
    """Write a row before each first answer, and take the times of all three in turn."""
    found = [AfterWrite(address) for address in ASKED]
    for turn in range(rounds):
        with quiet():
            for one in found:
                _write(place, one.address, turn)
                one.first.append(_seconds(product, one.address))
                one.second.append(_seconds(product, one.address))
                one.by_hand.append(_by_hand(place, ASKED[one.address]))
    return found


def _write(place: Place, address: str, turn: int) -> None:
    database = Database(place.sqlite_url)
    fact = FundingFact(
        id=f"written-{list(ASKED).index(address)}-{turn}",
        kind="round",
        country="US",
        company="c0",
        period="2024-05",
        amount_usd=1_000_000,
        qualifier="exact",
        source="s0",
    )
    with database.write(author="benchmark", message="One row") as writing:
        writing.put(FUNDING.ledger, [fact.stored()])
    database.close()


def _seconds(product: Running, address: str) -> float:
    began = time.perf_counter()
    status, _ = product.get(address)
    if status != 200:  # noqa: PLR2004
        raise SystemExit(f"{address} gives {status}")
    return time.perf_counter() - began


def _by_hand(place: Place, statement: str) -> float:
    times = []
    with closing(sqlite.connect(str(place.database))) as connection:
        for table in ("funding", "funding NOT INDEXED"):
            began = time.perf_counter()
            connection.execute(statement.replace("FROM funding", f"FROM {table}")).fetchall()
            times.append(time.perf_counter() - began)
    return min(times)
