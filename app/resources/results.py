"""Whole results: in batches, all at one revision, each in a short snapshot of its own.

All rows of a resource in the order of their keys go on each time after the last row. In any other
order, and where they are filtered, only the first batch is found so; the others by their keys.
Rows of which each is worked out of many others are read at once, and kept in a file meanwhile.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, func, literal, select

from app.kit.filters import conditions, has_filters
from app.kit.lines import Form, Lines
from app.resources.ordered_keys import GIVEN, keys_after, rows_of_keys
from app.resources.queries import PageQuery
from app.resources.reading import (
    Completing,
    Item,
    Listing,
    ResourceList,
    Row,
    Statements,
    WorkedOut,
    batch_statement,
    columns_by_name,
    order_of,
    read_batch,
    shown_columns,
)
from app.storage.database import Database, ReadTransaction, Revision
from app.storage.fetching import fetch, some_at_once
from app.storage.lines import is_exact_in_json, line, stands_in_line, together

_BATCH = 1_000
_LINES_A_BATCH = 2_000
"""How many lines are asked for at once: to ask costs as much as some hundred of them."""

_LATER_BATCH = 10_000
"""How many rows are read at once of a list whose query is worked out again each time."""

Place = tuple[Any, ...] | None
"""The sort values of the row after which to go on, None for the beginning."""


def has_more_rows(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision, limit: int
) -> bool:
    """Return whether a whole result has more rows than a limit."""
    rows = listing.rows(transaction, at)
    some = rows.select(()).add_columns(literal(1)).where(*conditions(query, rows)).limit(limit + 1)
    count = transaction.connection.scalar(select(func.count()).select_from(some.subquery()))
    return (count or 0) > limit


def read_all(
    database: Database, listing: Listing, query: PageQuery, at: Revision
) -> Iterator[list[Item]]:
    """Read a whole result in batches of items."""
    names = shown_columns(listing, query)
    for batch in read_rows(database, listing, query, at):
        yield [dict(zip(names, row, strict=True)) for row in batch]


def read_rows(
    database: Database,
    listing: Listing,
    query: PageQuery,
    at: Revision,
    told: Callable[[int], None] | None = None,
) -> Iterable[Sequence[Row]]:
    """Read a whole result as rows of the columns shown, or as lines where its reader asks so.

    `told` is told how many rows were taken, each time that some were.
    """
    return _Result(database, listing, query, at, told or (lambda _rows: None))


class _Part(NamedTuple):
    """Rows that are read at once: the next after those of these sort values, or those of keys."""

    start: Place = None
    keys: str | None = None

    @property
    def kind(self) -> Hashable:
        """What its query depends on."""
        if self.keys is not None or self.start is None:
            return self.keys is not None
        return tuple(value is None for value in self.start)

    @property
    def values(self) -> dict[str, Any]:
        """What its query is given."""
        if self.keys is not None:
            return {GIVEN: self.keys}
        after = {f"after_{place}": value for place, value in enumerate(self.start or ())}
        return {**after, "size": _LINES_A_BATCH}


@dataclass(frozen=True)
class _LinesQuery:
    """A query of lines: all joined, or one by one with so many columns beside each."""

    statement: Select[*tuple[Any, ...]]
    beside: int | None
    """How many columns come beside the lines; None where the lines are joined."""

    def fetch(self, transaction: ReadTransaction, part: _Part) -> "_Fetched":
        """Return the lines of a part."""
        found = fetch(transaction.connection, self.statement, part.values)
        if self.beside is None:
            text, keys = found[0]
            if keys is None:
                return _Fetched(b"", 0, [], None)
            *_, of_last = keys.rpartition("\n")
            return _Fetched(text, keys.count("\n") + 1, [], tuple(orjson.loads(of_last)))
        beside = [[row[place] for row in found] for place in range(1, self.beside + 1)]
        last = tuple(found[-1][self.beside + 1 :]) if found else None
        return _Fetched("".join([row[0] for row in found]).encode(), len(found), beside, last)


class _Fetched(NamedTuple):
    """Some lines: their text, how many they are, what comes beside, and the keys of the last."""

    text: bytes
    rows: int
    beside: list[list[Any]]
    last: Place


@dataclass(frozen=True)
class _Result:
    """A whole result, which is read when it is gone through."""

    database: Database
    listing: Listing
    query: PageQuery
    at: Revision
    told: Callable[[int], None]

    def __iter__(self) -> Iterator[Sequence[Row]]:
        """Yield the rows in batches."""
        if isinstance(self.listing, WorkedOut) and self.listing.is_read_whole:
            for rows in self._at_once():
                yield rows
                self.told(len(rows))
            return
        start: Place = None
        known: Statements = {}
        later = _LATER_BATCH if isinstance(self.listing, Completing | WorkedOut) else _BATCH
        while True:
            size = later if start else _BATCH
            rows, start = self._rows(start, size, known)
            yield rows
            self.told(len(rows))
            if start is None:
                return
            if listing := self._by_keys():
                break
        for keys in keys_after(self.database, listing, self.query, self.at, start, _BATCH):
            rows = self._rows_of_keys(listing, keys)
            yield rows
            self.told(len(rows))

    def _at_once(self) -> Iterator[Sequence[Row]]:
        """Yield the rows of one query in batches, of which the first is there when all are."""
        width = len(shown_columns(self.listing, self.query))
        with TemporaryFile() as file:
            with self.database.read() as transaction:
                rows = batch_statement(transaction, self.listing, self.query, self.at, None)
                for some in some_at_once(transaction.connection, rows.limit(None), {}):
                    file.write(orjson.dumps([tuple(row[:width]) for row in some]) + b"\n")
            file.seek(0)
            yield orjson.loads(file.readline() or b"[]")
            yield from map(orjson.loads, file)

    def lines(self, form: Form) -> Iterator[Lines] | None:
        """Return the rows as lines, where they are those of a resource."""
        return self._lines(self.listing, form) if isinstance(self.listing, ResourceList) else None

    def _lines(self, listing: ResourceList, form: Form) -> Iterator[Lines]:
        known: dict[Hashable, _LinesQuery] = {}
        start: Place = None
        while True:
            found = self._fetched(listing, form, _Part(start), known)
            yield Lines(*found[:3], partial(self._rows_after, start, found.rows))
            self.told(found.rows)
            start = found.last
            if found.rows < _LINES_A_BATCH or start is None:
                return
            if self._by_keys():
                break
        several = keys_after(self.database, listing, self.query, self.at, start, _LINES_A_BATCH)
        for keys in several:
            found = self._fetched(listing, form, _Part(keys=keys), known)
            yield Lines(*found[:3], partial(self._rows_of_keys, listing, keys))
            self.told(found.rows)

    def _by_keys(self) -> ResourceList | None:
        """Return the list, where it is one of a resource in another order, or filtered.

        Or as it was: then PostgreSQL would sort all the rows that are left for each batch.
        """
        is_other = len(order_of(self.listing, self.query)) > 1 or has_filters(self.query)
        was_so = self.query.as_of is not None and not self.database.is_file
        by_keys = is_other or was_so
        return self.listing if by_keys and isinstance(self.listing, ResourceList) else None

    def _fetched(
        self, listing: ResourceList, form: Form, part: _Part, known: dict[Hashable, _LinesQuery]
    ) -> _Fetched:
        with self.database.read() as transaction:
            kind = (self.at == transaction.latest, part.kind)
            if kind not in known:
                known[kind] = self._lines_query(transaction, listing, form, part)
            return known[kind].fetch(transaction, part)

    def _lines_query(
        self, transaction: ReadTransaction, listing: ResourceList, form: Form, part: _Part
    ) -> _LinesQuery:
        query, at = self.query, self.at
        if part.keys is None:
            missing = part.start and tuple(value is None for value in part.start)
            statement = batch_statement(transaction, listing, query, at, missing)
        else:
            statement = rows_of_keys(transaction, listing, query, at)
        names, order = shown_columns(listing, query), order_of(listing, query)
        found = columns_by_name(statement, listing, query)
        columns = [found[name] for name in names]
        beside = [column for column in columns if not stands_in_line(column)]
        keys = [found[key.column].label(f"key_{key.column}") for key in order]
        lines = statement.with_only_columns(
            line(names, columns, form).label("line"), *beside, *keys
        )
        if beside or not all(map(is_exact_in_json, keys)):
            return _LinesQuery(lines, len(beside))
        return _LinesQuery(together(lines), None)

    def _rows_after(self, start: Place, size: int) -> Sequence[Row]:
        """Return the values of so many rows."""
        return self._rows(start, size, {})[0]

    def _rows(self, start: Place, size: int, known: Statements) -> tuple[Sequence[Row], Place]:
        with self.database.read() as transaction:
            return read_batch(transaction, self.listing, self.query, self.at, start, size, known)

    def _rows_of_keys(self, listing: ResourceList, keys: str) -> Sequence[Row]:
        """Return the values of rows by their keys."""
        with self.database.read() as transaction:
            statement = rows_of_keys(transaction, listing, self.query, self.at)
            found = fetch(transaction.connection, statement, {GIVEN: keys})
        width = len(shown_columns(listing, self.query))
        return [row[:width] for row in found]
