"""Reading resources: a page, one row, every version of it, or all of a result in batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, runtime_checkable

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func

from app.kit.errors import Fault, NotAllowed
from app.kit.filters import Filterable, conditions
from app.kit.paging import Cursor, not_made_here
from app.kit.sorting import SortKey, after, total_order
from app.kit.tables import Column, columns_of, kind_of
from app.resources.queries import PAGE_SIZE, ListQuery, PageQuery
from app.resources.resource import Resource
from app.storage.database import ReadTransaction, Revision
from app.storage.fetching import fetch
from app.storage.snapshots import current_rows

Item = dict[str, Any]
Row = Sequence[Any]
Statements = dict[tuple[bool, tuple[bool, ...] | None], Select[Any]]
"""Queries that serve again: by whether the newest data are read, and after which values."""


KEY: Final = "id"
"""What tells the rows of a resource apart."""

_LONG: Final = 200
"""Characters of a sort value that a cursor does not hold: three times as many fit any address."""


class Selectable(Filterable, Protocol):
    """Rows that can be filtered and selected from."""

    def select(self, names: Sequence[str]) -> Select[Any]:
        """Return a query for these columns of the rows."""


class Listing(Protocol):
    """Anything that can be listed: rows at a revision, in a total order, in named columns."""

    @property
    def name(self) -> str:
        """What tells this list from others, in cursors."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it can show."""

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """The sort words and the columns they stand for."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows apart, `-` for descending: they end every order."""

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the rows as they stood at a revision."""


@runtime_checkable
class Completing(Protocol):
    """A list whose items are not whole as they are selected."""

    def complete(self, transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the items with what can only be looked up for a whole batch."""


@runtime_checkable
class Stretched(Protocol):
    """A list that can say by which parts it is read best."""

    def stretches(
        self,
        transaction: ReadTransaction,
        query: PageQuery,
        at: Revision,
        start: tuple[Any, ...] | None,
        size: int,
    ) -> Iterator[tuple[Selectable, Sequence[str]]]:
        """Yield the rows after `start` in parts, in order, and the columns to sort each by."""


@runtime_checkable
class WorkedOut(Protocol):
    """A list whose rows are worked out each time that some are read."""

    @property
    def is_read_whole(self) -> bool:
        """Whether it takes as long to find some of the rows as to find all."""


@runtime_checkable
class Shaped(Protocol):
    """A list that shows other types than its rows have, such as a sentence made of several."""

    shape: type[BaseModel]
    """What an item of it is."""


@dataclass(frozen=True)
class ResourceList:
    """The rows of a resource."""

    resource: Resource

    key = (KEY,)

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.resource.many

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the resource."""
        return self.resource.columns

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """The sort words of the resource."""
        return self.resource.sort_keys

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the rows as they stood at a revision."""
        return transaction.rows(self.resource.ledger, at)


@dataclass(frozen=True)
class Page:
    """A page of a list, the cursor of the next one if there is one, and the total if counted."""

    items: list[Item]
    next_cursor: str | None
    total: int | None


def pinned_revision(transaction: ReadTransaction, listing: Listing, query: PageQuery) -> Revision:
    """Return the revision a list is read at: that of the cursor, of `as_of`, or the newest."""
    try:
        if query.cursor is None:
            return transaction.revision(query.as_of)
    except NotAllowed as error:
        raise Unanswerable("as_of", error) from None
    return transaction.revision(cursor_of(transaction, listing, query).revision)


class Unanswerable(Exception):
    """A parameter that only the data show to be wrong: its name, and why."""

    def __init__(self, name: str, cause: NotAllowed) -> None:
        super().__init__(f"{name} {cause}")
        self.name = name
        self.cause = cause

    @property
    def fault(self) -> Fault:
        """What is wrong, with what is allowed."""
        return Fault(self.name, str(self.cause), self.cause.allowed, self.cause.nearest)


def read_page(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision
) -> Page:
    """Read one page. A cursor goes on at the revision that its first page was read at."""
    limit = query.limit or PAGE_SIZE
    start = cursor_of(transaction, listing, query).values if query.cursor else None
    rows_read, last = read_batch(transaction, listing, query, at, start, limit)
    columns = shown_columns(listing, query)
    items = [dict(zip(columns, row, strict=True)) for row in rows_read]
    cursor = cursor_after(listing, query, at, last) if last else None
    return Page(items, cursor, read_total(transaction, listing, query, at))


