"""Whole results: in batches, all at one revision, each in a short snapshot of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
from app.storage.lines import line, stands_in_line

_BATCH = 1_000
_LINES_A_BATCH = 5_000
"""How many lines are asked for at once: to ask costs more than a thousand of them."""

_LINES_A_PART = 1_000
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
        known: Statements = {}
        while True:
            with self.database.read() as transaction:
                found, beside = self._told(transaction, form, start, known)
            following = len(found) > _LINES_A_BATCH
            del found[_LINES_A_BATCH:]
            for first in range(0, len(found) or 1, _LINES_A_PART):
                part = found[first : first + _LINES_A_PART]
                plain = self._plainly(start, len(part))
                values = [[row[place] for row in part] for place in range(1, beside)]
                yield Lines([row[0] for row in part], values, plain)
                self.told(len(part))
                start = tuple(part[-1][beside:]) if part else None
            if not following:
                return

    def _told(
        self, transaction: ReadTransaction, form: Form, start: Place, known: Statements
    ) -> tuple[list[Row], int]:
        """Return rows of a line, what is left out of it, and sort values; where these begin."""
        missing = None if start is None else tuple(value is None for value in start)
        kind = (self.at == transaction.latest, missing)
        if kind not in known:
            plain = batch_statement(transaction, self.listing, self.query, self.at, missing)
            known[kind] = self._in_lines(plain, form)
        statement = known[kind]
        values = {f"after_{place}": value for place, value in enumerate(start or ())}
        size = _LINES_A_BATCH + 1
        found = fetch(transaction.connection, statement, {**values, "size": size})
        keys = len(order_of(self.listing, self.query))
        return list(found), len(statement.selected_columns) - keys

    def _in_lines(self, statement: Select[Any], form: Form) -> Select[Any]:
        names, order = shown_columns(self.listing, self.query), order_of(self.listing, self.query)
        marks = [key.column for key in marks_of(names, order)]
        found = dict(zip((*names, *marks), statement.selected_columns, strict=True))
        columns = [found[name] for name in names]
        return statement.with_only_columns(
            line(names, columns, form),
            *(column for column in columns if not stands_in_line(column)),
            *(found[key.column].label(f"key_{key.column}") for key in order),
        )

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
