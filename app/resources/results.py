"""Whole results: in batches, all at one revision, each in a short snapshot of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select

from app.kit.lines import Form, Lines
from app.resources.queries import PageQuery
from app.resources.reading import (
    Completing,
    Item,
    Listing,
    ResourceList,
    Row,
    Statements,
    batch_statement,
    marks_of,
    order_of,
    read_batch,
    shown_columns,
)
from app.storage.database import Database, ReadTransaction, Revision
from app.storage.fetching import fetch
from app.storage.lines import is_exact_in_json, line, stands_in_line, together

_BATCH = 1_000
_LINES_A_BATCH = 2_000
"""How many lines are asked for at once: to ask costs as much as some hundred of them."""

_LATER_BATCH = 10_000
"""How many rows are read at once of a list whose query is worked out again each time."""

Place = tuple[Any, ...] | None
"""The sort values of the row after which to go on, None for the beginning."""


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


@dataclass(frozen=True)
class _LinesQuery:
    """A query of lines: all joined, or one by one with so many columns beside each."""

    statement: Select[*tuple[Any, ...]]
    beside: int | None
    """How many columns come beside the lines; None where the lines are joined."""

    def fetch(self, transaction: ReadTransaction, start: Place) -> "_Fetched":
        """Return the next lines."""
        values = {f"after_{place}": value for place, value in enumerate(start or ())}
        values |= {"size": _LINES_A_BATCH}
        found = fetch(transaction.connection, self.statement, values)
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
        start: Place = None
        known: Statements = {}
        later = _LATER_BATCH if isinstance(self.listing, Completing) else _BATCH
        while True:
            size = later if start else _BATCH
            with self.database.read() as transaction:
                rows, start = self._rows(transaction, start, size, known)
            yield rows
            self.told(len(rows))
            if start is None:
                return

    def lines(self, form: Form) -> Iterator[Lines] | None:
        """Return the rows as lines, where they are those of a resource."""
        return self._lines(form) if isinstance(self.listing, ResourceList) else None

    def _lines(self, form: Form) -> Iterator[Lines]:
        start: Place = None
        known: dict[tuple[bool, tuple[bool, ...] | None], _LinesQuery] = {}
        while True:
            missing = None if start is None else tuple(value is None for value in start)
            with self.database.read() as transaction:
                kind = (self.at == transaction.latest, missing)
                if kind not in known:
                    known[kind] = self._lines_query(transaction, form, missing)
                found = known[kind].fetch(transaction, start)
            yield Lines(*found[:3], self._plainly(start, found.rows))
            self.told(found.rows)
            if found.rows < _LINES_A_BATCH:
                return
            start = found.last

    def _lines_query(
        self, transaction: ReadTransaction, form: Form, missing: tuple[bool, ...] | None
    ) -> _LinesQuery:
        statement = batch_statement(transaction, self.listing, self.query, self.at, missing)
        names, order = shown_columns(self.listing, self.query), order_of(self.listing, self.query)
        marks = [key.column for key in marks_of(names, order)]
        found = dict(zip((*names, *marks), statement.selected_columns, strict=True))
        columns = [found[name] for name in names]
        beside = [column for column in columns if not stands_in_line(column)]
        keys = [found[key.column].label(f"key_{key.column}") for key in order]
        lines = statement.with_only_columns(
            line(names, columns, form).label("line"), *beside, *keys
        )
        if beside or not all(map(is_exact_in_json, keys)):
            return _LinesQuery(lines, len(beside))
        return _LinesQuery(together(lines), None)

    def _plainly(self, start: Place, size: int) -> Callable[[], Sequence[Row]]:
        """Return what reads the values of the rows of some lines."""

        def read() -> Sequence[Row]:
            with self.database.read() as transaction:
                return self._rows(transaction, start, size, {})[0]

        return read

    def _rows(
        self, transaction: ReadTransaction, start: Place, size: int, known: Statements
    ) -> tuple[Sequence[Row], Place]:
        return read_batch(transaction, self.listing, self.query, self.at, start, size, known)
