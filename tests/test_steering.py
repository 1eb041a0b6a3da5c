"""A page comes by the index that suits it: the same rows, without a look at the whole table."""

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
import pytest

from app.kit.queries import read_query
from app.resources import steering
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.json_pages import read_json_page
from app.resources.queries import list_query
from app.resources.reading import ResourceList, read_page
from app.resources.sources import SOURCES
from app.storage.database import Database, ReadTransaction
from tests.conftest import Templates
from tests.ledger_rows import company, funding_round, source, total, write

ROWS = 12_000
SORTS = [f"{sign}{word}" for word in FUNDING.sort_keys for sign in ("", "-")]
FILTERS = [
    *(("country", "US"), ("country", "SE"), ("country", "US,CN"), ("kind", "total")),
    *(("kind", "round"), ("company", "c3"), ("investor", "c4"), ("scope", "ai")),
    *(("scope", "rare"), ("round_type", "seed"), ("round_type", "rare"), ("period", "2020")),
    *(("period", "2015..2022"), ("min_amount_usd", "990000"), ("min_amount_usd", "10")),
    *(("max_amount_usd", "9000"), ("min_deals", "97"), ("max_deals", "3"), ("currency", "USD")),
    *(("currency", "EUR"), ("price_base", "nominal"), ("price_base", "constant-2021")),
    *(("qualifier", "exact"), ("qualifier", "up_to"), ("deals_qualifier", "up_to")),
    *(("source", "s0"), ("source", "s1"), ("licence", "open"), ("licence", "none,other")),
    *(("original_source", "s1"), ("id", "f00017")),
]


def _rows() -> Iterator[dict[str, Any]]:
    draw = Random(1)
    for number in range(ROWS):
        day = f"{draw.randrange(2014, 2025)}-{draw.randrange(1, 13):02}"
        rare = number % 4_000 == 0
        said: dict[str, Any] = {
            "country": "SE" if rare else draw.choice(("US", "CN", "GB")),
            "amount_usd": draw.randrange(10**6),
            "qualifier": "up_to" if number % 5_000 == 1 else draw.choice(("exact", "about")),
            "source": "s1" if rare else "s0",
            "original_source": "s1" if number % 3_000 == 2 else None,
        }
        if number % 10 == 0:
            firm = "up_to" if rare else "exact"
            said |= {"deals": draw.randrange(100), "deals_qualifier": firm}
            said |= {"price_base": "constant-2021" if rare else "nominal"}
            yield total(f"t{number:05}", period=day, scope="rare" if rare else "ai", **said)
        else:
            said |= {"amount": 5, "currency": "EUR" if number % 5_000 == 1 else "USD"}
            said |= {"round_type": "rare" if number % 5_000 == 1 else "seed"}
            said |= {"investors": [f"c{draw.randrange(5)}"] if number % 400 == 1 else []}
            yield funding_round(f"f{number:05}", f"c{draw.randrange(200)}", period=day, **said)


@pytest.fixture(scope="module")
def many(sqlite_templates: Templates) -> Iterator[Database]:
    database = Database(sqlite_templates.empty())
    sources = [source("s"), source("s0"), source("s1", licence="CC BY 4.0")]
    companies = [company(f"c{number}") for number in range(200)]
    write(database, {SOURCES: sources, COMPANIES: companies, FUNDING: _rows()})
    yield database
    database.close()


def _asked(*pairs: tuple[str, str]) -> Any:
    return read_query(list_query(FUNDING), pairs)


def _steps(transaction: ReadTransaction, *pairs: tuple[str, str]) -> int:
    """Return about how many steps SQLite takes for a page, counting and all."""
    driver: Any = transaction.connection.connection.dbapi_connection
    hundreds: list[None] = []
    driver.set_progress_handler(lambda: hundreds.append(None), 100)
    read_json_page(transaction, ResourceList(FUNDING), _asked(*pairs), transaction.latest)
    driver.set_progress_handler(None, 0)
    return 100 * len(hundreds)


@pytest.mark.parametrize("few", [0, 100, 10**6], ids=["walks", "both", "finds"])
def test_every_way_leads_to_the_same_rows(
    many: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "FEW", few)
    draw = Random(few)
    listing = ResourceList(FUNDING)
    with many.read() as transaction:
        at = transaction.latest
        for given in FILTERS:
            pairs = [given, ("sort", draw.choice(SORTS)), ("limit", "7")]
            pairs += [other for other in draw.sample(FILTERS, 1) if other[0] != given[0]]
            for _ in range(2):
                plain = read_page(transaction, listing, _asked(*pairs), at)
                steered = read_json_page(transaction, listing, _asked(*pairs), at)
                assert orjson.loads(orjson.dumps(steered.rows)) == plain.items, pairs
                assert steered.next_cursor == plain.next_cursor
                if not plain.next_cursor:
                    break
                pairs = [pair for pair in pairs if pair[0] != "cursor"]
                pairs.append(("cursor", plain.next_cursor))


def test_no_filter_and_no_order_looks_at_the_whole_table(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "FEW", 100)  # a hundredth of the rows or so, as in large tables
    slow = {}
    with many.read() as transaction:
        for pair in [*FILTERS, *(("sort", order) for order in SORTS)]:
            steps = _steps(transaction, pair)
            if steps > 2 * ROWS:
                slow[pair] = steps
    assert slow == {}, f"of {ROWS} rows"


def test_no_filter_looks_at_the_whole_table_in_any_order(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "FEW", 100)
    slow = {}
    with many.read() as transaction:
        for given in FILTERS:
            for order in SORTS:
                steps = _steps(transaction, given, ("sort", order))
                if steps > 3 * ROWS:
                    slow[given, order] = steps
    assert slow == {}, f"of {ROWS} rows"
