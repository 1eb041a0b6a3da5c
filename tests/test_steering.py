"""A page comes by the index that suits it: the same rows, without a look at the whole table."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from operator import attrgetter
from random import Random
from typing import Any

import orjson
import pytest

from app.kit.keeping import KeptBySize
from app.kit.promptly import TakesTime, promptly
from app.kit.queries import read_query
from app.resources import json_pages, steering
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.json_pages import read_json_page
from app.resources.queries import list_query
from app.resources.reading import ResourceList, read_page
from app.resources.sources import SOURCES
from app.resources.steering import Ways
from app.storage import steps
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


class _Counting(steps.Limit):
    """Counts all steps, those of ways that were given up as well."""

    all = 0

    def __call__(self) -> bool:
        self.all += steps.BETWEEN_LOOKS
        return super().__call__()


def _steps(opened: ReadTransaction, *pairs: tuple[str, str]) -> int:
    """Return about how many steps SQLite takes for a page, when it has been asked for before."""
    counting = _Counting()
    transaction = ReadTransaction(opened.connection, opened.kept, counting)
    driver: Any = transaction.connection.connection.dbapi_connection
    driver.set_progress_handler(counting, steps.BETWEEN_LOOKS)
    for _ in range(3):
        counting.all = 0
        read_json_page(transaction, ResourceList(FUNDING), _asked(*pairs), transaction.latest)
    driver.set_progress_handler(None, 0)
    return counting.all


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_way_leads_to_the_same_rows(
    many: Database, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_all = steering.ways

    def one(*asked: Any) -> Ways:
        found = of_all(*asked)._ways
        return Ways([found[place % len(found)]])

    json_pages._pages.clear()
    monkeypatch.setattr(json_pages, "ways", one)
    _ask_all(many, Random(place))
    json_pages._pages.clear()


@pytest.mark.parametrize("at_first", [1, 10, 10**6])
def test_whichever_way_is_the_first_to_end_has_the_same_rows(
    many: Database, at_first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "_STEPS_A_ROW", at_first)
    monkeypatch.setattr(steering, "_STEPS_A_PAGE", at_first)
    monkeypatch.setattr(steering, "_STEPS_AT_LEAST", at_first)
    monkeypatch.setattr(steering, "_SECONDS_A_PAGE", 0)
    _ask_all(many, Random(at_first))


def _ask_all(many: Database, draw: Random) -> None:
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


def test_no_filter_and_no_order_looks_at_the_whole_table(many: Database) -> None:
    slow = {}
    with many.read() as transaction:
        for pair in [*FILTERS, *(("sort", order) for order in SORTS)]:
            if (taken := _steps(transaction, pair)) > 2 * ROWS:
                slow[pair] = taken
    assert slow == {}, f"of {ROWS} rows"


def test_no_filter_looks_at_the_whole_table_in_any_order(many: Database) -> None:
    slow = {}
    with many.read() as transaction:
        for given in FILTERS:
            for order in SORTS:
                if (taken := _steps(transaction, given, ("sort", order))) > 3.2 * ROWS:
                    slow[given, order] = taken
    assert slow == {}, f"of {ROWS} rows"


def test_no_two_filters_look_at_the_whole_table(many: Database) -> None:
    slow = {}
    with many.read() as transaction:
        for one, other in combinations(FILTERS, 2):
            if {one[0], other[0]} == {"source", "licence"}:
                continue  # both ask for sources: where they exclude each other no index knows it
            if one[0] != other[0] and (taken := _steps(transaction, one, other)) > 3 * ROWS:
                slow[one, other] = taken
    assert slow == {}, f"of {ROWS} rows"


class Fetches:
    """Stands for the rows of ways: how many steps each takes, and in which order they are tried."""

    now = 0.0

    def __init__(self, **needed: int) -> None:
        self.needed = {frozenset({name}): number for name, number in needed.items()}
        self.tried: list[tuple[str, int]] = []
        self._most = self._taken = 0

    def at_most(self, most: int, work: Callable[[], Any]) -> tuple[Any, int]:
        self._most = most
        return work(), self._taken

    def fetch(self, way: Any) -> Callable[[], list[tuple[Any, ...]]]:
        return partial(self._fetch, way)

    def _fetch(self, way: Any) -> list[tuple[Any, ...]]:
        (name,) = way
        self.tried.append((name, self._most))
        self._taken = self.needed[way]
        if self.needed[way] > self._most:
            raise steps.TooManySteps
        Fetches.now += self.needed[way] / 10**7
        return [(name,)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass by the steps of ways alone."""
    monkeypatch.setattr(steering, "perf_counter", lambda: Fetches.now)