def read_total(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision
) -> int | None:
    """Return how many rows a whole result has, None where a query does not ask for it."""
    if query.count != "exact":
        return None
    rows = listing.rows(transaction, at)
    every = rows.select(()).add_columns(func.count()).where(*conditions(query, rows))
    return transaction.connection.scalar(every)


def table_columns(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision
) -> tuple[Column, ...]:
    """Return the columns that an answer shows, with what their types say that they hold.

    The types are those of the shape of a list that has one, else those in the database.
    """
    names = shown_columns(listing, query)
    if isinstance(listing, Shaped):
        kinds = {column.name: column for column in columns_of(listing.shape)}
        return tuple(kinds[name] for name in names)
    rows = listing.rows(transaction, at)
    types = ((name, rows.column(name).type) for name in names)
    return tuple(Column(name, kind_of(type_.python_type)) for name, type_ in types)


def read_one(
    transaction: ReadTransaction, resource: Resource, key: str, at: Revision
) -> Item | None:
    """Read the row of a key as it stood at a revision, None where there was none."""
    rows = transaction.rows(resource.ledger, at)
    query = rows.select(resource.columns).where(rows.column("id") == key)
    row = transaction.connection.execute(query).first()
    return dict(zip(resource.columns, row, strict=True)) if row else None


def shown_columns(listing: Listing, query: PageQuery) -> tuple[str, ...]:
    """Return the columns that an answer shows, in order."""
    chosen = query.fields if isinstance(query, ListQuery) else None
    return tuple(dict.fromkeys(chosen)) if chosen else listing.columns


def read_batch(
    transaction: ReadTransaction,
    listing: Listing,
    query: PageQuery,
    at: Revision,
    start: tuple[Any, ...] | None,
    size: int,
    known: Statements | None = None,
) -> tuple[Sequence[Row], tuple[Any, ...] | None]:
    """Read up to `size` rows after `start`; return them and, if more follow, the last's values."""
    statements: Statements = {} if known is None else known
    if isinstance(listing, Stretched):
        parts = listing.stretches(transaction, query, at, start, size + 1)
        found = _read_parts(transaction, listing, query, parts, size + 1)
    else:
        found = _read_after(transaction, listing, query, at, start, size + 1, statements)
    columns, order = shown_columns(listing, query), order_of(listing, query)
    marks = marks_of(columns, order)
    last = None
    if len(found) > size:
        found.pop()
        named = dict(zip((*columns, *(key.column for key in marks)), found[-1], strict=True))
        last = tuple(named[key.column] for key in order)
    shown: Sequence[Row] = [row[: len(columns)] for row in found] if marks else found
    if isinstance(listing, Completing):
        items = [dict(zip(columns, row, strict=True)) for row in shown]
        shown = [list(item.values()) for item in listing.complete(transaction, items)]
    return shown, last


def _read_after(
    transaction: ReadTransaction,
    listing: Listing,
    query: PageQuery,
    at: Revision,
    start: tuple[Any, ...] | None,
    size: int,
    known: Statements,
) -> list[Row]:
    missing = None if start is None else tuple(value is None for value in start)
    kind = (at == transaction.latest, missing)
    if kind not in known:
        known[kind] = batch_statement(transaction, listing, query, at, missing)
    values = {f"after_{place}": value for place, value in enumerate(start or ())}
    return list(fetch(transaction.connection, known[kind], {**values, "size": size}))


def _read_parts(
    transaction: ReadTransaction,
    listing: Listing,
    query: PageQuery,
    parts: Iterable[tuple[Selectable, Sequence[str]]],
    size: int,
) -> list[Row]:
    columns, order = shown_columns(listing, query), order_of(listing, query)
    found: list[Row] = []
    for rows, sorted_by in parts:
        marks = [_marked(rows, key) for key in marks_of(columns, order)]
        statement = rows.select(columns).add_columns(*marks).where(*conditions(query, rows))
        ordered = statement.order_by(*(rows.column(name) for name in sorted_by))
        found += fetch(transaction.connection, ordered.limit(size - len(found)), {})
        if len(found) == size:
            break
    return found


