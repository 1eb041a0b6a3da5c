"""Changes are read by stretches that cost what they are long, and come to the one list."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from random import Random
from statistics import median
from typing import Any

import pytest

from app.resources.changes import ChangeList, ChangeQuery
from app.resources.reading import order_of, read_batch
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import source, write
from tests.random_writes import write_at_random
from tests.samples import fill


def _in_batches(
    database: Database, query: ChangeQuery, revision: int, sizes: list[int]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    random, start = Random(1), None
    with database.read() as transaction:
        at = transaction.revision(revision)
        while True:
            size = random.choice(sizes)
            rows, start = read_batch(transaction, ChangeList(), query, at, start, size)
            found += [tuple(row[:4]) for row in rows]
            if start is None:
                return found


def _at_once(database: Database, query: ChangeQuery, revision: int) -> list[tuple[Any, ...]]:
    listing = ChangeList()
    with database.read() as transaction:
        rows = listing.rows(transaction, transaction.revision(revision))
        order = [rows.column(key.column) for key in order_of(listing, query)]
        statement = rows.select(listing.columns[:4]).order_by(*order)
        since = -1 if query.since is None else query.since
        return [
            tuple(row)
            for row in transaction.connection.execute(statement)
            if row[0] > since and (query.resource is None or row[1] in query.resource)
        ]


def test_stretches_make_up_the_whole_list(empty: Database) -> None:
    fill(empty, 6)
    write(empty, {SOURCES: [source("s"), source("t")]})
    random = Random(2)
    for _ in range(6):
        write_at_random(empty, random)
    with empty.read() as transaction:
        newest = transaction.latest.id
    for asked in ({}, {"since": 1}, {"since": newest}, {"resource": ["funding", "sources"]}):
        query = ChangeQuery.model_validate(asked)
        for revision in (newest, newest - 3):
            whole = _at_once(empty, query, revision)
            for sizes in ([3, 4], [40, 7], [100_000]):
                assert _in_batches(empty, query, revision, sizes) == whole


@pytest.fixture
def sqlite_empty(sqlite_templates: Templates) -> Iterator[Callable[[], Database]]:
    """Makes empty databases of SQLite, whose steps can be counted."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(Database(sqlite_templates.empty())))


def test_a_batch_within_a_large_revision_costs_what_it_gives(
    sqlite_empty: Callable[[], Database],
) -> None:
    def steps(rows: int) -> float:
        database = sqlite_empty()
        fill(database, rows)
        of_each: list[int] = []
        start: tuple[Any, ...] | None = None
        with database.read() as transaction:
            driver: Any = transaction.connection.connection.dbapi_connection
            while True:
                counted: list[int] = []
                driver.set_progress_handler(partial(counted.append, 1), 10)
                found = read_batch(
                    transaction, ChangeList(), ChangeQuery(), transaction.latest, start, 20
                )
                driver.set_progress_handler(None, 0)
                of_each.append(len(counted))
                if not (start := found[1]):
                    return median(of_each)

    assert steps(160) < 1.5 * steps(40)