@pytest.mark.usefixtures("clock")
def test_the_way_that_takes_the_fewest_steps_is_found_and_remembered() -> None:
    ways = Ways([frozenset({"a"}), frozenset({"b"})])
    fetches = Fetches(a=10**7, b=50_000)
    assert ways.quickest(fetches.fetch, fetches.at_most, 49) == (frozenset({"b"}), [("b",)])
    tried = [("a", 10_000), ("b", 10_000), ("a", 40_000), ("b", 40_000)]
    tried += [("a", 160_000), ("b", 160_000), ("a", 50_000)]  # the last in search of a better one
    assert fetches.tried == tried
    fetches.tried.clear()
    ways.quickest(fetches.fetch, fetches.at_most, 49)
    assert fetches.tried == [("b", 100_000)]


@pytest.mark.usefixtures("clock")
def test_a_way_that_took_very_long_does_not_hold_up_what_another_finds_at_once() -> None:
    ways = Ways([frozenset({"a"}), frozenset({"b"})])
    fetches = Fetches(a=3 * 10**6, b=10**8)
    ways.quickest(fetches.fetch, fetches.at_most, 49)
    fetches.needed = {frozenset({"a"}): 5 * 10**6, frozenset({"b"}): 1_000}
    fetches.tried.clear()
    assert ways.quickest(fetches.fetch, fetches.at_most, 49)[0] == frozenset({"b"})
    assert fetches.tried == [("a", 640_000), ("b", 10_000)]


@pytest.mark.usefixtures("clock")
def test_a_way_that_has_become_the_better_one_is_found() -> None:
    ways = Ways([frozenset({"a"}), frozenset({"b"})])
    fetches = Fetches(a=9_000, b=1_000)
    tried = [ways.quickest(fetches.fetch, fetches.at_most, 49)[0] for _ in range(2)]
    assert tried == [frozenset({"a"}), frozenset({"b"})]


@pytest.mark.usefixtures("clock")
def test_where_others_wait_what_took_long_is_asked_in_a_thread_at_once() -> None:
    ways = Ways([frozenset({"a"}), frozenset({"b"})])
    fetches = Fetches(a=20_000, b=30_000)

    def ask(_: None) -> None:
        ways.quickest(fetches.fetch, fetches.at_most, 49)

    with pytest.raises(TakesTime):
        promptly(ask, None)
    assert [most for _, most in fetches.tried] == [10_000, 10_000]
    fetches.tried.clear()
    with pytest.raises(TakesTime):
        promptly(ask, None)
    assert fetches.tried == []
    ask(None)
    with pytest.raises(TakesTime):
        promptly(ask, None)
    fetches.needed[frozenset({"a"})] = 5_000
    ask(None)
    promptly(ask, None)
    assert fetches.tried[-1] == ("a", 10_000)


def test_the_shapes_that_are_kept_have_a_bounded_size(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: Any = KeptBySize(2_000, attrgetter("size"))
    monkeypatch.setattr(json_pages, "_pages", kept)
    pages_of = json_pages.pages_of
    listing, model = ResourceList(FUNDING), list_query(FUNDING)
    draw = Random(3)
    with many.read() as transaction:
        dialect = transaction.connection.dialect

    def shape(*asked: tuple[str, str]) -> json_pages.Shape:
        found = json_pages._shape(listing, read_query(model, asked), None, {})
        assert found
        return found

    for _ in range(100):
        some = ",".join(f"c{number}" for number in range(draw.randrange(1, 300)))
        fields = ",".join(draw.sample(sorted(listing.columns), 3))
        pages_of(shape(("company", some), ("fields", fields)), dialect)
        assert kept.size <= 2_000
    again = shape(("country", "US"))
    assert pages_of(again, dialect) is pages_of(shape(("country", "US,US,US")), dialect)
    large = shape(("company", ",".join(f"c{number}" for number in range(1_000))))
    assert pages_of(large, dialect) is not pages_of(large, dialect)
    assert pages_of(again, dialect) is pages_of(again, dialect)
