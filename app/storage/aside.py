"""What a large load puts aside and makes again before it ends, to the letter.

To enter a row into each index at its place costs several times what the row costs, and to look up
each key that it names as much again; to sort them all at the end, and to look through once, does
not. On SQLite nobody else reads or writes what a transaction changed before it ends. On PostgreSQL
everybody waits until then, so there it is done only for a load that is alone. A transaction that
fails puts all of it back.
"""

from collections.abc import Collection
from typing import Final

import orjson
from sqlalchemy import Connection

from app.storage.records import LEDGER

_ON_SQLITE: Final = """
SELECT found.name, found.sql FROM sqlite_master AS found
JOIN pragma_index_info(found.name) AS led ON led.seqno = 0
WHERE found.type = 'index' AND found.tbl_name = ? AND found.sql IS NOT NULL
AND led.name NOT IN (SELECT value FROM json_each(?)) ORDER BY found.rowid
"""
_ON_POSTGRESQL: Final = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY indexrelid
"""
_FOREIGN_KEYS: Final = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY oid
"""


class IndexesAside:
    """The indexes of a table, but for those of its keys."""

    _LARGE = 10_000
    _WORTH_IT = 10  # one tenth of the rows there were: about where both ways cost the same

    def __init__(self, connection: Connection, table: str, *, is_alone: bool = False) -> None:
        self._connection = connection
        self._table = table
        self._is_file = connection.dialect.name == "sqlite"
        self._may_be = self._is_file or is_alone
        self._aside: list[str] | None = None
        self._before: int | None = None
        self.written = 0
        """How many rows were written so far."""

    def after(self, written: int, keep: Collection[str] = ()) -> None:
        """Take note that so many rows were written; put the indexes aside if that will pay.

        On SQLite those that begin with a column of `keep` stay: it names rows of a table that
        grows meanwhile, and for each of them SQLite looks for the rows that waited for it.
        """
        self.written += written
        if self._aside is not None or self.written < self._LARGE or not self._may_be:
            return
        if self._before is None:
            rows = "coalesce(max(rowid), 0)" if self._is_file else "count(*)"
            counted = f"SELECT {rows} FROM {self._table}"  # noqa: S608  (our names)
            there = int(self._connection.exec_driver_sql(counted).scalar_one())
            self._before = there - self.written
        if self.written * self._WORTH_IT > self._before:
            self._aside = []
            for name, made in self._indexes(keep):
                self._connection.exec_driver_sql(f"DROP INDEX {name}")
                self._aside.append(made)

    def put_back(self) -> None:
        """Make the indexes again, if they were put aside."""
        for statement in self._aside or ():
            self._connection.exec_driver_sql(statement)
        self._aside = None

    def _indexes(self, keep: Collection[str]) -> list[tuple[str, str]]:
        """Return the indexes by name, with the statements that make them."""
        stay = orjson.dumps(list(keep)).decode()
        values = (self._table, stay) if self._is_file else (self._table,)
        query = _ON_SQLITE if self._is_file else _ON_POSTGRESQL
        found = self._connection.exec_driver_sql(query, values).all()
        return [(name, made) for name, made in found]


class ForeignKeysAside:
    """The foreign keys of the tables of current rows on PostgreSQL, which looks each row up.

    To put them aside locks these tables, and all that they refer to, until the transaction ends.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        tables = [
            found.name
            for table in LEDGER.values()
            for found in (table.current, *(each.current for each in table.members.values()))
        ]
        self._aside = connection.exec_driver_sql(_FOREIGN_KEYS, (tables,)).all()
        for table, name, _ in self._aside:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def put_back(self) -> None:
        """Make them again. Raises IntegrityError where a row names one that is not there."""
        for table, name, made in self._aside:
            statement = f"ALTER TABLE {table} ADD CONSTRAINT {name} {made}"
            self._connection.exec_driver_sql(statement)
