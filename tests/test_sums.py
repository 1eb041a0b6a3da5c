"""Rows are added up by what they are alike in, and nothing is left of it."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy import BigInteger, Select, Text, cast, false, func, literal, select, union_all
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeEngine

from app.kit.promptly import TakesTime, promptly
from app.storage.database import Database, ReadTransaction
from app.storage.sums import add_up
from tests.conftest import Templates

ROWS = (
    ("US", None, 5, 3),
    ("US", None, 7, 9),
    ("US", "about", 1, 1),
    (None, None, 2**53 + 1, 4),
    ("", None, 0, 2),
    ('"a", b\n', "ü", 2, 8),
    ('"a", b\n', "ü", 3, 7),
)
SUMS = {
    ('["US",null]', 12, 2, 9),
    ('["US","about"]', 1, 1, 1),
    ("[null,null]", 2**53 + 1, 1, 4),
    ('["",null]', 0, 1, 2),
    ('["\\"a\\", b\\n","ü"]', 5, 2, 8),
}


def rows_of(*rows: tuple[str | None, str | None, int, int]) -> Select[Any]:
    """Return the query of some rows: two texts, an amount and a revision."""
    types: tuple[TypeEngine[Any], ...] = (Text(), Text(), BigInteger(), BigInteger())
    each: list[Select[Any]] = [
        select(
            *(
                cast(literal(value, type_), type_).label(name)
                for name, value, type_ in zip("abcd", row, types, strict=True)
            )
        )
        for row in rows
    ]
    every = union_all(*each).subquery()
    return select(*every.c)


def added_up(transaction: ReadTransaction, query: Select[Any], at_most: int = 100) -> set[Any]:
    """Return the sums, with what they are alike in as one JSON text that has no spaces."""
    found = add_up(transaction.connection, query, at_most)
    return {(orjson.dumps(orjson.loads(text)).decode(), *sums) for text, *sums in found}


def test_rows_are_added_up_where_they_are_alike(empty: Database) -> None:
    with empty.read() as transaction:
        for _ in range(2):
            assert added_up(transaction, rows_of(*ROWS)) == SUMS
        assert added_up(transaction, rows_of(*ROWS).where(false())) == set()


def test_of_too_many_sums_only_so_many_are_returned(empty: Database) -> None:
    with empty.read() as transaction:
        found = added_up(transaction, rows_of(*ROWS), at_most=3)
    assert len(found) == 3
    assert found < SUMS


def test_a_sum_may_have_more_than_64_bits(empty: Database) -> None:
    with empty.read() as transaction:
        ((_, total, number, _),) = added_up(transaction, rows_of(*[("US", None, 2**62, 1)] * 3))
    assert float(total) == 3 * 2.0**62
    assert number == 3


BROKEN: Select[Any] = select(func.json(literal("{")), literal(1), literal(2))


@pytest.mark.parametrize(
    ("query", "end"),
    [
        (rows_of(*ROWS), nullcontext()),
        (BROKEN, pytest.raises(OperationalError, match="malformed JSON")),
    ],
)
def test_whoever_reads_writes_nothing_but_that(
    sqlite_templates: Templates, query: Select[Any], end: AbstractContextManager[object]
) -> None:
    database = Database(sqlite_templates.empty())
    with database.read() as transaction:
        connection = transaction.connection
        with end:
            add_up(connection, query, 9)
        assert not connection.exec_driver_sql("SELECT name FROM sqlite_temp_master").all()
        assert added_up(transaction, rows_of(*ROWS)) == SUMS
        with pytest.raises(OperationalError, match="readonly"):
            connection.exec_driver_sql("DELETE FROM sources")
    database.close()


def test_whoever_cannot_wait_is_told_that_it_takes_time(sqlite_templates: Templates) -> None:
    database = Database(sqlite_templates.empty())
    with database.read() as transaction:
        with pytest.raises(TakesTime):
            promptly(partial(add_up, transaction.connection, rows_of(*ROWS)), 9)
        assert added_up(transaction, rows_of(*ROWS)) == SUMS
    database.close()