def batch_statement(
    transaction: ReadTransaction,
    listing: Listing,
    query: PageQuery,
    at: Revision,
    missing: tuple[bool, ...] | None,
) -> Select[Any]:
    """Return the query of `size` rows after those of the values `after_0`, `after_1`, ….

    `missing` says which of these are missing; None is for the first rows.
    """
    rows = listing.rows(transaction, at)
    order = order_of(listing, query)
    statement = selected(rows, listing, query).where(*conditions(query, rows))
    if missing is not None:
        start = [
            None if gone else bindparam(f"after_{place}", type_=rows.column(key.column).type)
            for place, (key, gone) in enumerate(zip(order, missing, strict=True))
        ]
        statement = statement.where(after(order, rows, start))
    ordered = statement.order_by(*(key.ordering(rows) for key in order))
    return ordered.limit(bindparam("size", type_=Integer()))


def selected(rows: Selectable, listing: Listing, query: PageQuery) -> Select[Any]:
    """Return the query of rows with the columns shown, and what they are sorted by beside."""
    columns = shown_columns(listing, query)
    marks = [_marked(rows, key) for key in marks_of(columns, order_of(listing, query))]
    return rows.select(columns).add_columns(*marks)


def columns_by_name(
    statement: Select[Any], listing: Listing, query: PageQuery
) -> dict[str, ColumnElement[Any]]:
    """Return what `selected` selects: the columns shown, and what they are sorted by."""
    names = shown_columns(listing, query)
    marks = [key.column for key in marks_of(names, order_of(listing, query))]
    return dict(zip((*names, *marks), statement.selected_columns, strict=True))


def marks_of(columns: Sequence[str], order: Sequence[SortKey]) -> list[SortKey]:
    """Return the sort keys that are not shown, and are read beside what is."""
    return [key for key in order if key.column not in columns]


def _marked(rows: Selectable, key: SortKey) -> ColumnElement[Any]:
    return rows.column(key.column).label(f"sort_{key.column}")


def order_of(listing: Listing, query: PageQuery) -> tuple[SortKey, ...]:
    """Return the keys that a list is sorted by, in a total order."""
    words = query.sort if isinstance(query, ListQuery) else None
    return total_order(words, listing.sort_keys, listing.key)


def cursor_of(transaction: ReadTransaction, listing: Listing, query: PageQuery) -> Cursor:
    """Return where a list goes on. Raises Unanswerable for what is no cursor of it."""
    order = order_of(listing, query)
    if isinstance(listing, ResourceList):
        types = _types(listing, order)
    else:
        types = _types_of(listing.rows(transaction, transaction.latest), order)
    try:
        cursor = Cursor.decode(query.cursor or "", identity(listing, query), types)
        at = transaction.revision(cursor.revision)
        return cursor if cursor.key is None else _looked_up(cursor, transaction, listing, order, at)
    except NotAllowed as error:
        raise Unanswerable("cursor", error) from None


def _looked_up(
    cursor: Cursor,
    transaction: ReadTransaction,
    listing: Listing,
    order: Sequence[SortKey],
    at: Revision,
) -> Cursor:
    """Return the cursor with the sort values of the row whose key it has. Raises NotAllowed."""
    if not isinstance(listing, ResourceList):
        raise not_made_here()
    rows = listing.rows(transaction, at)
    query = rows.select([key.column for key in order]).where(rows.column(KEY) == cursor.key)
    found = transaction.connection.execute(query).first()
    if found is None:
        raise not_made_here()
    return Cursor(cursor.revision, tuple(found))


def cursor_after(listing: Listing, query: PageQuery, at: Revision, last: tuple[Any, ...]) -> str:
    """Return the cursor of what comes after the row of these sort values."""
    cursor = Cursor(at.id, last)
    if isinstance(listing, ResourceList) and any(
        isinstance(value, str) and len(value) > _LONG for value in last
    ):
        columns = [key.column for key in order_of(listing, query)]
        cursor = Cursor(at.id, (), last[columns.index(KEY)])
    return cursor.encode(identity(listing, query))


@lru_cache(maxsize=256)
def _types(listing: ResourceList, order: tuple[SortKey, ...]) -> tuple[type, ...]:
    return _types_of(current_rows(listing.resource.ledger), order)


def _types_of(rows: Selectable, order: Sequence[SortKey]) -> tuple[type, ...]:
    return tuple(rows.column(key.column).type.python_type for key in order)


def identity(listing: Listing, query: BaseModel) -> str:
    """Return what a cursor is tied to: the list, its filters and its order."""
    shape = query.model_dump_json(exclude={"cursor", "limit", "count", "fields"})
    return f"{listing.name}{shape}"
