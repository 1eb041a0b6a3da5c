"""Sums over many rows, by what the rows are alike in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.sqlite import insert

from app.kit.promptly import take_time
from app.storage.fetching import Rows, fetch
from app.storage.given_rows import TextOfRow

_sums = Table(
    "sums",
    MetaData(),
    Column("alike", Text, primary_key=True),
    Column("total", BigInteger),
    Column("number", BigInteger),
    Column("newest", BigInteger),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


def add_up(connection: Connection, query: Select[*tuple[Any, ...]], at_most: int) -> Rows:
    """Add up the rows of a query; return so many sums at the most, in no order.

    The last two columns of the query are an amount and a revision; in all others those rows are
    alike that are added up. A sum has what they are alike in as a JSON array, the total of their
    amounts, their number, and their newest revision.

    A server adds up as it finds quickest. SQLite would first sort all rows, and in memory: twice
    the time, and 90 MB for a million. There they are taken up one by one into a table beside the
    data, which has a row for each sum; who has no time to wait gets TakesTime.
    """
    rows = query.subquery()
    *alike, amount, revision = rows.c
    if connection.dialect.name != "sqlite":
        sums = select(TextOfRow(*alike), func.sum(amount), func.count(), func.max(revision))
        return fetch(connection, sums.group_by(*alike).limit(at_most), {})
    take_time()
    each = select(TextOfRow(*alike), amount, literal(1), revision).where(true())
    taken = insert(_sums).from_select(list(_sums.c.keys()), each)
    more = {
        _sums.c.total: _sums.c.total + taken.excluded.total,
        _sums.c.number: _sums.c.number + 1,
        _sums.c.newest: func.max(_sums.c.newest, taken.excluded.newest),
    }
    with _writing_beside(connection), connection.begin_nested():
        _sums.create(connection)
        connection.execute(taken.on_conflict_do_update(index_elements=[_sums.c.alike], set_=more))
        found = fetch(connection, select(_sums).limit(at_most), {})
        _sums.drop(connection)
    return found


@contextmanager
def _writing_beside(connection: Connection) -> Iterator[None]:
    """Let a connection to SQLite that reads write too; what it makes is its own, and temporary."""
    before = connection.exec_driver_sql("PRAGMA query_only").scalar_one()
    connection.exec_driver_sql("PRAGMA query_only=OFF")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA query_only={before}")
