"""Rows by the batch, as fast as the driver takes them. Only the ledger calls what writes here.

SQLAlchemy's statements cost more for each row than the databases do. Here rows are tuples in the
order of the columns, as they are stored, and go to the driver as they are.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import orjson
from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from app.storage.records import LedgerTable

StoredRow: TypeAlias = dict[str, Any]
"""A value for each column of a table of current rows but `revision`."""

StoredColumns: TypeAlias = dict[str, list[Any]]
"""Rows by column: the values of each column of a table of current rows but `revision`."""

Values: TypeAlias = tuple[Any, ...]
"""The values of a row as they are stored, in the order of the columns of its table."""

Item = TypeVar("Item")

BATCH = 10_000
"""How many rows are written at once."""

MEMBER_COLUMNS = ("id", "position", "member")
"""The columns of the tables of members, without the revision."""

_COPIED_FROM = 1_000
_FIRST = itemgetter(0)


class Batch(NamedTuple):
    """Rows as they are stored, in the order of their keys, which come first; no revision yet.

    In the order of the keys, neighbours in the table are neighbours in its index.
    """

    values: list[Values]
    members: dict[str, list[Values]]
    """For each list column that has a table of members: key, position, member."""


class Form:
    """How the rows of a ledgered table are stored: their columns, without the revision."""

    def __init__(self, dialect: Dialect, table: LedgerTable) -> None:
        columns = [column for column in table.current.columns if column.name != "revision"]
        self.columns = tuple(column.name for column in columns)
        made = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
        self._made = [(place, make) for place, make in enumerate(made) if make]
        self._lists = tuple(table.members)

    def batch(self, rows: Iterable[StoredRow]) -> Batch:
        """Return what is stored of rows."""
        given = list(rows)
        columns = {name: [row[name] for row in given] for name in self.columns}
        return self.batch_of_columns([columns])

    def batch_of_columns(self, parts: Iterable[StoredColumns]) -> Batch:
        """Return what is stored of rows that are given by column, some after the other."""
        values: list[Values] = []
        members: dict[str, list[Values]] = {name: [] for name in self._lists}
        for columns in parts:
            stored = [columns[name] for name in self.columns]
            for place, make in self._made:
                stored[place] = list(map(make, stored[place]))
            values += zip(*stored, strict=True)
            for name, links in members.items():
                links += [
                    (key, place, member)
                    for key, found in zip(columns["id"], columns[name], strict=True)
                    if found
                    for place, member in enumerate(found)
                ]
        values.sort(key=_FIRST)
        for links in members.values():
            links.sort(key=_FIRST)
        return Batch(values, members)


def find(
    connection: Connection, table: str, columns: Iterable[str], ids: Collection[str]
) -> dict[str, Values]:
    """Return the rows of these keys by key: their values in the order of the columns.

    The first of the columns is `id`.
    """
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE id "  # noqa: S608  (our names)
    keys: Any
    if connection.dialect.name == "sqlite":
        query += "IN (SELECT value FROM json_each(?))"
        keys = orjson.dumps(list(ids)).decode()
    else:
        query += "= ANY(%s)"
        keys = list(ids)
    found = connection.exec_driver_sql(query, (keys,))
    rows: Any = found.cursor.fetchall()  # plain tuples
    found.close()
    return {row[0]: row for row in rows}


def insert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Values],
    revision: int,
) -> None:
    """Add rows of a revision. On PostgreSQL many of them are copied."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED_FROM:
        _copy(connection, f"COPY {table} ({names}, revision) FROM STDIN", rows, revision)
    else:
        places = ", ".join([_place(connection)] * len(columns))
        statement = (
            f"INSERT INTO {table} ({names}, revision) "  # noqa: S608  (our names)
            f"VALUES ({places}, {revision:d})"
        )
        connection.exec_driver_sql(statement, list(rows))


def update(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Values],
    revision: int,
) -> None:
    """Give the rows of the keys, which are the first of their values, these values."""
    if not rows:
        return
    place = _place(connection)
    changed = ", ".join(f"{name} = {place}" for name in columns[1:])
    statement = (
        f"UPDATE {table} SET {changed}, revision = {revision:d} "  # noqa: S608  (our names)
        f"WHERE id = {place}"
    )
    connection.exec_driver_sql(statement, [(*row[1:], row[0]) for row in rows])


def _place(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _copy(connection: Connection, statement: str, rows: Iterable[Values], revision: int) -> None:
    import psycopg  # only where it is used: it costs a tenth of the start

    raw: Any = connection.connection.dbapi_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row((*row, revision))
    except psycopg.Error as error:
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=connection.dialect
        ) from error


def count_anew(connection: Connection, table: LedgerTable) -> None:
    """Let PostgreSQL count what a large load left, as it does by itself a minute later only.

    Until then it takes every table that it has not counted for one that it may as well read
    through, and does so for each hundred rows that are changed in it.
    """
    if connection.dialect.name == "postgresql":
        named = [
            each for lists in table.members.values() for each in (lists.current, lists.history)
        ]
        for found in (table.current, table.history, *named):
            connection.exec_driver_sql(f"ANALYZE {found.name}")


def in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in lists of as many as are written at once."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
